"""A process that is suspended in the middle of a write stops nobody for long."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from waiting import wait_until

from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.runs.worker.suspended import lock_holders_woken, wake_lock_holders

PROJECT = Path(__file__).resolve().parents[3]
WRITER = """
import sys, time
from histo_core.runs.store.database import open_database
from histo_core.workspace import Workspace
database = open_database(Workspace.default())
with database.write():
    print("holds", flush=True)
    time.sleep(float(sys.argv[1]))
print("done", flush=True)
time.sleep(600)
"""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells who holds a lock")


def _suspended_writer(seconds: float, said: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(seconds)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(PROJECT)})
    assert writer.stdout is not None
    while writer.stdout.readline().strip() != said:
        pass
    os.kill(writer.pid, signal.SIGSTOP)
    wait_until(lambda: psutil.Process(writer.pid).status() == psutil.STATUS_STOPPED)
    return writer


def _end(writer: subprocess.Popen[str]) -> None:
    writer.kill()
    writer.communicate()


def test_one_that_holds_the_database_is_woken_and_others_can_write(store: Store, enqueue) -> None:
    writer = _suspended_writer(0.1, "holds")
    identity = ProcessIdentity.of(writer.pid)
    assert identity is not None
    with lock_holders_woken(lambda: [identity]):
        enqueue()
    assert len(store.runs()) == 1
    _end(writer)


def test_one_that_holds_nothing_stays_suspended(store: Store) -> None:
    writer = _suspended_writer(0.0, "done")
    identity = ProcessIdentity.of(writer.pid)
    assert identity is not None
    assert wake_lock_holders([identity]) == []
    assert psutil.Process(writer.pid).status() == psutil.STATUS_STOPPED
    _end(writer)


def test_one_that_was_not_suspended_is_left_alone(store: Store) -> None:
    assert wake_lock_holders([ProcessIdentity.current()]) == []
