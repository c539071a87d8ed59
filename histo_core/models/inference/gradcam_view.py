"""A network, made fast, whose map at one layer can be differentiated by."""

from __future__ import annotations

import copy
from threading import Lock

import torch
from torch import nn

from histo_core.models.inference.batch_norm_folding import fold_batch_norm


class GradCamView:
    """A folded copy of a network that is cut at one layer: only what comes after it can be differentiated.

    The layer is followed by an identity, which survives the folding although what stands around it is taken apart, and
    which gives what the layer gave in the network as it was: nothing is folded across it.

    Args:
        model: in evaluation mode; it is left as it is.
        layer: one of its modules, whose output is a single tensor.
        dtype: of weights and sums, as of `histo_core.models.inference.batch_norm_folding.fold_batch_norm`.

    Attributes:
        network: the copy; takes images of ``dtype``.
        layer: of the copy, whose output is the map: a leaf that gradients lead to.
        lock: to be held while hooks are on the copy, so that no other thread's map is taken for one's own.
    """

    def __init__(self, model: nn.Module, layer: nn.Module, dtype: torch.dtype = torch.float32) -> None:
        cut, kept = nn.Identity(), nn.Identity()
        cut.register_forward_hook(lambda module, inputs, output: output.detach().requires_grad_())
        # What follows may write over its input, as rectifiers do.
        kept.register_forward_hook(lambda module, inputs, output: output.clone())
        # Only modules are copied here; the engine copies the weights.
        watched = copy.deepcopy(model, {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())})
        name = next(name for name, module in model.named_modules() if module is layer)
        watched.set_submodule(name, nn.Sequential(watched.get_submodule(name), cut, kept))
        self.network = fold_batch_norm(watched, dtype).requires_grad_(requires_grad=False)
        self.layer, self.lock = self.network.get_submodule(f"{name}.1"), Lock()
