"""What a page or a command does to runs: launch, cancel, resume. None of it waits for training."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError

from histo_core.access import LOCAL, User, authorise
from histo_core.config import RunConfig
from histo_core.errors import RunError
from histo_core.runs.delete import finish_deletions
from histo_core.runs.edit import checked_name, checked_note, checked_priority, checked_tags
from histo_core.runs.folder import write_config
from histo_core.runs.processes import start_detached
from histo_core.runs.records import Run
from histo_core.runs.store import Store
from histo_core.runs.supervisor import child_environment, supervisor_identity
from histo_core.workspace import Workspace

START_SECONDS = 30.0

log = logging.getLogger(__name__)


def launch(
    config: RunConfig,
    workspace: Workspace,
    *,
    user: User = LOCAL,
    name: str = "",
    priority: int = 0,
    tags: Sequence[str] = (),
    note: str = "",
    start_supervisor: bool = True,
    warn: Callable[[str], object] = log.warning,
) -> Run:
    """Queue a run, or give the active one of the same configuration and data.

    Bad input is refused here and not an hour later: the data set is opened and hashed, the split is made, and the
    network is built once.

    Args:
        config: the run; a relative data folder is made absolute, because the worker runs in another folder.
        workspace: where to queue it.
        user: who asks.
        name: how to show it; the model's title when empty.
        priority: of waiting runs, those with a higher one are started first; -1000 to 1000.
        tags: to find it by.
        note: to remember by; any number of lines.
        start_supervisor: False leaves the run waiting until a supervisor or worker is started by other means, perhaps
            on another machine, so that the devices here do not matter.
        warn: told in words what is allowed and loses something, such as a size at which a symmetry is not exact.

    Raises:
        PermissionDeniedError: the user may not launch runs.
        ConfigError, DataError, CheckpointError: the configuration cannot be run, or its name, priority, tags or note
            are not allowed; nothing was queued.
        StoreError: the store cannot be written.
    """
    label = _Label(name, priority, tuple(tags), note)
    return _launch([config], workspace, user, [label], warn, start_supervisor=start_supervisor)[0]


def launch_many(
    configs: Sequence[RunConfig],
    workspace: Workspace,
    *,
    user: User = LOCAL,
    names: Sequence[str] = (),
    priority: int = 0,
    tags: Sequence[str] = (),
    note: str = "",
    warn: Callable[[str], object] = log.warning,
) -> list[Run]:
    """Queue several runs in order: all of them, or none when one cannot be run. See `launch`."""
    labels = [_Label(name, priority, tuple(tags), note) for name in names or [""] * len(configs)]
    return _launch(configs, workspace, user, labels, warn, start_supervisor=True)


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
    """Queue a failed, cancelled or lost run again; it goes on from its last checkpoint.

    Raises:
        PermissionDeniedError: the user may not resume runs.
        RunError: the run is unknown, active or has succeeded.
    """
    authorise(user, "run.resume", run_id)
    run = Store.open(workspace).requeue(run_id)
    ensure_supervisor(workspace)
    return run


def supervisor_alive(workspace: Workspace) -> int | None:
    """The process id of the living supervisor, or None."""
    identity = supervisor_identity(workspace)
    return None if identity is None else identity.pid


def keep_supervised(workspace: Workspace) -> None:
    """Start a supervisor when runs are active and none lives, as after the machine was switched off and on again.

    It finds the dead workers' runs and marks them as lost, and goes on with those that wait.

    Raises:
        RunError: it does not start.
    """
    if supervisor_alive(workspace) is None and Store.open(workspace).any_active():
        ensure_supervisor(workspace)


def ensure_supervisor(workspace: Workspace) -> int:
    """The process id of the living supervisor; one is started, detached, when there is none.

    Of two that are started at once, one gets the lock and the other leaves.

    Raises:
        RunError: it does not start.
    """
    if (pid := supervisor_alive(workspace)) is not None:
        return pid
    log = workspace.logs / "supervisor.log"
    try:
        workspace.home.mkdir(parents=True, exist_ok=True)
        start_detached(
            [sys.executable, "-m", "histo_core", "supervise"],
            log=log,
            folder=workspace.home,
            environment=child_environment(workspace),
        )
    except (OSError, CalledProcessError) as error:
        raise _no_supervisor(str(error), log) from None
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if (pid := supervisor_alive(workspace)) is not None:
            return pid
        time.sleep(0.05)
    raise _no_supervisor(f"it did not come up within {START_SECONDS:.0f} s", log)


@dataclass(frozen=True)
class _Label:
    """What is written on a run at its launch; see `launch`."""

    name: str
    priority: int
    tags: tuple[str, ...]
    note: str

    def checked(self) -> _Label:
        """The same as the store may keep it."""
        name = checked_name(self.name) if self.name else ""
        return _Label(name, checked_priority(self.priority), checked_tags(self.tags), checked_note(self.note))


def _launch(
    configs: Sequence[RunConfig],
    workspace: Workspace,
    user: User,
    labels: Sequence[_Label],
    warn: Callable[[str], object],
    *,
    start_supervisor: bool,
) -> list[Run]:
    # Loaded when something is launched only: PyTorch takes seconds, and most pages and commands do without.
    from histo_core.runs.check import check

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
            test_fingerprint=one.test_fingerprint,
        )
        for one, label in zip(checked, labels, strict=True)
    ]
    for run in runs:
        with suppress(OSError):  # a full disk; the worker writes it as well, and says what is wrong
            write_config(run, workspace)
    if start_supervisor:
        ensure_supervisor(workspace)
    return runs


def _no_supervisor(why: str, log: Path) -> RunError:
    return RunError(
        f"The supervisor, which starts runs, is not there: {why}.",
        "It is started by itself.",
        f"Read {log}, or start it in a terminal with `python -m histo_core supervise`.",
    )
