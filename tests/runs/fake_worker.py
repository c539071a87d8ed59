"""A worker without a network: what it does is the run's name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from histo_core.files import append_line
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.workspace import Workspace


def main(run_id: str) -> None:
    starts = os.environ.get("HISTOSCOPE_TEST_STARTS")
    if starts:
        append_line(Path(starts), f"started {run_id}")
    store, me = Store.open(Workspace.default()), ProcessIdentity.current()
    behaviour = store.get(run_id).name
    if behaviour == "broken":
        sys.exit(3)
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, signal.SIG_IGN if behaviour == "stubborn" else lambda *_: stopped.append(1))
    if behaviour == "stubborn":
        subprocess.Popen(["sleep", "600"])  # a helper of its own, which must not outlive it
    store.claim(run_id, me)
    if starts:
        append_line(Path(starts), f"claimed {run_id}")
    while behaviour != "quick" and not stopped:
        time.sleep(0.02)
    store.finish(run_id, me, RunStatus.CANCELLED if stopped else RunStatus.SUCCEEDED)


if __name__ == "__main__":
    main(sys.argv[1])
