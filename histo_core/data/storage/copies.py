"""List the large copies in a workspace, their sources, and whether each is still used.

    <workspace>/data/stores/<state>    pixels, converted (see `histo_core.data.storage.converted`)
                   /pcam/<key>         one unpacked file of PCam

A copy whose source was changed, moved or removed is never used again. It is not removed automatically, because the
source may be on a disk that is only disconnected.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from histo_core.config import DataConfig, parse_config
from histo_core.data.opening import open_dataset
from histo_core.data.sources.pcam_unpacked import unpacked_folders
from histo_core.data.storage.memmap import MemmapPatches
from histo_core.errors import HistoscopeError
from histo_core.locks import is_locked
from histo_core.workspace import Workspace


@dataclass(frozen=True)
class KeptCopy:
    """One copy in a workspace.

    Attributes:
        folder: contains all its files.
        source: its source in words; text from the user's files.
        bytes: the space that removing it frees.
        used: whether opening its source finds it.
    """

    folder: Path
    source: str
    bytes: int
    used: bool


def find_copies(workspace: Workspace) -> tuple[KeptCopy, ...]:
    """Return all copies of a workspace, the largest first; each source is opened to see whether it has changed.

    Raises:
        PathNotAllowedError: ``HISTOSCOPE_DATA_ROOTS`` names no folder, so that every copy would seem unused.
    """
    workspace.data_roots()
    found = [*_stores(workspace), *_unfinished(workspace)]
    found += [_copy(folder, source, used) for folder, (source, used) in unpacked_folders(workspace).items()]
    return tuple(sorted(found, key=lambda copy: copy.bytes, reverse=True))


def remove_unused(workspace: Workspace) -> tuple[KeptCopy, ...]:
    """Remove the copies that are no longer used, and return them."""
    unused = tuple(copy for copy in find_copies(workspace) if not copy.used)
    for copy in unused:
        shutil.rmtree(copy.folder)
    return unused


def _stores(workspace: Workspace) -> Iterator[KeptCopy]:
    for folder in _root(workspace).glob("[!.]*"):
        source, used = "unknown", False
        with suppress(HistoscopeError):  # a damaged copy, or a source that can no longer be opened
            kept = MemmapPatches(folder).source
            if kept is not None:
                data = parse_config(DataConfig, kept)
                source = data.dataset if data.root is None else f"{data.dataset} ({data.root})"
                # Its folder was allowed when the copy was made, whatever this process's own settings are.
                allowed = workspace if data.root is None else replace(workspace, extra_roots=(Path(data.root),))
                used = open_dataset(data, allowed).pixels_state == folder.name
        yield _copy(folder, source, used)


def _unfinished(workspace: Workspace) -> Iterator[KeptCopy]:
    """Yield what killed conversions left behind, and conversions that are running."""
    for folder in _root(workspace).glob(".*.part"):
        state = folder.name.split(".")[1]
        yield _copy(folder, "a conversion that has not ended", is_locked(workspace.locks / f"convert-{state}"))


def _root(workspace: Workspace) -> Path:
    return workspace.data / "stores"


def _copy(folder: Path, source: str, used: bool) -> KeptCopy:
    return KeptCopy(folder, source, sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()), used)
