"""Measure what a finished run costs: its parameters, and the time that its training took."""

from __future__ import annotations

from dataclasses import dataclass

from histo_core.errors import HistoscopeError
from histo_core.runs.artifacts.events import read_events
from histo_core.runs.store.records import Run
from histo_core.training.events import EpochDone, Started
from histo_core.workspace import Workspace


@dataclass(frozen=True)
class RunCost:
    """The cost of one run; None where it is not on record.

    Attributes:
        parameters: numbers of its network, without auxiliary classifiers.
        train_seconds: time of all its epochs, each with its validation.
        images_per_second: training patches over that time.
        device: what it was trained on; times on different devices say nothing about the networks.
    """

    parameters: int | None
    train_seconds: float | None
    images_per_second: float | None
    device: str


def run_cost(run: Run, n_classes: int, workspace: Workspace) -> RunCost:
    """Read a run's cost from its configuration and its log of training.

    Args:
        run: a finished run.
        n_classes: how many classes it predicts.
        workspace: holds the run.
    """
    return RunCost(_parameters(run, n_classes), *_times(run, workspace), run.device)


def _parameters(run: Run, n_classes: int) -> int | None:
    from histo_core.models.cost import count, recommended_side  # imported late because PyTorch takes seconds

    try:
        return count(run.config.model, recommended_side(run.config.model.name), n_classes).parameters
    except HistoscopeError:  # a network of a plug-in that is no longer installed
        return None


def _times(run: Run, workspace: Workspace) -> tuple[float | None, float | None]:
    try:
        events = read_events(workspace.run_folder(run.run_id))
    except (OSError, HistoscopeError):
        return None, None
    epochs = [event for event in events if isinstance(event, EpochDone)]
    started = [event for event in events if isinstance(event, Started)]
    seconds = sum(event.seconds for event in epochs)
    if not started or seconds <= 0:
        return None, None
    return seconds, started[0].train_samples * len(epochs) / seconds
