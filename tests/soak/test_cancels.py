"""Runs are cancelled at every stage: soon nothing is alive any more, whether their workers listen or not."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from cancelling import BEHAVIOURS, STAGES, Cancels
from forking import run_program

from histo_core.runs.worker.command import child_environment
from histo_core.runs.worker.supervisor_process import GRACE_SECONDS
from histo_core.workspace import Workspace


def _cancelled(folder: Path, cancels: int, grace: float) -> Cancels:
    environment = {**child_environment(Workspace.default()), "OMP_NUM_THREADS": "1"}
    said = run_program("cancelling.py", folder, cancels, grace, environment=environment)
    return Cancels(**json.loads(said.splitlines()[-1]))


def _check(done: Cancels, cancels: int) -> None:
    assert done.alive == []
    assert done.wrong == []
    assert sum(done.counts.values()) == cancels
    assert {name.split(", ")[0] for name in done.counts} == set(STAGES)
    assert {name.split(", ")[1] for name in done.counts} == set(BEHAVIOURS)


def test_cancelled_at_any_stage_a_run_leaves_nothing_alive(workspace: Workspace) -> None:
    _check(_cancelled(workspace.home, 12, 1.0), 12)


@pytest.mark.soak
def test_of_a_hundred_cancelled_runs_nothing_is_alive_after_forty_seconds(workspace: Workspace) -> None:
    begun = time.monotonic()
    done = _cancelled(workspace.home, 100, GRACE_SECONDS)
    slowest = ", ".join(f"{behaviour} {seconds:.1f} s" for behaviour, seconds in done.slowest.items())
    print(
        f"{sum(done.counts.values())} cancels ({done.counts}): {len(done.alive)} with a process alive after 40 s, "
        f"{len(done.wrong)} with a wrong status; slowest: {slowest}; {time.monotonic() - begun:.0f} s"
    )
    _check(done, 100)
