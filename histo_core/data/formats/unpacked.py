"""Look through the extra folders that unpacking creates: a folder named like its file, a folder in a folder."""

from __future__ import annotations

from pathlib import Path

from histo_core.data.formats.walk import Walk

_DEEP = 4
"""Most nested folders; archives of archives have two or three."""


def in_own_folder(path: Path) -> Path:
    """Return the file inside a folder of the same name (``labels.csv/labels.csv``), else the path as it is."""
    inner = path / path.name
    return inner if path.is_dir() and inner.is_file() else path


def in_namesake(walk: Walk, folder: Path) -> Path:
    """Return the innermost of nested folders that have the same name and no images beside it (``train/train``).

    Raises:
        DataNotFoundError: the walk's root cannot be listed.
    """
    for _ in range(_DEEP):
        below = walk.folders(folder)
        if len(below) != 1 or walk.has_images(folder) or below[0].name.casefold() != folder.name.casefold():
            break
        folder = below[0]
    return folder


def only_folder(walk: Walk, folder: Path) -> Path | None:
    """Return the only folder inside a folder; None where there are several, or images beside it.

    Raises:
        DataNotFoundError: the walk's root cannot be listed.
    """
    below = walk.folders(folder)
    return below[0] if len(below) == 1 and not walk.has_images(folder) else None
