"""Many writers at once, killed at random moments: no row that was acknowledged is lost, and none is there twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from forking import run_program
from writing import Writes

from histo_core.runs.worker.command import child_environment
from histo_core.workspace import Workspace


def _written(folder: Path, writers: int, rows: int, pause: float) -> Writes:
    said = run_program("writing.py", folder, writers, rows, pause, environment=child_environment(Workspace.default()))
    return Writes(**json.loads(said.splitlines()[-1]))


def _check(done: Writes, rows: int, kills: int) -> None:
    assert done.failed == []
    assert (done.lost, done.double) == (0, 0)
    assert done.acknowledged == done.rows == rows
    assert done.kills >= kills


def test_rows_of_killed_writers_are_there_once(workspace: Workspace) -> None:
    _check(_written(workspace.home, 4, 60, 0.15), 240, kills=2)


@pytest.mark.soak
def test_sixteen_killed_writers_lose_none_of_sixteen_thousand_rows(workspace: Workspace) -> None:
    done = _written(workspace.home, 16, 1000, 1.0)
    print(
        f"{done.writers} writers, {done.kills} kills: {done.acknowledged} rows acknowledged, {done.rows} there, "
        f"{done.lost} lost, {done.double} double, {len(done.failed)} writers failed; {done.seconds:.0f} s"
    )
    _check(done, 16_000, kills=50)
