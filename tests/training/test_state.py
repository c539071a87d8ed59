from __future__ import annotations

import torch
from torch import nn
from torch.amp.grad_scaler import GradScaler

from histo_core.training.state import TrainingState

CPU = torch.device("cpu")


def state() -> TrainingState:
    model = nn.Linear(2, 2)
    return TrainingState(model, torch.optim.SGD(model.parameters(), 0.1), CPU, None, GradScaler("cpu", init_scale=8.0))


def test_a_scaler_goes_on_with_its_scale() -> None:
    """Halved by a gradient that overflowed, then two good steps on the way to doubling it."""
    before, after = state(), state()
    for gradient in (float("inf"), 1.0, 1.0):
        before.scaler.scale(before.model(torch.ones(1, 2)).sum() * gradient).backward()
        before.scaler.step(before.optimizer)
        before.scaler.update()
        before.optimizer.zero_grad()
    after.restore(before.capture(), "here")
    assert after.scaler.state_dict() == before.scaler.state_dict()
    assert (after.scaler.get_scale(), after.scaler.state_dict()["_growth_tracker"]) == (4.0, 2)
    assert torch.equal(after.model.weight, before.model.weight)
