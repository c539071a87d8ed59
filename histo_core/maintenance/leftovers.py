"""Find leftovers of killed processes: temporary files, half removed folders, predictions without facts, stale locks."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

from histo_core.jobs.state import job_folders
from histo_core.locks import is_locked, try_lock
from histo_core.maintenance.finding import Finding
from histo_core.prediction.stored import FACTS, home
from histo_core.runs.store.delete import finish_deletions
from histo_core.workspace import Workspace

_PATTERNS = (".*.part", ".trial.*", ".*.deleted")
BUSY_SECONDS, IDLE_SECONDS = 3600.0, 60.0
"""Age from which a file counts as a leftover, since the last write: while jobs or a supervisor work, and while none
do."""


def check_leftovers(workspace: Workspace, *, mend: bool) -> Iterator[Finding]:
    """Find leftovers that can be removed without loss."""
    before = time.time() - (BUSY_SECONDS if _at_work(workspace) else IDLE_SECONDS)
    for path in _found(workspace):
        if _written_at(path) > before:
            continue
        if mend:
            _remove(path)
        where = str(path.relative_to(workspace.home))
        yield Finding(where, "A process that was killed left it.", mended=mend)
    for mark in workspace.runs.glob("*/deleted"):
        if mend:
            finish_deletions(workspace)
        yield Finding(f"runs/{mark.parent.name}", "Its deletion was broken off.", mended=mend)


def check_locks(workspace: Workspace, *, mend: bool) -> Iterator[Finding]:
    """Find lock files of dead holders, and jobs that count as active although no process works on them.

    The system releases a lock when its holder dies, so none of these locks blocks anything.
    """
    for file in sorted(workspace.locks.glob("*")):
        if not file.is_file() or not file.stat().st_size or is_locked(file):
            continue
        if mend and (lock := try_lock(file)) is not None:
            with lock:
                lock.truncate(0)
        yield Finding(f"locks/{file.name}", "It names a process that does not hold it.", mended=mend)
    for folder in job_folders(workspace):
        written, now = folder.read(), folder.poll()
        if written is None or now is None or written.state == now.state:
            continue
        if mend and (lock := folder.lock()) is not None:
            with lock:
                folder.write(now.model_copy(update={"ended_at": now.ended_at or datetime.now(UTC)}))
        yield Finding(f"jobs/{folder.path.name}", "It counts as active, and its process is gone.", mended=mend)


def is_temporary(name: str) -> bool:
    """Return whether this is the name of a temporary file or folder, which is renamed once it is complete."""
    return any(fnmatch(name, pattern) for pattern in _PATTERNS)


def _found(workspace: Workspace) -> Iterator[Path]:
    for parent, folders, files in os.walk(workspace.home):
        here = Path(parent)
        odd = [name for name in (*folders, *files) if is_temporary(name)]
        if here == workspace.home / "jobs":
            odd += [name for name in folders if name.startswith(".") and name not in odd]
        if here == home(workspace):
            odd += [name for name in folders if not name.startswith(".") and not (here / name / FACTS).is_file()]
        folders[:] = [name for name in folders if name not in odd]
        yield from (here / name for name in sorted(odd))


def _at_work(workspace: Workspace) -> bool:
    locks = [*workspace.locks.glob("*"), *(workspace.home / "jobs").glob("*/lock")]
    return any(is_locked(file) for file in locks if file.is_file())


def _written_at(path: Path) -> float:
    """Return when a file, or the newest file in a folder, was last written."""
    times = [path.lstat().st_mtime]
    if stat.S_ISDIR(path.lstat().st_mode):
        times += [inner.lstat().st_mtime for inner in path.rglob("*")]
    return max(times)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
