"""Recognise which kind of data set a folder holds, by the names in it, before anything is opened."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from histo_core.config import DataConfig
from histo_core.data.dataset import DATASETS
from histo_core.data.formats.folder_look import SECONDS, FolderLook, head_of_table
from histo_core.shown_text import count
from histo_core.workspace import Workspace

_MOST_BELOW = 20
"""Folders below that are tried, where the folder itself is none of a data set's own."""
_TABLES, _KINDS, _LONGEST_SUFFIX = 3, 5, 12
_ARCHIVES = re.compile(r"\.(zip|tar|tgz|tar\.gz|7z|rar)$", re.IGNORECASE)


@dataclass(frozen=True)
class Candidate:
    """A data set that a folder looks like.

    Attributes:
        dataset: its registered name.
        title: its title, or that of a published set in this layout.
        root: the folder to open: the one that was asked about, or one below it.
        options: options that its defaults do not fit.
        evidence: what was found, as clauses that quote names of files.
        missing: what is not there and is needed to open it, as a clause; empty where all is there.
        specific: whether names of files or classes are its own; False where the layout alone fits.
    """

    dataset: str
    title: str
    root: Path
    options: Mapping[str, Any]
    evidence: tuple[str, ...]
    missing: str = ""
    specific: bool = True

    @property
    def config(self) -> DataConfig:
        """The configuration that opens it."""
        return DataConfig(dataset=self.dataset, root=str(self.root), options=dict(self.options))

    def __str__(self) -> str:
        lacks = f" Missing: {self.missing}." if self.missing else ""
        head = f"This looks like {self.title}." if self.specific else f"The layout fits: {self.title}."
        return f"{head} Found: {'; '.join(self.evidence)}.{lacks}"


@dataclass(frozen=True)
class Recognition:
    """The data sets and layouts that fit a folder.

    Attributes:
        folder: the folder, resolved.
        candidates: the likeliest first; none where no kind of data set lies so.
        found: what lies in the folder, in a sentence.
        whole: False where a limit ended the look, so that signs may have been missed.
    """

    folder: Path
    candidates: tuple[Candidate, ...]
    found: str
    whole: bool

    @property
    def sentences(self) -> tuple[str, ...]:
        """Say what was recognised; where nothing fits, what was found and which layouts are known."""
        if not self.candidates:
            hurried = "" if self.whole else "Not all names were read: the folder is large, or the disk is slow."
            return tuple(filter(None, ("No known data set lies like this.", self.found, hurried, known_layouts())))
        return tuple(f"{self.place(candidate)}{candidate}" for candidate in self.candidates)

    def place(self, candidate: Candidate) -> str:
        """Return the folder of a candidate below this one, with a colon; empty for this folder itself."""
        below = candidate.root.relative_to(self.folder).as_posix()
        return "" if below == "." else f"{below}: "


def recognise(path: str | Path, workspace: Workspace, *, seconds: float = SECONDS) -> Recognition:
    """Say which data set a folder looks like, by names of files and folders and the column names of tables.

    It lists a limited number of folders and names, for a limited time, and follows no link. No image is opened.

    Args:
        path: a folder; of a file its folder is looked at.
        workspace: says which folders may be read.
        seconds: after which no further folder is listed.

    Raises:
        PathNotAllowedError, DataNotFoundError: as `Workspace.allowed`.
    """
    folder = workspace.allowed(path)
    look = FolderLook(folder if folder.is_dir() else folder.parent, seconds)
    candidates = _candidates(look)
    if not any(candidate.specific for candidate in candidates):
        below = [found for each in look.folders(look.root)[:_MOST_BELOW] for found in _candidates(look.below(each))]
        if not candidates or any(candidate.specific for candidate in below):
            candidates = sorted(below, key=lambda candidate: not candidate.specific)
    return Recognition(look.root, tuple(candidates), _found(look), look.whole)


def known_layouts() -> str:
    """Name the layouts that are known, in a sentence."""
    infos = [kind.info for kind in map(DATASETS.__getitem__, DATASETS) if kind.info.needs_root]
    return "Known layouts: " + " ".join(f"{info.title}: {info.layout}" for info in infos)


def _candidates(look: FolderLook) -> list[Candidate]:
    """Return the data sets that a folder looks like; where names are a data set's own, layouts alone do not count."""
    found = []
    for name, kind in DATASETS.items():
        if signs := kind.signs(look):
            title = signs.called or kind.info.title
            one = Candidate(name, title, look.root, signs.options, signs.evidence, signs.missing, signs.specific)
            found.append(one)
    return [candidate for candidate in found if candidate.specific] or found


def _found(look: FolderLook) -> str:
    """Describe what lies directly in the folder: folders, files by kind, columns of tables, archives, links."""
    names = look.names(look.root)
    kinds = Counter(_kind(name) for name in (*names.images, *names.files))
    parts = [count(len(names.folders), "folder")] if names.folders else []
    parts += [count(number, kind) for kind, number in kinds.most_common(_KINDS)]
    said = f"Found: {'' if names.whole else 'at least '}{', '.join(parts)}." if parts else "The folder is empty."
    for name in [name for name in names.files if name.lower().endswith((".csv", ".parquet"))][:_TABLES]:
        if head := head_of_table(look.root / name):
            said += f" {name} has the columns {', '.join(head[0][:9])}; a table of images needs path and label."
    archives = [name for name in names.files if _ARCHIVES.search(name)]
    if archives:
        said += f" Archives are not read: unpack {archives[0]} first."
    if names.links:
        said += f" {count(names.links, 'link')} {'is' if names.links == 1 else 'are'} not followed."
    return said


def _kind(name: str) -> str:
    suffix = Path(name).suffix.lower()
    return f"{suffix} file" if 1 < len(suffix) <= _LONGEST_SUFFIX else "other file"
