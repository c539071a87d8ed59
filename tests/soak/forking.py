"""Processes that start within milliseconds: split off from this one, which has loaded all that they need.

Whoever uses it is a program of its own, which has no threads and has computed nothing before it splits.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any


class Forked:
    """A process that calls a function and ends; as the supervisor knows a `subprocess.Popen`."""

    def __init__(self, call: Callable[[], int], log: Path | None = None) -> None:
        self._code: int | None = None
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _run(call, log)

    def poll(self) -> int | None:
        """The exit code, or the signal's negative number; None while it runs."""
        return self._wait(os.WNOHANG)

    def wait(self) -> int:
        """The same, once it has ended."""
        code = self._wait(0)
        assert code is not None
        return code

    def kill(self) -> None:
        """Kill it with its whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _wait(self, how: int) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, how)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code


def _run(call: Callable[[], int], log: Path | None) -> None:
    code = 1
    try:
        os.setsid()
        for kind in (signal.SIGTERM, signal.SIGINT):
            signal.signal(kind, signal.SIG_DFL)
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            opened = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
            os.dup2(opened, 1)
            os.dup2(opened, 2)
        code = call()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def load_everything() -> None:
    """What a launch, a supervisor and a worker load, so that none of their processes does."""
    import histo_core.runs.preflight
    import histo_core.runs.worker.stages
    import histo_core.runs.worker.supervisor
    from histo_core.data.dataset import DATASETS
    from histo_core.models.registry import MODELS

    assert histo_core.runs.preflight.check
    assert histo_core.runs.worker.supervisor_process.supervise
    assert histo_core.runs.worker.stages.train_and_predict
    len(MODELS)
    len(DATASETS)


def run_program(file: str, *arguments: object, environment: Mapping[str, Any]) -> str:
    """Run one of the programs beside this file in a process of its own; what it printed.

    Raises:
        AssertionError: it failed, with all it said.
    """
    command = [sys.executable, str(Path(__file__).with_name(file)), *map(str, arguments)]
    done = subprocess.run(
        command, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
