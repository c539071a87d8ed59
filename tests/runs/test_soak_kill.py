"""kill -9 at random moments changes nothing: the script's own check, short and long."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "soak_kill.py"


@pytest.fixture(scope="module")
def soak_kill() -> ModuleType:
    spec = importlib.util.spec_from_file_location("soak_kill", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["soak_kill"] = module  # where its dataclasses look up their annotations
    spec.loader.exec_module(module)
    return module


def test_a_run_killed_twice_ends_as_one_left_in_peace(soak_kill: ModuleType, tmp_path: Path) -> None:
    """Once while training or validating, once while a checkpoint is written."""
    done = soak_kill.soak(tmp_path, kills=2, patches=80, epochs=12, longest_wait=0.3)
    assert done.passed, str(done)
    assert done.kills_in_writes == 1


@pytest.mark.soak
def test_a_run_killed_twenty_times_ends_as_one_left_in_peace(soak_kill: ModuleType, tmp_path: Path) -> None:
    done = soak_kill.soak(tmp_path, kills=20, patches=240, epochs=80)
    print(done)
    assert done.passed, str(done)
