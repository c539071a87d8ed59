"""Fold batch norm and expose one layer's activations for Grad-CAM."""

from __future__ import annotations

import copy
from threading import Lock

import torch
from torch import nn

from histo_core.models.inference.batch_norm_folding import fold_batch_norm


class GradCamView:
    """Folded copy of a network that is differentiable only after one layer.

    An identity is inserted after the layer. Folding keeps it and folds nothing across it, so it gives the same output
    as the layer in the original network.

    Args:
        model: in evaluation mode; it is not changed.
        layer: one of its modules, whose output is a single tensor.
        dtype: type of weights and sums, as for `histo_core.models.inference.batch_norm_folding.fold_batch_norm`.

    Attributes:
        network: the copy; takes images of ``dtype``.
        layer: the copy's layer whose output is the map: a leaf of the gradients.
        lock: must be held while hooks are on the copy, so that threads do not get each other's maps.
    """

    def __init__(self, model: nn.Module, layer: nn.Module, dtype: torch.dtype = torch.float32) -> None:
        cut, kept = nn.Identity(), nn.Identity()
        cut.register_forward_hook(lambda module, inputs, output: output.detach().requires_grad_())
        # The next layer may overwrite its input, as rectifiers do.
        kept.register_forward_hook(lambda module, inputs, output: output.clone())
        # Only modules are copied here; folding copies the weights.
        watched = copy.deepcopy(model, {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())})
        name = next(name for name, module in model.named_modules() if module is layer)
        watched.set_submodule(name, nn.Sequential(watched.get_submodule(name), cut, kept))
        self.network = fold_batch_norm(watched, dtype).requires_grad_(requires_grad=False)
        self.layer, self.lock = self.network.get_submodule(f"{name}.1"), Lock()
