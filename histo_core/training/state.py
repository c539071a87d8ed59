"""All that training goes on from, as named tensors: weights, their average, optimiser, scaler, random generators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from histo_core.models.weights.header import assign
from histo_core.training.distributed.process_group import ProcessGroup

_GetAndSet = tuple[Callable[[], Tensor], Callable[[Tensor], None]]
_MODEL, _AVERAGE, _OPTIMIZER, _SCALER, _RANDOM = "model.", "average.", "optimizer.", "scaler.", "random."


@dataclass(frozen=True, eq=False)
class TrainingState:
    """What changes while training; gradients aside, which no state is taken between.

    Attributes:
        model: on its device.
        optimizer: over the model's parameters.
        device: of training.
        average: the averaged network, where there is one.
        scaler: of losses, where the precision needs one.
        ranks: who this process is, where several share the run; all that they do not hold alike are generators.
    """

    model: nn.Module
    optimizer: Optimizer
    device: torch.device
    average: nn.Module | None = None
    scaler: GradScaler | None = None
    ranks: ProcessGroup | None = None

    def capture(self) -> dict[str, Tensor]:
        """Name every tensor; they are the live ones, so write them before the next step. All processes must ask."""
        tensors = _named(_MODEL, self.model.state_dict())
        if self.average is not None:
            tensors |= _named(_AVERAGE, self.average.state_dict())
        for index, values in self.optimizer.state_dict()["state"].items():
            tensors |= _named(f"{_OPTIMIZER}{index}.", values)
        if self.scaler is not None:
            # Numbers; in double precision each comes back as it was.
            values = {key: torch.tensor(value, dtype=torch.float64) for key, value in self.scaler.state_dict().items()}
            tensors |= _named(_SCALER, values)
        for name, (get, _) in _generators(self.device).items():
            for rank, state in enumerate(self._ranks.rows(get())):
                tensors[_RANDOM + _of_rank(name, rank)] = state
        return tensors

    def restore(self, tensors: Mapping[str, Tensor], source: object) -> None:
        """Put a captured state back.

        Args:
            tensors: of `capture`. A generator that they lack, as after a change of devices, keeps its seed.
            source: where they come from, for the message.

        Raises:
            CheckpointError: the tensors do not fit the model.
        """
        assign(self.model, _below(_MODEL, tensors), source)
        if self.average is not None:
            assign(self.average, _below(_AVERAGE, tensors), source)
        self._restore_optimizer(_below(_OPTIMIZER, tensors))
        if self.scaler is not None:
            saved = _below(_SCALER, tensors)
            own = self.scaler.state_dict()
            self.scaler.load_state_dict({key: type(value)(saved[key].item()) for key, value in own.items()})
        saved = _below(_RANDOM, tensors)
        for name, (_, put) in _generators(self.device).items():
            own = _of_rank(name, self._ranks.rank)
            if own in saved:
                put(saved[own])

    @property
    def _ranks(self) -> ProcessGroup:
        return self.ranks or ProcessGroup(self.device)

    def _restore_optimizer(self, tensors: Mapping[str, Tensor]) -> None:
        parameters = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            index, key = name.split(".", 1)
            like = parameters[int(index)]
            # A fused optimiser walks through memory, so its averages must lie as their parameter does.
            state.setdefault(int(index), {})[key] = (
                torch.empty_like(like, requires_grad=False).copy_(value) if value.shape == like.shape else value
            )
        self.optimizer.load_state_dict({"state": state, "param_groups": self.optimizer.state_dict()["param_groups"]})


def _named(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}{name}": tensor for name, tensor in tensors.items()}


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _of_rank(name: str, rank: int) -> str:
    return name if rank == 0 else f"{name}.{rank}"


def _generators(device: torch.device) -> dict[str, _GetAndSet]:
    """How to read and set each generator that training on this device draws from."""
    generators: dict[str, _GetAndSet] = {"cpu": (torch.get_rng_state, torch.set_rng_state)}
    if device.type == "cuda":
        generators["cuda"] = (
            lambda: torch.cuda.get_rng_state(device),
            lambda state: torch.cuda.set_rng_state(state, device),
        )
    elif device.type == "mps":
        generators["mps"] = (torch.mps.get_rng_state, torch.mps.set_rng_state)
    return generators
