"""Read a manifest's table file, and find the files that its paths name."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path, PurePosixPath, PureWindowsPath

import pandas as pd

from histo_core.data.formats.csv_table import read_csv, require_columns
from histo_core.data.formats.images import KINDS, SUFFIXES
from histo_core.data.formats.parquet_table import read_parquet
from histo_core.errors import ConfigError, CorruptDataError

_NEEDED = ("path", "label")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def read_manifest(file: Path) -> pd.DataFrame:
    """Read the table of a .csv file (all cells text) or a .parquet file (with the file's types).

    Raises:
        ConfigError: another suffix.
        UnsafeFileError: it is too large.
        CorruptDataError: it cannot be read, has no rows, or lacks path or label.
    """
    if file.suffix.lower() == ".csv":
        table = read_csv(file, _NEEDED, optional=None)
    elif file.suffix.lower() == ".parquet":
        table = read_parquet(file)
        require_columns(table, _NEEDED, file)
    else:
        raise ConfigError(f"file = {file.name!r} is no table.", "A .csv or .parquet file.", "Save it as one of these.")
    if table.empty:
        raise CorruptDataError(f"{file} has no rows.", "At least one is needed.", "Check the file.")
    return table


class NamedFiles:
    """Check of a manifest's paths; each folder is listed only once, however many files it holds.

    Args:
        root: the manifest's folder, resolved; paths are relative to it, and stay inside it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._inside: dict[str, bool] = {}

    def find(self, path: str) -> tuple[str, str]:
        """Find the file that a path names; the path may come from Windows.

        Args:
            path: a cell of the table. If it has backslashes or a drive and does not name a file as it is, it is read
                with forward slashes; if it contains the name of the manifest's folder, only what follows that name
                counts.

        Returns:
            The path with forward slashes, and what is wrong with it as a clause, or "" where the file may be read.
        """
        wrong = self._wrong(path)
        if not wrong or not _is_windows(path):
            return path, wrong
        plain = _without_windows(path, self.root.name)
        if plain is None:
            return path, f"is a path of a Windows computer that does not lead through {self.root.name!r}, this folder"
        other = self._wrong(plain)
        return (path, f"is a path with backslashes, and {plain!r} {other}") if other else (plain, "")

    def wrong(self, path: str) -> str:
        """Describe in a clause what is wrong with a path, or return "" where its file may be read; see `find`."""
        return self.find(path)[1]

    def _wrong(self, path: str) -> str:
        if not path:
            return "has no path"
        named = PurePosixPath(path)
        if named.is_absolute() or ".." in named.parts or "\0" in path:
            return "has a path that leads out of the manifest's folder"
        if not path.lower().endswith(SUFFIXES):
            return f"is no {KINDS} file by its name"
        try:
            mode = os.lstat(self.root / path).st_mode
        except OSError as error:
            return f"has no file ({error.strerror})"
        if not self._is_inside(str(named.parent)) or (stat.S_ISLNK(mode) and not self._leads_inside(path)):
            return "is a link that leads out of the manifest's folder"
        return "" if stat.S_ISREG(mode) or stat.S_ISLNK(mode) else "is no file"

    def _is_inside(self, folder: str) -> bool:
        if folder not in self._inside:
            self._inside[folder] = self._leads_inside(folder)
        return self._inside[folder]

    def _leads_inside(self, path: str) -> bool:
        return Path(os.path.realpath(self.root / path)).is_relative_to(self.root)


def _is_windows(path: str) -> bool:
    return "\\" in path or _DRIVE.match(path) is not None


def _without_windows(path: str, folder: str) -> str | None:
    """Return a path with forward slashes; of an absolute one what follows the folder's name, or None without it."""
    windows = PureWindowsPath(path)
    if not windows.anchor:
        return windows.as_posix()
    places = [place for place, part in enumerate(windows.parts[:-1]) if part.casefold() == folder.casefold()]
    return "/".join(windows.parts[places[-1] + 1 :]) if places else None
