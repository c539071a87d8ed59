"""A look through a data set's folder, which may hold anything."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from histo_core.data.base import Problem
from histo_core.data.formats.images import OTHER_SUFFIXES, SUFFIXES
from histo_core.errors import DataNotFoundError

_IGNORED = (".", "__MACOSX")
"""How the names of hidden entries and of archivers' leftovers begin."""

_IMAGES = (*SUFFIXES, *OTHER_SUFFIXES)


class Walk:
    """Lists folders and images; what cannot be used is collected, and the walk goes on.

    Links are followed where they stay inside the root. Entries come sorted by name.

    Attributes:
        root: the data set's own folder, resolved.
        problems: folders that cannot be listed, links that lead out, names that are no text, images of other kinds.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self._noted: set[Problem] = set()
        self._prefix = str(root / "x")[:-1]

    def folders(self, folder: Path) -> list[Path]:
        """The folders directly in a folder.

        Raises:
            DataNotFoundError: the root itself cannot be listed.
        """
        return [Path(entry.path) for entry in self._entries(folder) if entry.is_dir()]

    def images(self, folder: Path, suffixes: tuple[str, ...] = SUFFIXES) -> list[Path]:
        """The image files directly in a folder; see `folders`. Images of other kinds are one problem of the folder."""
        images = self._images(folder)
        others = [entry.name for entry in images if not entry.name.lower().endswith(suffixes)]
        if others:
            kinds = ", ".join(sorted({Path(name).suffix.lower() for name in others}))
            self._note_once(folder, f"holds {_counted(others)} of a kind that is not read here ({kinds})")
        return [Path(entry.path) for entry in images if entry.name.lower().endswith(suffixes)]

    def all_images(self, folder: Path) -> list[Path]:
        """The image files in a folder and in the folders below it; see `images`."""
        found, waiting = [], [folder]
        while waiting:
            folder = waiting.pop()
            found += self.images(folder)
            folders = self.folders(folder)
            links = [below for below in folders if below.is_symlink()]  # they could lead back here, without end
            for link in links:
                self.note(link, "is a link to a folder, and links are followed to files only")
            waiting += [below for below in reversed(folders) if below not in links]
        return found

    def leave_images(self, folder: Path, where: str) -> None:
        """Make one problem of the images that lie directly in a folder where none belong; ``where`` says so."""
        images = self._images(folder)
        if images:
            self._note_once(folder, f"holds {_counted(images)} {where}, not used")

    def place(self, path: Path) -> str:
        """A path below the root as text, with forward slashes; of the root itself its name."""
        if path == self.root:
            return self.root.name
        below = str(path).removeprefix(self._prefix).replace(os.sep, "/")
        return os.fsencode(below).decode("utf-8", "backslashreplace")

    def note(self, path: Path, what: str) -> None:
        """Add a problem of a file or folder; ``what`` is a clause."""
        self.problems.append(Problem(self.place(path), what))

    def _images(self, folder: Path) -> list[os.DirEntry[str]]:
        entries = self._entries(folder)
        return [entry for entry in entries if entry.name.lower().endswith(_IMAGES) and not entry.is_dir()]

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                found = sorted((entry for entry in entries if not entry.name.startswith(_IGNORED)), key=_name)
        except OSError as error:
            if folder == self.root:
                raise DataNotFoundError(
                    f"{folder} cannot be listed ({error.strerror}).",
                    "A readable folder is expected.",
                    "Check the path.",
                ) from None
            self._note_once(folder, f"cannot be listed ({error.strerror})")
            return []
        return [entry for entry in found if self._is_usable(entry)]

    def _is_usable(self, entry: os.DirEntry[str]) -> bool:
        wrong = "" if _is_text(entry.name) else "has a name that is not UTF-8"
        if entry.is_symlink():
            wrong = wrong or self._wrong_link(entry)
        if wrong:
            self._note_once(Path(entry.path), wrong)
        return not wrong

    def _wrong_link(self, entry: os.DirEntry[str]) -> str:
        if not Path(os.path.realpath(entry.path)).is_relative_to(self.root):
            return "is a link that leads out of the data set's folder"
        try:
            entry.is_dir()
        except OSError as error:
            return f"is a link that cannot be followed ({error.strerror})"
        return ""

    def _note_once(self, path: Path, what: str) -> None:
        problem = Problem(self.place(path), what)  # a folder is listed twice where both kinds are asked for
        if problem not in self._noted:
            self._noted.add(problem)
            self.problems.append(problem)


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _counted(images: Sequence[object]) -> str:
    return f"{len(images):,} image{'' if len(images) == 1 else 's'}"


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
