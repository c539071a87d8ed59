"""Servers and supervisors are killed at random moments: no run is there twice, and each has its right status soon."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from forking import run_program
from supervisor_killing import BOUND_SECONDS, Kills

from histo_core.runs.worker.command import child_environment
from histo_core.workspace import Workspace


def _killed(folder: Path, rounds: int) -> Kills:
    environment = {**child_environment(Workspace.default()), "OMP_NUM_THREADS": "1"}
    said = run_program("supervisor_killing.py", folder, rounds, 0, environment=environment)
    return Kills(**json.loads(said.splitlines()[-1]))


def _check(done: Kills, rounds: int) -> None:
    assert done.servers == rounds
    assert done.supervisors == rounds
    assert done.duplicates == []
    assert done.wrong == []
    assert done.acknowledged_lost == []
    assert done.slowest <= BOUND_SECONDS


def test_killed_servers_and_supervisors_leave_each_run_once(workspace: Workspace) -> None:
    _check(_killed(workspace.home, 3), 3)


@pytest.mark.soak
def test_a_hundred_killed_servers_and_supervisors_leave_each_run_once(workspace: Workspace) -> None:
    begun = time.monotonic()
    done = _killed(workspace.home, 100)
    print(
        f"{done.servers} servers, {done.supervisors} supervisors and {done.workers} workers killed; {done.runs} runs: "
        f"{len(done.duplicates)} twice, {len(done.acknowledged_lost)} acknowledged lost, {len(done.wrong)} with a "
        f"wrong status; right status within {done.slowest:.1f} s; {time.monotonic() - begun:.0f} s"
    )
    _check(done, 100)
