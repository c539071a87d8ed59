"""Walk a data folder that may hold anything."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from histo_core.data.dataset import Problem
from histo_core.data.formats.images import SUFFIXES
from histo_core.data.formats.left_out import IMAGE_SUFFIXES, LINKS, Survey, Tally
from histo_core.data.formats.system_names import is_system
from histo_core.errors import DataNotFoundError
from histo_core.shown_text import count


class _Listing(NamedTuple):
    """Sorted names in one folder without system files; files of other kinds are only counted."""

    folders: list[str]
    images: list[str]


class Walk:
    """Lister of folders and images; what cannot be used is collected as a problem, and the walk goes on.

    Links are followed if they stay inside the root. Entries are sorted by name. Each folder is listed only once, and
    its other files are counted at the same time.

    Attributes:
        root: the data set's own folder, resolved.
        problems: folders that cannot be listed, links that lead out, names that are not text, images of other kinds.
        tally: files other than images in the folders that were listed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.tally = Tally()
        self._noted: set[Problem] = set()
        self._prefix = str(root / "x")[:-1]
        self._listings: dict[str, _Listing] = {}
        self._asked: set[str] = set()
        """Folders whose images were requested: each of those images is used, or is a problem."""

    def folders(self, folder: Path) -> list[Path]:
        """Return the folders directly in a folder.

        Raises:
            DataNotFoundError: the root itself cannot be listed.
        """
        return [folder / name for name in self._listing(folder).folders]

    def images(self, folder: Path, suffixes: tuple[str, ...] = SUFFIXES) -> list[Path]:
        """Return the image files directly in a folder; see `folders`. Images of other kinds become one problem."""
        names = self._images(folder)
        others = [name for name in names if not name.lower().endswith(suffixes)]
        if others:
            kinds = ", ".join(sorted({Path(name).suffix.lower() for name in others}))
            self._note_once(folder, f"holds {count(len(others), 'image')} of a kind that is not read here ({kinds})")
        return [folder / name for name in names if name.lower().endswith(suffixes)]

    def has_images(self, folder: Path) -> bool:
        """Return whether image files lie directly in a folder; they do not count as requested."""
        return bool(self._listing(folder).images)

    def all_images(self, folder: Path) -> list[Path]:
        """Return the image files in a folder and in all folders below it; see `images`."""
        found, waiting = [], [folder]
        while waiting:
            folder = waiting.pop()
            found += self.images(folder)
            folders = self.folders(folder)
            links = [below for below in folders if below.is_symlink()]  # they could lead back here endlessly
            for link in links:
                self.note(link, "is a link to a folder, and links are followed to files only")
            waiting += [below for below in reversed(folders) if below not in links]
        return found

    def leave_images(self, folder: Path, where: str) -> None:
        """Add one problem for images directly in a folder where none belong; ``where`` describes the folder."""
        images = self._images(folder)
        if images:
            self._note_once(folder, f"holds {count(len(images), 'image')} {where}, not used")

    def place(self, path: Path) -> str:
        """Return a path relative to the root as text, with forward slashes; for the root itself its name."""
        if path == self.root:
            return self.root.name
        below = str(path).removeprefix(self._prefix).replace(os.sep, "/")
        return os.fsencode(below).decode("utf-8", "backslashreplace")

    def note(self, path: Path, what: str) -> None:
        """Add a problem with a file or folder; ``what`` is a clause."""
        self.problems.append(Problem(self.place(path), what))

    def survey(self, root: Path | None = None, files: Iterable[Path] = (), images: str = "images") -> Survey:
        """Return which files have been seen and not used so far, and which folders have not been listed.

        Args:
            root: the data set's folder, if this walk covered only a folder below it.
            files: further files that are used.
            images: the noun for images that were not requested.
        """
        tally, pending = Tally(images, *self.tally.copied()), []
        named = {problem.where for problem in self.problems}
        for folder, listing in self._listings.items():
            if folder not in self._asked:
                for name in listing.images:
                    tally.add(images, f"{folder}{os.sep}{name}")
            for path in (f"{folder}{os.sep}{name}" for name in listing.folders):
                if path in self._listings:
                    continue
                if not os.path.islink(path):  # noqa: PTH114
                    pending.append(path)
                elif os.path.realpath(path) not in self._listings and self.place(Path(path)) not in named:
                    tally.add(LINKS, path)
        read = {str(path) for path in files}
        return Survey(
            root or self.root, tally, frozenset(self._listings), tuple(pending), frozenset(read | _real(read))
        )

    def _images(self, folder: Path) -> list[str]:
        self._asked.add(str(folder))
        return self._listing(folder).images

    def _listing(self, folder: Path) -> _Listing:
        found = self._listings.get(str(folder))
        if found is None:
            found = self._listings[str(folder)] = self._listed(folder)
        return found

    def _listed(self, folder: Path) -> _Listing:
        folders: list[str] = []
        images: list[str] = []
        try:
            with os.scandir(folder) as entries:
                # Only usable entries are sorted and kept: a folder may hold a million other files.
                told = [entry for entry in entries if not is_system(entry.name) and not self._counted(entry)]
        except OSError as error:
            if folder == self.root:
                raise DataNotFoundError(
                    f"{folder} cannot be listed ({error.strerror}).",
                    "A readable folder is expected.",
                    "Check the path.",
                ) from None
            self._note_once(folder, f"cannot be listed ({error.strerror})")
            return _Listing([], [])
        for entry in sorted(told, key=_name):
            if not self._is_usable(entry):
                continue
            if entry.is_dir():
                folders.append(entry.name)
            elif entry.name.lower().endswith(IMAGE_SUFFIXES):
                images.append(entry.name)
            else:  # a link to a file
                self.tally.add(self.tally.kind_of(entry.name), entry.path)
        return _Listing(folders, images)

    def _counted(self, entry: os.DirEntry[str]) -> bool:
        """Count a plain file that is not an image and has a readable name; return False for anything else."""
        if entry.is_symlink() or entry.is_dir() or entry.name.lower().endswith(IMAGE_SUFFIXES):
            return False
        if not _is_text(entry.name):
            return False
        self.tally.add(self.tally.kind_of(entry.name), entry.path)
        return True

    def _is_usable(self, entry: os.DirEntry[str]) -> bool:
        wrong = "" if _is_text(entry.name) else "has a name that is not UTF-8"
        if entry.is_symlink():
            wrong = wrong or self._wrong_link(entry)
        if wrong:
            self._note_once(Path(entry.path), wrong)
        return not wrong

    def _wrong_link(self, entry: os.DirEntry[str]) -> str:
        try:
            if not Path(os.path.realpath(entry.path)).is_relative_to(self.root):
                return "is a link that leads out of the data set's folder"
            entry.is_dir()
        except OSError as error:
            return f"is a link that cannot be followed ({error.strerror})"
        return ""

    def _note_once(self, path: Path, what: str) -> None:
        problem = Problem(self.place(path), what)  # a folder is listed twice if both kinds are requested
        if problem not in self._noted:
            self._noted.add(problem)
            self.problems.append(problem)


def _real(files: set[str]) -> set[str]:
    """Return the resolved paths of files behind links to folders."""
    folders = {folder: os.path.realpath(folder) for folder in {os.path.dirname(path) for path in files}}  # noqa: PTH120
    linked = {folder: real for folder, real in folders.items() if real != folder}
    return {
        f"{linked[folder]}{os.sep}{os.path.basename(path)}"  # noqa: PTH119
        for path in files
        if linked and (folder := os.path.dirname(path)) in linked  # noqa: PTH120
    }


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
