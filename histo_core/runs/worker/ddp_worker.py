"""What the processes of a run do that are not its worker: train along, and write nothing."""

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
"""The variable that names the device of rank 0, which the supervisor may have chosen."""


def ready_file(meeting: Path, rank: int) -> Path:
    """What a process of this machine makes when it has opened the data and comes to meet the others."""
    return meeting.with_name(f"rank-{rank}.ready")


def reason_file(meeting: Path, rank: int) -> Path:
    """Where a process of this machine says in words why it failed."""
    return meeting.with_name(f"rank-{rank}.reason")


def is_follower() -> bool:
    """Whether this process was started as another than the first of a run: by its worker, or by torchrun."""
    started = os.environ.get(MEETING_FILE) or os.environ.get("TORCHELASTIC_RUN_ID")
    return bool(started) and os.environ.get("RANK", "0") != "0"


def follow(run_id: str, workspace: Workspace) -> int:
    """Train a run's network along with its worker; the store is not needed, only the run's folder.

    Args:
        run_id: a run whose configuration lies in its folder.
        workspace: where its folder is, the same for all processes.

    Returns:
        The process's exit code: 0 when training ended, whether all epochs are done or not.

    Raises:
        HistoscopeError: this process cannot train; what it raises ends the others, too.
    """
    meeting, stop = os.environ.get(MEETING_FILE), Event()
    if meeting:
        Thread(target=_end_with_the_worker, name="end with the worker", daemon=True).start()
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda *_: stop.set())
    try:
        _train(run_id, workspace, stop, Path(meeting) if meeting else None)
    except HistoscopeError as error:
        if meeting:
            reason_file(Path(meeting), int(os.environ["RANK"])).write_text(str(error), encoding="utf-8")
        raise
    return 0


def _train(run_id: str, workspace: Workspace, stop: Event, meeting: Path | None) -> None:
    folder = workspace.run_folder(run_id)
    if meeting is None and (folder / "manifest.json").exists():
        return  # under torchrun: the worker finds all done
    config = read_config(folder / "config.yaml", saved=True)
    if config.train.devices == 1:
        raise ConfigError(
            f"Run {run_id} is for one device, and several processes were started.",
            "As many processes as train.devices says.",
            "Start one worker, or launch a run for several devices.",
        )
    # Loaded once it is known when to end, and that there is something to do, because it takes seconds.
    from histo_core.runs.worker.run_data import open_data
    from histo_core.training.distributed.process_group import find_ranks
    from histo_core.training.loop import fit

    given = {"device": os.environ.get(FIRST_DEVICE, config.train.device)}
    config = config.model_copy(update={"train": config.train.model_copy(update=given)})
    dataset, split, workspace = open_data(config, workspace)
    ranks = find_ranks(config.train)
    if meeting is not None:
        ready_file(meeting, ranks.rank).touch()
    for _ in fit(config, dataset, split, folder, should_stop=stop.is_set, workspace=workspace):
        pass  # events are told by rank 0


def _end_with_the_worker() -> None:
    """The worker holds the other end of the input, and tells nothing through it but that it lives."""
    while sys.stdin.buffer.read(1):
        pass
    os._exit(1)
