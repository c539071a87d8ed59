"""Starts workers within milliseconds: a process that has loaded everything, and is split in two for each.

Each line it reads is a workspace and a run; it answers with the worker's process id, and with its exit code (the
signal's negative number) once the worker has ended. Nothing is computed before a split, so that no thread is lost.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

from histo_core.runs.worker.command import child_environment
from histo_core.workspace import Workspace


class ForkServer:
    """The server, as whoever starts workers sees it. One worker at a time."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # a line that was read ahead would not be seen by select
            env=child_environment(Workspace.default()) | {"OMP_NUM_THREADS": "1"},
        )
        self._answer()

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.kill()
        self._server.communicate()

    def start(self, run_id: str, workspace: Workspace) -> int:
        """Start a worker; its process id."""
        if self._server.stdin is None:
            raise RuntimeError("The server has no input.")
        self._server.stdin.write(f"{workspace.home}\t{run_id}\n".encode())
        return int(self._answer())

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether that worker has ended; waited for at most so long."""
        return bool(select.select([self._server.stdout], [], [], seconds)[0])

    def wait(self) -> int:
        """The exit code of the worker that was started last, once it has ended."""
        return int(self._answer())

    def _answer(self) -> bytes:
        line = self._server.stdout.readline() if self._server.stdout else b""
        if not line:
            raise RuntimeError("The server that starts workers is gone.")
        return line


def _serve() -> None:
    # What a worker would load once it has claimed its run.
    import histo_core.runs.worker.stages
    from histo_core.models.registry import MODELS

    len(MODELS)
    print("ready", histo_core.runs.worker.stages.__name__, flush=True)
    for line in sys.stdin:
        home, run_id = line.rstrip("\n").split("\t")
        worker = os.fork()
        if worker == 0:
            _work(run_id, Workspace(Path(home)))
        print(worker, flush=True)
        _, status = os.waitpid(worker, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _work(run_id: str, workspace: Workspace) -> None:
    """Be the worker of a run, and end."""
    from histo_core.runs.worker.worker import work

    os.setsid()
    log = os.open(workspace.run_folder(run_id) / "log.txt", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.dup2(log, 1)
    os.dup2(log, 2)
    code = 1
    try:
        code = work(run_id, workspace)
    finally:
        os._exit(code)


if __name__ == "__main__":
    _serve()
