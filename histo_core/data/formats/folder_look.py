"""Look into a folder that may hold anything, within limits: names alone are read, and no link is followed."""

from __future__ import annotations

import csv
import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from histo_core.data.formats.images import SUFFIXES
from histo_core.data.formats.parquet_table import MAX_BYTES
from histo_core.data.formats.system_names import is_system
from histo_core.errors import DataNotFoundError
from histo_core.regular_files import open_regular
from histo_core.shown_text import count

SECONDS = 2.0
"""After this time no further folder is listed; a slow disk gives fewer signs, not a page that hangs."""
MOST_FOLDERS = 400
"""Folders that are listed at most."""
MOST_NAMES = 2_000
"""Names that are read of one folder at most; it may hold a million."""
HEAD = 1 << 16
"""Bytes of a table that are read for its column names and first rows."""


@dataclass(frozen=True)
class Signs:
    """The signs by which a kind of data set knows a folder as its own.

    Attributes:
        evidence: what was found, as clauses that quote names of files.
        options: options of the data set that its defaults do not fit.
        called: the name of a published set that lies in a layout that others share; else empty.
        specific: whether only this data set looks so; False for layouts that many folders have.
        missing: what is not there and is needed to open it, as a clause; empty where all is there.
    """

    evidence: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    called: str = ""
    specific: bool = True
    missing: str = ""


@dataclass(frozen=True)
class FolderNames:
    """Sorted names in one folder, without system files and links.

    Attributes:
        folders, images, files: names by kind; images by their suffix, and files are all others.
        links: how many links were passed over.
        whole: False where the folder holds more names than were read.
    """

    folders: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    links: int = 0
    whole: bool = True

    @property
    def images_in_words(self) -> str:
        """Count the images, as "300 images"."""
        return f"{'' if self.whole else 'at least '}{count(len(self.images), 'image')}"


class FolderLook:
    """Lister of a folder and those below it, until a limit of time, folders or names is reached.

    Args:
        root: the folder, resolved.
        seconds: after which no further folder is listed.

    Attributes:
        root: the folder.
        whole: False once anything was left unread because of a limit.
        links: links that were passed over so far.
    """

    def __init__(self, root: Path, seconds: float = SECONDS) -> None:
        self.root = root
        self.whole = True
        self.links = 0
        self._until = time.monotonic() + seconds
        self._known: dict[Path, FolderNames] = {}

    def below(self, folder: Path) -> FolderLook:
        """Return a look at a folder below, which shares this one's limits and what was listed."""
        look = FolderLook(folder)
        look._until, look._known = self._until, self._known
        return look

    def names(self, folder: Path) -> FolderNames:
        """Return the names directly in a folder; none for one that cannot be listed or comes after a limit.

        Raises:
            DataNotFoundError: the root itself cannot be listed.
        """
        if folder not in self._known:
            if len(self._known) >= MOST_FOLDERS or (self._known and time.monotonic() > self._until):
                self.whole = False
                return FolderNames(whole=False)
            self._known[folder] = self._list(folder)
        found = self._known[folder]
        self.whole = self.whole and found.whole
        return found

    def folders(self, folder: Path) -> list[Path]:
        """Return the folders directly in a folder."""
        return [folder / name for name in self.names(folder).folders]

    def wrapped(self, folder: Path | None = None, deep: int = 4) -> Iterator[Path]:
        """Yield a folder, and the folders that unpacking put around its content: each the only one in the former."""
        folder = folder or self.root
        for _ in range(deep):
            yield folder
            names = self.names(folder)
            if len(names.folders) != 1 or names.images:
                return
            folder = folder / names.folders[0]

    def levels(self, deep: int) -> Iterator[Path]:
        """Yield the folder and those below it, level by level."""
        level = [self.root]
        for _ in range(deep):
            yield from level
            level = [below for folder in level for below in self.folders(folder)]

    def first_images(self, folder: Path, deep: int = 9) -> list[Path]:
        """Return the images of the first folder that has any, from ``folder`` downwards."""
        names = self.names(folder)
        if names.images:
            return [folder / name for name in names.images]
        for name in names.folders if deep else ():
            if found := self.first_images(folder / name, deep - 1):
                return found
        return []

    def has_file(self, path: Path) -> bool:
        """Return whether a regular file is there, also one that was not listed; a link is none."""
        try:
            return stat.S_ISREG(os.lstat(path).st_mode)
        except (OSError, ValueError):
            return False

    def file(self, path: Path) -> Path | None:
        """Return a file by its path, or where unpacking put it: in a folder of its own name."""
        return next((each for each in (path, path / path.name) if self.has_file(each)), None)

    def place(self, path: Path) -> str:
        """Return a path below the root as text, with forward slashes."""
        return path.relative_to(self.root).as_posix()

    def _list(self, folder: Path) -> FolderNames:
        folders: list[str] = []
        images: list[str] = []
        files: list[str] = []
        links, read = 0, 0
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    read += 1
                    if read > MOST_NAMES:
                        break
                    if is_system(entry.name) or not _is_text(entry.name):
                        continue
                    if entry.is_symlink():
                        links += 1
                    elif entry.is_dir(follow_symlinks=False):
                        folders.append(entry.name)
                    else:
                        (images if entry.name.lower().endswith(SUFFIXES) else files).append(entry.name)
        except OSError as error:
            if folder == self.root:
                raise DataNotFoundError(
                    f"{folder} cannot be listed ({error.strerror}).",
                    "A readable folder is expected.",
                    "Check the path.",
                ) from None
        self.links += links
        return FolderNames(
            tuple(sorted(folders)), tuple(sorted(images)), tuple(sorted(files)), links, read <= MOST_NAMES
        )


def head_of_table(path: Path) -> list[list[str]]:
    """Return the column names and the first rows of a CSV file, or the column names of a Parquet file.

    Only `HEAD` bytes of a CSV are read, and of Parquet its footer. Empty where it is no such table.
    """
    try:
        if path.suffix.lower() == ".parquet":
            with open_regular(path, MAX_BYTES, follow=False) as file:
                return [list(pq.read_schema(file).names)]
        with open_regular(path, follow=False) as file:
            head = file.read(HEAD + 1)
        rows = [row for row in csv.reader(StringIO(head.decode("utf-8-sig", "replace"), newline=None)) if row]
    except (OSError, ValueError, csv.Error):  # pyarrow's errors are ValueErrors and OSErrors
        return []
    return rows[:-1] if len(head) > HEAD else rows  # the last row may be cut


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
