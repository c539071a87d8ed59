"""Train in the processes of a run other than its worker (ranks 1, 2, ...); they write no results."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from threading import Event, Thread

from histo_core.config import read_config
from histo_core.errors import ConfigError, HistoscopeError
from histo_core.training.distributed.meeting import MEETING_FILE
from histo_core.workspace import Workspace

FIRST_DEVICE = "HISTOSCOPE_FIRST_DEVICE"
"""The environment variable that names rank 0's device, which the supervisor may have chosen."""


def ready_file(meeting: Path, rank: int) -> Path:
    """Return the file that a process creates when it has opened the data and is ready for the rendezvous."""
    return meeting.with_name(f"rank-{rank}.ready")


def reason_file(meeting: Path, rank: int) -> Path:
    """Return the file in which a process writes why it failed."""
    return meeting.with_name(f"rank-{rank}.reason")


def is_follower() -> bool:
    """Return whether this process is a rank above 0, started by a run's worker or by torchrun."""
    started = os.environ.get(MEETING_FILE) or os.environ.get("TORCHELASTIC_RUN_ID")
    return bool(started) and os.environ.get("RANK", "0") != "0"


def follow(run_id: str, workspace: Workspace) -> int:
    """Train a run's network together with its worker; this needs the run's folder and no store.

    Args:
        run_id: a run whose configuration is in its folder.
        workspace: holds the folder; the same for all processes.

    Returns:
        The process's exit code: 0 when training ended, with or without all epochs done.

    Raises:
        HistoscopeError: this process cannot train; the error ends the others too.
    """
    meeting, stop = os.environ.get(MEETING_FILE), Event()
    if meeting:
        Thread(target=_end_with_the_worker, name="end with the worker", daemon=True).start()
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda *_: stop.set())
    try:
        train_rank(run_id, workspace, stop, Path(meeting) if meeting else None)
    except HistoscopeError as error:
        if meeting:
            reason_file(Path(meeting), int(os.environ["RANK"])).write_text(str(error), encoding="utf-8")
        raise
    return 0


def train_rank(run_id: str, workspace: Workspace, stop: Event, meeting: Path | None) -> None:
    """Train a run's share of each batch; ``meeting`` None means that torchrun started the processes."""
    folder = workspace.run_folder(run_id)
    if meeting is None and (folder / "manifest.json").exists():
        return  # under torchrun: the worker finds everything done
    config = read_config(folder / "config.yaml", saved=True)
    if config.train.devices == 1:
        raise ConfigError(
            f"Run {run_id} is for one device, and several processes were started.",
            "As many processes as train.devices says.",
            "Start one worker, or launch a run for several devices.",
        )
    # Imported late because it takes seconds: first set up the end of this process and check that work is left.
    from histo_core.runs.worker.run_data import open_data
    from histo_core.training.distributed.process_group import find_process_group
    from histo_core.training.loop import fit

    given = {"device": os.environ.get(FIRST_DEVICE, config.train.device)}
    config = config.model_copy(update={"train": config.train.model_copy(update=given)})
    dataset, split, workspace = open_data(config, workspace)
    ranks = find_process_group(config.train)
    if meeting is not None:
        ready_file(meeting, ranks.rank).touch()
    for _ in fit(config, dataset, split, folder, should_stop=stop.is_set, workspace=workspace):
        pass  # rank 0 reports events


def _end_with_the_worker() -> None:
    """End this process when the worker ends: the worker holds the other end of stdin and sends nothing through it."""
    while sys.stdin.buffer.read(1):
        pass
    os._exit(1)
