"""When the last run of an experiment will have ended, against sums made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from histo_core.config import RunConfig
from histo_core.experiments.remaining import seconds_left
from histo_core.runs.store.records import RunStatus
from histo_core.training.dry_run_config import DryRun
from histo_core.workspace import Workspace


def _run(status: RunStatus, started: float | None = None, ended: float | None = None) -> SimpleNamespace:
    """A run that was started and ended so many seconds ago."""
    moments = [None if ago is None else datetime.now(UTC) - timedelta(seconds=ago) for ago in (started, ended)]
    return SimpleNamespace(status=status, started_at=moments[0], ended_at=moments[1])


def _found(*runs: SimpleNamespace, expected: int, cancelled: bool = False) -> Any:
    experiment = SimpleNamespace(config=RunConfig())
    members = [SimpleNamespace(run=run) for run in runs]
    to_come = sum(run.status.active for run in runs) + (0 if cancelled else expected - len(runs))
    return SimpleNamespace(experiment=experiment, members=members, to_come=to_come, goes_on=to_come > 0)


DONE, GOES, WAITS = RunStatus.SUCCEEDED, RunStatus.RUNNING, RunStatus.QUEUED


@pytest.mark.parametrize(
    ("found", "left"),
    [
        # Finished ones took 100 and 60 s, so 80 s each; one waits, and of the running one 80 - 30 are left.
        (lambda: _found(_run(DONE, 500, 400), _run(DONE, 400, 340), _run(GOES, 30), _run(WAITS), expected=4), 50 + 80),
        # Two at a time, and one more trial that is still to be thought up: (70 + 60 + 80 + 80) / 2.
        (lambda: _found(_run(DONE, 180, 100), _run(GOES, 10), _run(GOES, 20), _run(WAITS), expected=5), 145),
        (lambda: _found(_run(DONE, 180, 100), _run(GOES, 200), expected=2), 0),
        (lambda: _found(_run(DONE, 180, 100), _run(GOES, 10), _run(WAITS), expected=9, cancelled=True), 70 + 80),
        (lambda: _found(_run(DONE, 180, 100), _run(DONE, 180, 100), expected=2), None),
        (lambda: _found(_run(GOES, 10), _run(WAITS), expected=2), None),
    ],
)
def test_finished_runs_say_how_long_the_others_take(
    found: Callable[[], Any], left: float | None, workspace: Workspace
) -> None:
    assert seconds_left(found(), workspace) == (left if left is None else pytest.approx(left, abs=2))


def test_before_the_first_has_finished_a_trial_says_it(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = DryRun(0.5, 64.0, 78, 39.0, 1.0, 400.0, 10**9, "cpu")
    monkeypatch.setattr("histo_core.experiments.remaining.load_estimate", lambda *_: trial)
    assert seconds_left(_found(_run(WAITS), _run(WAITS), expected=2), workspace) == 800
