"""A network, made fast, that also gives the map of one of its layers."""

from __future__ import annotations

import copy
import threading
from typing import Any

import torch
from torch import Tensor, nn

from histo_core.models.engine import engine


class Mapped:
    """A folded copy of a network, watched at one layer; threads may use it at the same time.

    The layer is followed by an identity, which survives the folding although what stands around it is taken apart, and
    which gives what the layer gave in the network as it was: nothing is folded across it.

    Args:
        model: in evaluation mode; it is left as it is.
        layer: one of its modules, whose output is a single tensor.
        dtype: of weights and sums, as of `histo_core.models.engine.engine`.
    """

    def __init__(self, model: nn.Module, layer: nn.Module, dtype: torch.dtype = torch.float32) -> None:
        self._dtype, self._here = dtype, threading.local()
        here, identity = self._here, nn.Identity()

        def keep(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
            del module, inputs
            here.map = output.detach().requires_grad_()
            return here.map.clone()  # which a rectifier behind it may write over

        identity.register_forward_hook(keep)
        # Only modules are copied here; the engine copies the weights.
        watched = copy.deepcopy(model, {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())})
        name = next(name for name, module in model.named_modules() if module is layer)
        watched.set_submodule(name, nn.Sequential(watched.get_submodule(name), identity))
        self._network = engine(watched, dtype).requires_grad_(requires_grad=False)

    def __call__(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [n, k] and the layer's map [n, channels, h, w] that they can be differentiated by, both of ``dtype``.

        Gradients must be on. Nothing before the map is differentiable, which saves its share of time and memory.
        """
        logits = self._network(pixels.to(self._dtype))
        return logits, self._here.__dict__.pop("map")
