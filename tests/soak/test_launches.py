"""Many launches at the same moment, in a workspace that is not there yet: exactly one run each, and none is refused."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from forking import run_program
from launching import Launches

from histo_core.runs.worker.command import child_environment
from histo_core.workspace import Workspace


def _launched(folder: Path, launches: int, rounds: int) -> dict[str, Launches]:
    environment = {**child_environment(Workspace.default()), "OMP_NUM_THREADS": "1"}
    said = run_program("launching.py", folder, launches, rounds, environment=environment)
    return {kind: Launches(**found) for kind, found in json.loads(said.splitlines()[-1]).items()}


def _check(done: Launches, runs_a_round: int) -> None:
    assert done.refused == []
    assert set(done.runs) == set(done.told) == {runs_a_round}
    assert set(done.supervisors) == {1}


def test_launches_at_once_in_a_new_workspace_give_one_run_each(workspace: Workspace, tmp_path: Path) -> None:
    done = _launched(tmp_path, 12, 1)
    _check(done["same"], 1)
    _check(done["different"], 12)


@pytest.mark.soak
def test_fifty_launches_at_once_twenty_times_give_one_run_each(workspace: Workspace, tmp_path: Path) -> None:
    """Identical ones are one run, which all of them are told of; different ones are a run each."""
    begun = time.monotonic()
    done = _launched(tmp_path, 50, 20)
    for kind, runs in (("same", 1), ("different", 50)):
        found = done[kind]
        good = sum(count == runs for count in found.runs)
        print(
            f"{found.asked} launches, {kind}, 50 at once: {len(found.refused)} refused; exactly {runs} run(s) in "
            f"{good} of {len(found.runs)} workspaces; slowest launch {found.slowest:.1f} s"
        )
    print(f"{time.monotonic() - begun:.0f} s")
    _check(done["same"], 1)
    _check(done["different"], 50)
