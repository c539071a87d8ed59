"""Files in a data set's folder that are not read: counts by kind, with a few names of each."""

from __future__ import annotations

import os
import re
from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from histo_core.data.formats.images import OTHER_SUFFIXES, SUFFIXES
from histo_core.data.formats.system_names import is_system
from histo_core.shown_text import count

SHOWN = 5
"""Names kept of each kind."""

MAX_FILES = 1_000_000
"""Counting stops here; a local disk lists this many in a few seconds."""

IMAGE_SUFFIXES = (*SUFFIXES, *OTHER_SUFFIXES)
LINKS, UNLISTED = "links to folders", "folders that cannot be listed"

_MAX_KINDS = 30
"""Most suffixes that are distinguished: files named ``scan.0001``, ``scan.0002``, ... are one kind."""
_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{0,9}")
_OTHERS = "other files"


@dataclass(frozen=True)
class LeftOutKind:
    """Files of one kind that are not read.

    Attributes:
        what: the kind, as a plural noun: ".txt files", "images".
        count: how many there are.
        names: paths below the data set's folder of the first `SHOWN` files by name; text from the user's disk.
    """

    what: str
    count: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        more = ", ..." if self.count > len(self.names) else ""
        what = self.what if self.count != 1 else re.sub(r"\b(image|file|link|folder)s\b", r"\1", self.what, count=1)
        return f"{self.count:,} {what} ({', '.join(self.names)}{more})"


@dataclass(frozen=True)
class LeftOut:
    """All files of a folder that are not read.

    Attributes:
        kinds: the most frequent kind first.
        whole: False where counting stopped at `MAX_FILES`.
    """

    kinds: tuple[LeftOutKind, ...] = ()
    whole: bool = True

    @property
    def count(self) -> int:
        """Number of files of all kinds."""
        return sum(kind.count for kind in self.kinds)

    @property
    def words(self) -> str:
        """Name the kinds with their counts and names, without a full stop."""
        return "; ".join(map(str, self.kinds))

    def __str__(self) -> str:
        if not self.kinds:
            return "Nothing in the folder is left out."
        few = "" if self.whole else "At least "
        files = f"{count(self.count, 'file')} in the folder {'is' if self.count == 1 else 'are'}"
        return f"{few}{files} not used: {self.words}."


@dataclass
class Tally:
    """Counts of files by kind, with the first few names of each; its size does not grow with the files.

    Attributes:
        images: the noun for images that are not read.
        counts: number of files of each kind.
        names: a few full paths of each kind, sorted.
    """

    images: str = "images"
    counts: dict[str, int] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)

    def kind_of(self, name: str) -> str:
        """Return the kind of a file by its name."""
        lower = name.lower()
        if lower.endswith(IMAGE_SUFFIXES):
            return self.images
        suffix = os.path.splitext(lower)[1]  # noqa: PTH122  (a million names: a Path each would take seconds)
        if not suffix:
            return "files without a suffix"
        return f"{suffix} files" if _SUFFIX.fullmatch(suffix) else _OTHERS

    def add(self, kind: str, path: str) -> None:
        """Count a file."""
        if kind not in self.counts and len(self.counts) >= _MAX_KINDS:
            kind = _OTHERS
        self.counts[kind] = self.counts.get(kind, 0) + 1
        names = self.names.setdefault(kind, [])
        if len(names) < SHOWN or path < names[-1]:
            insort(names, path)
            del names[SHOWN:]

    def take_back(self, kind: str, path: str) -> None:
        """Undo `add` for a file that is read after all."""
        if kind in self.counts:
            self.counts[kind] -= 1
            self.names[kind] = [name for name in self.names[kind] if name != path]

    def copied(self) -> tuple[dict[str, int], dict[str, list[str]]]:
        """Return copies of the counts and names, which may be changed."""
        return dict(self.counts), {kind: [*names] for kind, names in self.names.items()}


@dataclass
class Survey:
    """The files of a folder that a reader uses, and the folders that it has not listed.

    These folders are listed on the first call of `left_out`; opening a data set never calls it.

    Attributes:
        root: the data set's folder, resolved.
        tally: files that the reader has seen and does not use.
        known: paths of the folders that the reader has listed.
        pending: paths of folders in them that it has not listed.
        files: paths of further files that are used: tables, HDF5.
    """

    root: Path
    tally: Tally = field(default_factory=Tally)
    known: frozenset[str] = frozenset()
    pending: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()

    def place(self, path: str) -> str:
        """Return a path relative to the root as text, with forward slashes."""
        below = path.removeprefix(f"{self.root}{os.sep}").replace(os.sep, "/")
        return os.fsencode(below).decode("utf-8", "backslashreplace")

    @cached_property
    def left_out(self) -> LeftOut:
        """Count all files that are not read, listing each folder once; system files are not counted."""
        tally = Tally(self.tally.images, *self.tally.copied())
        for path in self.files:
            if os.path.dirname(path) in self.known:  # noqa: PTH120
                tally.take_back(tally.kind_of(path), path)
        ways = _ways(self.files, str(self.root))
        waiting = [*self.pending, *([] if str(self.root) in self.known else [str(self.root)])]
        left = MAX_FILES
        while waiting and left > 0:
            left -= self._list(waiting.pop(), waiting, tally, ways, left)
        kinds = [
            LeftOutKind(kind, count, tuple(self.place(path) for path in tally.names[kind]))
            for kind, count in tally.counts.items()
            if count
        ]
        return LeftOut(tuple(sorted(kinds, key=lambda kind: (-kind.count, kind.what))), whole=left > 0)

    def _list(self, folder: str, waiting: list[str], tally: Tally, ways: set[str], most: int) -> int:
        """Count one folder's files and note its subfolders; return how many entries were looked at."""
        looked = 0
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    looked += 1
                    if looked > most:
                        break
                    if is_system(entry.name) or entry.path in self.files:
                        continue
                    if not _is_folder(entry):
                        tally.add(tally.kind_of(entry.name), entry.path)
                    elif not entry.is_symlink():
                        if entry.path not in self.known:
                            waiting.append(entry.path)
                    elif entry.path not in ways and os.path.realpath(entry.path) not in self.known:
                        tally.add(LINKS, entry.path)
        except OSError:
            tally.add(UNLISTED, folder)
        return looked


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a circular link, or a folder that may not be read
        return False


def _ways(files: Iterable[str], root: str) -> set[str]:
    """Return the folders below the root that contain some files, directly or further down."""
    found: set[str] = set()
    for path in files:
        folder = os.path.dirname(path)  # noqa: PTH120
        while len(folder) > len(root) and folder not in found:
            found.add(folder)
            folder = os.path.dirname(folder)  # noqa: PTH120
    return found
