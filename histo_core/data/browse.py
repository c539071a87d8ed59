"""List the folders that may hold data, one level at a time, within the allowed roots."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from histo_core.data.formats.folder_look import FolderLook
from histo_core.errors import DataNotFoundError, HistoscopeError
from histo_core.shown_text import count
from histo_core.workspace import Workspace


@dataclass(frozen=True)
class Browsed:
    """One level of folders.

    Attributes:
        folder: the folder, resolved; None for the list of allowed roots.
        up: the folder above it, if that may be read; None where the list of roots is above.
        folders: the folders in it, by name.
        note: what else lies there, in a sentence; empty for the list of roots.
    """

    folder: Path | None
    up: Path | None
    folders: tuple[Path, ...]
    note: str = ""


def browse(path: str | Path | None, workspace: Workspace) -> Browsed:
    """List the folders in a folder; links are counted and not listed, because they may lead elsewhere.

    Args:
        path: the folder; of a file, its folder; None for the allowed roots.
        workspace: says which folders may be read.

    Raises:
        PathNotAllowedError, DataNotFoundError: as `Workspace.allowed`; or the folder cannot be listed.
    """
    roots = _roots(workspace)
    if path is None:
        return Browsed(None, None, roots)
    folder = workspace.allowed(path)
    folder = folder if folder.is_dir() else folder.parent
    names = FolderLook(folder).names(folder)
    parts = [count(len(names.folders), "folder")]
    parts += [count(len(names.images), "image")] if names.images else []
    parts += [count(len(names.files), "other file")] if names.files else []
    more = "" if names.whole else "at least "
    links = f" {count(names.links, 'link')} {'is' if names.links == 1 else 'are'} not followed." if names.links else ""
    up = folder.parent if any(folder.parent.is_relative_to(root) for root in workspace.data_roots()) else None
    return Browsed(folder, up, tuple(folder / name for name in names.folders), f"{more}{', '.join(parts)}.{links}")


def nearest(path: str | Path | None, workspace: Workspace) -> Path | None:
    """Return the folder from which to browse for a path that was typed: itself, or the nearest above that is there.

    None, for the list of roots, where no folder above may be read.
    """
    if path is None or not str(path).strip():
        return None
    named = Path(path).expanduser()
    for folder in (named, *named.parents):
        try:
            return browse(folder, workspace).folder
        except DataNotFoundError:
            continue
        except HistoscopeError:
            return None
    return None


def _roots(workspace: Workspace) -> tuple[Path, ...]:
    """Return the allowed roots that are there, each once, and none that lies in another."""
    there = [root for root in workspace.data_roots() if root.is_dir()]
    return tuple(root for root in there if not any(root != other and root.is_relative_to(other) for other in there))
