"""Launch, cancel and resume runs from a page or a command. Nothing here waits for training."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError
from typing import Unpack

from histo_core.access import LOCAL, User, authorise
from histo_core.config import RunConfig
from histo_core.errors import RunError
from histo_core.locks import try_lock
from histo_core.program import PROGRAM
from histo_core.runs.artifacts.folder import write_config
from histo_core.runs.labels import RunLabels
from histo_core.runs.store.delete import finish_deletions
from histo_core.runs.store.edit import checked_name, checked_note, checked_priority, checked_tags
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.command import child_environment
from histo_core.runs.worker.process_identity import start_detached
from histo_core.runs.worker.supervisor_process import supervisor_identity
from histo_core.workspace import Workspace

START_SECONDS = 60.0
"""Seconds that a supervisor may take to start; fifty launches at once on two cores needed up to half of that."""
_LOOK_SECONDS = 0.05
_TOO_LATE = f"it did not come up within {START_SECONDS:.0f} s"

log = logging.getLogger(__name__)


def launch(
    config: RunConfig,
    workspace: Workspace | None = None,
    *,
    user: User = LOCAL,
    name: str = "",
    priority: int = 0,
    tags: Sequence[str] = (),
    note: str = "",
    origin: str = "",
    start_supervisor: bool = True,
    warn: Callable[[str], object] = log.warning,
) -> Run:
    """Queue a run, or return the active run of the same configuration and data.

    Bad input is refused here, before the run is queued: the data set is opened and hashed, the split is made, and
    the network is built once.

    Args:
        config: the run; a relative data folder is made absolute, because the worker runs in another folder.
        workspace: where to queue it; None uses the default one.
        user: who launches it.
        name: the displayed name; the model's title when empty.
        priority: waiting runs with a higher priority start first; -1000 to 1000.
        tags: words by which the run can be found.
        note: free text of any number of lines.
        origin: the study's run that it was made from (`histo_core.studies.origin`); not part of the run's hash.
        start_supervisor: False leaves the run waiting until a supervisor or worker is started by other means, perhaps
            on another machine, so that the devices here do not matter.
        warn: called with a sentence for each setting that is allowed but has a drawback, such as a size at which a
            symmetry is not exact.

    Raises:
        PermissionDeniedError: the user may not launch runs.
        ConfigError, DataError, CheckpointError: the configuration cannot be run, or its name, priority, tags or note
            are not allowed; nothing was queued.
        StoreError: the store cannot be written.

    Example:
        The run waits here for a supervisor; without ``start_supervisor=False`` it begins within seconds.

        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from histo_core import RunConfig, Workspace, launch
        >>> config = RunConfig.parse({
        ...     "data": {"dataset": "phantom", "options": {"patches": 80, "patients": 20}},
        ...     "model": {"name": "cnn_narrow"}, "preprocess": {"crop": 32},
        ...     "train": {"epochs": 1, "device": "cpu"},
        ... })
        >>> with TemporaryDirectory() as home:
        ...     run = launch(config, Workspace(Path(home)), name="first try", start_supervisor=False)
        >>> str(run.status), run.name
        ('queued', 'first try')
    """
    workspace = workspace or Workspace.default()
    label = _Label(name, priority, tags, note, origin)
    return _launch([config], workspace, user, [label], warn, start_supervisor=start_supervisor)[0]


def launch_many(
    configs: Sequence[RunConfig],
    workspace: Workspace,
    *,
    user: User = LOCAL,
    names: Sequence[str] = (),
    origins: Sequence[str] = (),
    warn: Callable[[str], object] = log.warning,
    **labels: Unpack[RunLabels],
) -> list[Run]:
    """Queue several runs in order: all of them, or none when one cannot be run. See `launch`."""
    names, origins = names or [""] * len(configs), origins or [""] * len(configs)
    written = [_Label(name, origin=origin, **labels) for name, origin in zip(names, origins, strict=True)]
    return _launch(configs, workspace, user, written, warn, start_supervisor=True)


def cancel(run_id: str, workspace: Workspace, *, user: User = LOCAL) -> Run:
    """Cancel a waiting run at once; ask a running one to stop at the end of its batch, with a checkpoint.

    Raises:
        PermissionDeniedError: the user may not cancel runs.
        RunError: the run is unknown or has ended.
    """
    authorise(user, "run.cancel", run_id)
    run = Store.open(workspace).request_cancel(run_id)
    if run.status.active:
        ensure_supervisor(workspace)
    return run


def resume(run_id: str, workspace: Workspace, *, user: User = LOCAL) -> Run:
    """Queue a failed, cancelled or interrupted run again; it continues from its last checkpoint.

    Raises:
        PermissionDeniedError: the user may not resume runs.
        RunError: the run is unknown, active or has succeeded.
    """
    authorise(user, "run.resume", run_id)
    run = Store.open(workspace).requeue(run_id)
    ensure_supervisor(workspace)
    return run


def supervisor_alive(workspace: Workspace) -> int | None:
    """Return the process id of the live supervisor, or None."""
    identity = supervisor_identity(workspace)
    return None if identity is None else identity.pid


def keep_supervised(workspace: Workspace) -> None:
    """Start a supervisor when runs are active and no supervisor is alive, for example after a reboot.

    The supervisor marks the runs of dead workers as interrupted and starts the waiting ones.

    Raises:
        RunError: the supervisor does not start.
    """
    if supervisor_alive(workspace) is None and Store.open(workspace).any_active():
        ensure_supervisor(workspace)


def ensure_supervisor(workspace: Workspace) -> int:
    """Return the process id of the live supervisor; start one, detached, when there is none.

    When several processes find none at the same time, one of them starts it and the others wait: fifty that start
    together would slow each other down too much.

    Raises:
        RunError: the supervisor does not start.
    """
    deadline = time.monotonic() + START_SECONDS
    while (pid := supervisor_alive(workspace)) is None:
        if (lock := try_lock(workspace.locks / "starting.lock")) is not None:
            with lock:
                return supervisor_alive(workspace) or _started_supervisor(workspace)
        if time.monotonic() > deadline:
            raise _no_supervisor(workspace, _TOO_LATE)
        time.sleep(_LOOK_SECONDS)
    return pid


def spawn_supervisor(workspace: Workspace) -> None:
    """Start a supervisor, detached, without waiting for it; it exits at once when another is alive.

    Raises:
        RunError: the process cannot be started.
    """
    try:
        workspace.home.mkdir(parents=True, exist_ok=True)
        start_detached(
            [sys.executable, "-m", "histo_core", "supervise"],
            log=_supervisor_log(workspace),
            folder=workspace.home,
            environment=child_environment(workspace),
        )
    except (OSError, CalledProcessError) as error:
        raise _no_supervisor(workspace, str(error)) from None


def _started_supervisor(workspace: Workspace) -> int:
    spawn_supervisor(workspace)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if (pid := supervisor_alive(workspace)) is not None:
            return pid
        time.sleep(_LOOK_SECONDS)
    raise _no_supervisor(workspace, _TOO_LATE)


@dataclass(frozen=True)
class _Label:
    """A run's name, priority, tags, note and origin at launch; see `launch`."""

    name: str = ""
    priority: int = 0
    tags: Sequence[str] = ()
    note: str = ""
    origin: str = ""

    def checked(self) -> _Label:
        """Return the label with each field checked and normalised for the store."""
        name = checked_name(self.name) if self.name else ""
        return _Label(
            name, checked_priority(self.priority), checked_tags(self.tags), checked_note(self.note), self.origin
        )


def _launch(
    configs: Sequence[RunConfig],
    workspace: Workspace,
    user: User,
    labels: Sequence[_Label],
    warn: Callable[[str], object],
    *,
    start_supervisor: bool,
) -> list[Run]:
    # Imported only at a launch: PyTorch takes seconds to load, and most pages and commands do not need it.
    from histo_core.runs.preflight import check

    for config, label in zip(configs, labels, strict=True):
        authorise(user, "run.launch", label.name or config.model.name)
    labels = [label.checked() for label in labels]
    checked = check(configs, workspace, here=start_supervisor)
    for note in dict.fromkeys(note for one in checked for note in one.notes):
        warn(note)
    finish_deletions(workspace)
    store = Store.open(workspace)
    runs = [
        store.enqueue(
            one.config,
            data_hash=one.data_hash,
            split_fingerprint=one.split_fingerprint,
            device=one.device,
            name=label.name or one.title,
            user=user,
            priority=label.priority,
            tags=label.tags,
            note=label.note,
            origin=label.origin,
            test_fingerprint=one.test_fingerprint,
        )
        for one, label in zip(checked, labels, strict=True)
    ]
    for run in runs:
        with suppress(OSError):  # a full disk; the worker writes the file too, and reports the error
            write_config(run, workspace)
    if start_supervisor:
        ensure_supervisor(workspace)
    return runs


def _supervisor_log(workspace: Workspace) -> Path:
    return workspace.logs / "supervisor.log"


def _no_supervisor(workspace: Workspace, why: str) -> RunError:
    return RunError(
        f"The supervisor, which starts runs, is not there: {why}.",
        "It is started by itself.",
        f"Read {_supervisor_log(workspace)}, or start it in a terminal with `{PROGRAM} supervise`.",
    )
