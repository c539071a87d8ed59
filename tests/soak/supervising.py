"""The real supervisor of workers without a network, as a program.

``supervising.py serve waiting`` starts workers that never claim their run, ``supervising.py serve working`` those that
claim it, work for a moment and write their end (``supervising.py work <run> <seconds>``). Each claim is a line in the
workspace's ``claims.txt``.
"""

from __future__ import annotations

import logging
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from histo_core.files import append_line
from histo_core.runs import api
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity, start_detached
from histo_core.runs.worker.supervisor_process import supervise
from histo_core.workspace import Workspace

LONGEST_WORK = 1.0
"""Seconds that a run takes at most."""


def start_these(kind: str) -> None:
    """From now on this process starts supervisors of such workers, where it would start one of real ones."""

    def start(_: Sequence[str], **named: Any) -> None:
        start_detached([sys.executable, str(Path(__file__)), "serve", kind], **named)

    api.start_detached = start


def claims(workspace: Workspace) -> list[str]:
    """The runs that were claimed, in order, each as often as it was."""
    file = workspace.home / "claims.txt"
    return file.read_text().split() if file.exists() else []


def _serve(kind: str) -> None:
    logging.basicConfig(level=logging.INFO)
    commands: dict[str, Callable[[str], Sequence[str]]] = {
        "waiting": lambda _: ["sleep", "600"],
        "working": lambda run_id: [
            *(sys.executable, str(Path(__file__)), "work", run_id, str(random.uniform(0.0, LONGEST_WORK)))
        ],
    }
    supervise(Workspace.default(), command=commands[kind], poll_seconds=0.1)


def _work(run_id: str, seconds: float) -> None:
    workspace, worker = Workspace.default(), ProcessIdentity.current()
    store = Store.open(workspace)
    store.claim(run_id, worker)
    append_line(workspace.home / "claims.txt", run_id)
    time.sleep(seconds)
    store.finish(run_id, worker, RunStatus.SUCCEEDED)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        _serve(sys.argv[2])
    else:
        _work(sys.argv[2], float(sys.argv[3]))
