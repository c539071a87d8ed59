"""Watch a network's rectifiers while it validates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from histo_core.training.activations import EDGES, EpochActivity, LayerActivity
from histo_core.training.distributed.process_group import ProcessGroup

_RECTIFIERS = frozenset(
    {
        *(F.relu, F.relu_, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_, F.relu6),
        *(F.leaky_relu, F.leaky_relu_, F.rrelu, F.rrelu_, F.prelu, torch.prelu, F.elu, F.elu_, F.selu, F.celu),
        *(F.gelu, F.silu, F.hardswish, F.mish),
    }
)
"""Whose output is above 0 exactly where their input is, and small or 0 elsewhere."""
_UNITS_LAST = frozenset({F.linear, F.layer_norm})
_UNITS_SECOND = frozenset({F.conv2d, torch.conv2d, F.batch_norm, torch.batch_norm, F.group_norm})


@dataclass(eq=False)
class _Layer:
    """What is known of one rectifier so far, on the network's device."""

    active: Tensor
    counts: Tensor
    low: Tensor
    high: Tensor
    sums: Tensor

    @classmethod
    def of(cls, units: int, device: torch.device) -> _Layer:
        return cls(
            active=torch.zeros(units, dtype=torch.bool, device=device),
            counts=torch.zeros(len(EDGES) + 1, dtype=torch.int64, device=device),
            low=torch.full((), torch.inf, device=device),
            high=torch.full((), -torch.inf, device=device),
            sums=torch.zeros(2, dtype=torch.float32 if device.type == "mps" else torch.float64, device=device),
        )


class ActivationRecorder:
    """Counts, for each rectifier of a network, which units are ever active and how its outputs are spread.

    It sees modules (``nn.ReLU``) and functions (``F.relu``) alike. Units lie along the last axis behind a linear layer
    or layer norm, as in transformers, and along the second one otherwise. The network computes what it would compute
    unwatched.

    Args:
        network: that will be watched.
        ranks: who this process is, where several share the batches.
    """

    def __init__(self, network: nn.Module, ranks: ProcessGroup) -> None:
        self._network, self._ranks = network, ranks
        self._edges = torch.tensor(EDGES, device=ranks.device)
        self._layers: dict[str, _Layer] = {}
        self._running: list[str] = []
        self._uses = Counter[str]()
        self._units, self._counting = 1, True

    @contextmanager
    def watching(self, *, counts: bool = True) -> Iterator[None]:
        """Watch one batch. One that does not count, as where a process has no patch of it, shows its layers only."""
        self._counting = counts
        self._uses.clear()
        self._running.clear()
        with ExitStack() as stack:
            for name, module in self._network.named_modules():
                stack.enter_context(_removed(module.register_forward_pre_hook(self._entering(name))))
                stack.enter_context(_removed(module.register_forward_hook(self._left)))
            stack.enter_context(_Mode(self))
            yield

    @torch.inference_mode()  # in which the counts were made
    def result(self, epoch: int) -> EpochActivity:
        """What was seen, of all processes together; each must ask, and each must have watched a batch.

        Args:
            epoch: counted from 0.
        """
        return EpochActivity(epoch, tuple(self._told(name, layer) for name, layer in self._layers.items()))

    def called(self, function: Any, output: Tensor) -> None:
        """Take in what a function of torch gave."""
        if function in _UNITS_LAST:
            self._units = -1
        elif function in _UNITS_SECOND:
            self._units = 1
        elif function in _RECTIFIERS:
            self._note(output)

    def _entering(self, name: str) -> Any:
        return lambda module, inputs: self._running.append(name)

    def _left(self, module: nn.Module, inputs: object, output: object) -> None:
        del module, inputs, output
        self._running.pop()

    def _note(self, output: Tensor) -> None:
        name = (self._running[-1] if self._running else "") or "the network itself"
        self._uses[name] += 1
        name = name if self._uses[name] == 1 else f"{name} #{self._uses[name]}"
        values = output.detach().movedim(self._units if output.ndim > 2 else -1, -1).float()
        values = values.reshape(-1, values.shape[-1])
        layer = self._layers.setdefault(name, _Layer.of(values.shape[1], values.device))
        if not self._counting:
            return
        layer.active |= (values > 0).any(dim=0)
        flat = values.reshape(-1)
        layer.counts += torch.bincount(torch.bucketize(flat, self._edges), minlength=len(EDGES) + 1)
        low, high = torch.aminmax(flat)
        torch.minimum(layer.low, low, out=layer.low)
        torch.maximum(layer.high, high, out=layer.high)
        kind = layer.sums.dtype
        layer.sums += torch.stack([flat.sum(dtype=kind), flat.square().sum(dtype=kind)])

    def _told(self, name: str, layer: _Layer) -> LayerActivity:
        ranks = self._ranks
        active = ranks.total(layer.active.long()) > 0
        extremes = ranks.rows(torch.stack([layer.low, -layer.high])).amin(dim=0)
        total, squares = ranks.total(layer.sums).tolist()
        return LayerActivity(
            layer=name,
            units=len(active),
            never_active=int((~active).sum()),
            low=float(extremes[0]),
            high=-float(extremes[1]),
            total=total,
            squares=squares,
            counts=tuple(ranks.total(layer.counts).tolist()),
        )


class _Mode(TorchFunctionMode):
    """Tells a recorder of each call of torch's functions."""

    def __init__(self, recorder: ActivationRecorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __torch_function__(
        self, func: Any, types: object, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        del types
        output = func(*args, **(kwargs or {}))
        self._recorder.called(func, output)
        return output


@contextmanager
def _removed(handle: Any) -> Iterator[None]:
    """Take a hook off at the end, whatever happened."""
    try:
        yield
    finally:
        handle.remove()
