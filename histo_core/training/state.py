"""All that training goes on from, as named tensors: weights, optimiser and random generators."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from histo_core.models.weights import assign

_GetAndSet = tuple[Callable[[], Tensor], Callable[[Tensor], None]]
_MODEL, _OPTIMIZER, _RANDOM = "model.", "optimizer.", "random."


def capture(model: nn.Module, optimizer: Optimizer, device: torch.device) -> dict[str, Tensor]:
    """Name every tensor of the state; they are the live ones, so write them before the next step."""
    tensors = {f"{_MODEL}{name}": tensor for name, tensor in model.state_dict().items()}
    for index, values in optimizer.state_dict()["state"].items():
        tensors |= {f"{_OPTIMIZER}{index}.{key}": value for key, value in values.items()}
    return tensors | {f"{_RANDOM}{name}": get() for name, (get, _) in _generators(device).items()}


def restore(
    tensors: Mapping[str, Tensor], model: nn.Module, optimizer: Optimizer, device: torch.device, source: object
) -> None:
    """Put a captured state back.

    Args:
        tensors: of `capture`.
        model: of the same architecture, already on its device.
        optimizer: a fresh one over the model's parameters.
        device: of training. A generator that the state lacks, as after a change of device, keeps its seed.
        source: where the state comes from, for the message.

    Raises:
        CheckpointError: the tensors do not fit the model.
    """
    assign(model, _below(_MODEL, tensors), source)
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in _below(_OPTIMIZER, tensors).items():
        index, key = name.split(".", 1)
        like = parameters[int(index)]
        # A fused optimiser walks through memory, so its averages must lie as their parameter does.
        state.setdefault(int(index), {})[key] = (
            torch.empty_like(like, requires_grad=False).copy_(value) if value.shape == like.shape else value
        )
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    saved = _below(_RANDOM, tensors)
    for name, (_, put) in _generators(device).items():
        if name in saved:
            put(saved[name])


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


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
