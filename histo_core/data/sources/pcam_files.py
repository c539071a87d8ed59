"""Find PCam's files: named as published or as on Kaggle, plain or compressed, in any folders."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import h5py

from histo_core.data.formats.system_names import is_system
from histo_core.data.sources.set_names import SETS_BY_NAME, set_named
from histo_core.errors import CorruptDataError, DataError
from histo_core.regular_files import open_regular
from histo_core.workspace import Workspace

_DEEP, _MOST = 5, 1_000
"""How deep, and in how many folders, files are looked for: Kaggle's are in ``Labels/Labels``, and an archive may be
unpacked into a folder of its own name."""

_SPLIT_SET = f"(?P<split_set>{'|'.join(SETS_BY_NAME)})"
_NAMES = (
    re.compile(
        rf"camelyonpatch_level_2_split_{_SPLIT_SET}_(?P<what>x\.h5|y\.h5|meta\.csv)(?P<packed>\.gz)?", re.IGNORECASE
    ),
    re.compile(rf"{_SPLIT_SET}_split\.h5(?P<packed>\.gz)?", re.IGNORECASE),
)
"""The published names, and Kaggle's names of the patches."""
_GZIP = b"\x1f\x8b"


class PCamFile(NamedTuple):
    """One of PCam's files.

    Attributes:
        split_set: train, valid or test.
        what: ``x.h5`` (patches), ``y.h5`` (labels) or ``meta.csv``.
        path: its path, with links resolved.
        packed: whether it is compressed and must be unpacked first.
        entry: the path where it was found, which may be a link.
    """

    split_set: str
    what: str
    path: Path
    packed: bool
    entry: Path


FILE_KINDS = ("x.h5", "y.h5", "meta.csv")
"""Patches, labels, metadata."""

Files = dict[tuple[str, str], PCamFile]
"""By ``split_set`` and ``what``."""


def pcam_file(split_set: str, what: str) -> str:
    """Return the published name of a set's file: ``what`` is ``x.h5``, ``y.h5`` or ``meta.csv``."""
    return f"camelyonpatch_level_2_split_{split_set}_{what}"


def called(name: str) -> tuple[str, str] | None:
    """Return the set and the kind (``x.h5``, ``y.h5``, ``meta.csv``) that a file's name means; None for another."""
    for pattern in _NAMES:
        if match := pattern.fullmatch(name):
            return set_named(match["split_set"]) or "", (match.groupdict().get("what") or "x.h5").lower()
    return None


def find_files(root: Path, workspace: Workspace) -> tuple[Files, list[tuple[str, DataError]]]:
    """Find PCam's files in a folder and in those below it.

    If a file occurs several times, a plain one is preferred to a compressed one, then the one in the upper folder, then
    the one with the published name.

    Args:
        root: PCam's folder.
        workspace: says which folders may be read.

    Returns:
        The files, and the sets for which two files compete, with the reason.

    Raises:
        PathNotAllowedError: a file is a link that leads out of the allowed folders.
    """
    candidates: dict[tuple[str, str], list[tuple[tuple[bool, int, int], PCamFile]]] = {}
    for depth, path in _listed(root):
        called = [(style, match) for style, name in enumerate(_NAMES) if (match := name.fullmatch(path.name))]
        if not called:
            continue
        style, match = called[0]
        what = (match.groupdict().get("what") or "x.h5").lower()
        allowed = workspace.allowed(path)
        packed = match["packed"] is not None and not _is_plain(allowed, what)
        key = set_named(match["split_set"]) or "", what
        candidates.setdefault(key, []).append(((packed, depth, style), PCamFile(*key, allowed, packed, path)))
    files: Files = {}
    broken: list[tuple[str, DataError]] = []
    for (split_set, what), found in candidates.items():
        found.sort(key=lambda candidate: candidate[0])
        first, *others = found
        if others and others[0][0] == first[0]:
            both = f"{first[1].path} and {others[0][1].path} are two files of the set {split_set}."
            broken.append((split_set, CorruptDataError(both, "One is expected.", "Move one of them away.")))
        files[split_set, what] = first[1]
    return files, broken


def _listed(root: Path) -> Iterator[tuple[int, Path]]:
    """Yield the files below a folder with their depth, level by level; links to folders are not followed."""
    level, listed = [root], 0
    for depth in range(_DEEP):
        below: list[Path] = []
        for folder in level[: _MOST - listed]:
            try:
                with os.scandir(folder) as entries:
                    known = sorted((each for each in entries if _matters(each)), key=lambda each: each.name)
            except OSError:
                if depth == 0:
                    raise
                continue  # it is counted as left out
            for entry in known:
                if entry.is_dir(follow_symlinks=False):
                    below.append(Path(entry.path))
                else:
                    yield depth, Path(entry.path)
        listed += len(level)
        level = below


def _matters(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder or may be one of PCam's files; there may be a million others."""
    return not is_system(entry.name) and (
        entry.is_dir(follow_symlinks=False) or any(name.fullmatch(entry.name) for name in _NAMES)
    )


def _is_plain(path: Path, what: str) -> bool:
    """Return whether a file with a ``.gz`` name is plain: browsers unpack while downloading and keep the name."""
    try:
        with open_regular(path) as file:
            packed = file.read(len(_GZIP)) == _GZIP
    except OSError:
        return False
    return not packed and (what == "meta.csv" or bool(h5py.is_hdf5(path)))
