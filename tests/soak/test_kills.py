"""kill -9 at random moments changes nothing and leaves nothing that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from killing import soak

from histo_core.workspace import Workspace


def test_runs_killed_twenty_times_end_as_those_left_in_peace(workspace: Workspace, tmp_path: Path) -> None:
    done = soak(tmp_path, kills=20, in_writes=5)
    assert done.passed, str(done)
    assert done.kills_in_writes >= 5


@pytest.mark.soak
def test_runs_killed_three_hundred_times_end_as_those_left_in_peace(workspace: Workspace, tmp_path: Path) -> None:
    done = soak(tmp_path, kills=300, in_writes=60)
    print(done)
    assert done.passed, str(done)
    assert done.kills_in_writes >= 60
