"""Find files and folders of a workspace that other users may read or change."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from histo_core.maintenance.finding import Finding
from histo_core.private_files import OPEN_TO_OTHERS
from histo_core.workspace import Workspace

_NAMED = 3


def check_permissions(workspace: Workspace, *, mend: bool) -> Iterator[Finding]:
    """Find files and folders that other users can access; symbolic links have no permissions of their own."""
    opened, refused = [], []
    for path in everything(workspace.home):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode) or not mode & OPEN_TO_OTHERS:
            continue
        try:
            if mend:
                path.chmod(stat.S_IMODE(mode) & ~OPEN_TO_OTHERS)
        except OSError as error:
            refused.append(f"{_below(path, workspace)} ({error.strerror})")
        else:
            opened.append(_below(path, workspace))
    if opened:
        yield Finding(_few(opened), f"{len(opened):,} files and folders are open to other users.", mended=mend)
    if refused:
        what = f"{len(refused):,} files and folders are open to other users, and cannot be closed."
        yield Finding(_few(refused), what, "Change their owner to yourself.")


def everything(home: Path) -> Iterator[Path]:
    """Yield a folder and all files and folders in it, without following links."""
    yield home
    for parent, folders, files in os.walk(home):
        yield from (Path(parent) / name for name in sorted((*folders, *files)))


def _below(path: Path, workspace: Workspace) -> str:
    return str(path.relative_to(workspace.home))


def _few(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
