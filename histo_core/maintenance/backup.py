"""Back up a workspace into one archive while runs go on.

The database is copied first, then the files. So a run that ends meanwhile has all its files and a row in the state
"running"; after a restore it is resumed, finds everything done, and ends. Each run's manifest is copied before the
files that it names. A checkpoint's files are opened together, because the next checkpoint removes them.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from histo_core.access import LOCAL, User, authorise
from histo_core.config import parse_config
from histo_core.disk_errors import advice
from histo_core.errors import ConfigError, DataError, DataNotFoundError, HistoscopeError
from histo_core.files import write_atomically
from histo_core.maintenance.archive import MANIFEST, ArchiveWriter, BackupManifest, LeftOut, open_archive
from histo_core.maintenance.leftovers import is_temporary
from histo_core.maintenance.permissions import everything
from histo_core.maintenance.snapshot import on_server, write_snapshot
from histo_core.models.weights.manifest import Manifest
from histo_core.program import PROGRAM
from histo_core.progress import Progress, silent
from histo_core.regular_files import JSON_BYTES, open_regular, read_regular
from histo_core.storable import storable_text
from histo_core.workspace import Workspace

_TRIES = 20
"""How often to try to open a checkpoint's files before the next checkpoint removes them."""

_MADE_AGAIN = {
    "data": "Data sets that were drawn, fetched, unpacked, converted or looked at; all of it can be made again",
    "weights": "Published weights, which can be fetched again, and those that were put there by hand",
}
_KEPT_OF_DATA = ("splits",)
"""Folders of data to keep: users made the saved splits; everything else can be made again."""


def back_up(workspace: Workspace, target: Path, *, user: User = LOCAL, progress: Progress = silent) -> BackupManifest:
    """Write everything that cannot be made again into one archive, completely or not at all.

    Args:
        workspace: the workspace; runs, jobs and people may continue to use it.
        target: a new file outside the workspace.
        user: who makes the backup.
        progress: called with (bytes read, bytes in total).

    Returns:
        The contents of the archive, and what was left out.

    Raises:
        PermissionDeniedError: the user may not maintain the workspace.
        DataNotFoundError: there is no workspace.
        ConfigError: the file exists already, or would be inside the workspace.
        StoreError: the database cannot be read.
        DataError: the archive could not be written; no partial file stays.
    """
    authorise(user, "workspace.keep", str(workspace.home))
    if not workspace.home.is_dir():
        raise DataNotFoundError(
            f"There is no workspace at {workspace.home}.", "One is expected.", "Check HISTOSCOPE_HOME."
        )
    target = target.expanduser().absolute()
    if target.exists() or target.resolve().is_relative_to(workspace.home):
        raise ConfigError(
            f"{target} {'is there already' if target.exists() else 'lies in the workspace'}.",
            "A new file outside the workspace is expected.",
            "Choose another name.",
        )
    made: list[BackupManifest] = []
    try:
        write_atomically(target, lambda temporary: made.append(_write(workspace, temporary, progress)))
    except OSError as error:
        raise DataError(
            f"The backup could not be written to {target}: {error.strerror or error}.",
            "A disk with room for it is needed; nothing of it was left behind.",
            f"{advice(error)}.",
        ) from error
    return made[0]


def _write(workspace: Workspace, target: Path, progress: Progress) -> BackupManifest:
    home, left_out = workspace.home, list[LeftOut]()
    with tempfile.TemporaryDirectory(prefix="histoscope-backup-") as scratch, open_archive(target, "w:") as tar:
        snapshot = Path(scratch) / "histoscope.sqlite"
        write_snapshot(workspace, snapshot)
        writer = ArchiveWriter(tar)
        with open_regular(snapshot) as file:
            _add(writer, workspace.database.name, file)
        paths = list(_files_to_keep(workspace, left_out))
        total, done = sum(_size(path) for path in paths), 0
        for path in paths:
            if path.name == "checkpoint":
                done += _add_checkpoint(writer, path, home)
            else:
                done += _add_file(writer, path, home)
            progress(min(done, total), total)
        return writer.close(
            made_at=datetime.now(UTC),
            home=str(home),
            database="postgresql" if on_server() else "sqlite",
            left_out=tuple(left_out),
        )


def _files_to_keep(workspace: Workspace, left_out: list[LeftOut]) -> Iterator[Path]:
    """Yield the files to keep, and each run's checkpoint as a whole; record what is left out."""
    home = workspace.home
    for path in sorted(home.iterdir()):
        name = path.name
        if name == "data":
            for below in sorted(path.iterdir()):
                if below.name in _KEPT_OF_DATA:
                    yield from _files(below, left_out, home)
                else:
                    left_out.append(_left_out(below, home, _MADE_AGAIN["data"]))
        elif name in _MADE_AGAIN:
            left_out.append(_left_out(path, home, _MADE_AGAIN[name]))
        elif name == "runs":
            for run in sorted(path.glob("[!.]*")):
                yield from _files_of_run(run, left_out, home)
        elif name.startswith(f"{workspace.database.name}.damaged-"):
            left_out.append(_left_out(path, home, "A damaged database that a check moved aside"))
        elif name == "locks" or name.startswith(workspace.database.name):
            continue  # locks belong to processes; the database was copied
        else:
            yield from _files(path, left_out, home)


def _files_of_run(folder: Path, left_out: list[LeftOut], home: Path) -> Iterator[Path]:
    """Yield a run's files: first the manifest, so that it matches the files that it names; then the checkpoint."""
    if why := _why_not_stored(folder, home):
        left_out.append(_left_out(folder, home, why))
        return
    if (folder / "manifest.json").is_file():
        yield folder / "manifest.json"
    if (folder / "checkpoint").is_dir():
        yield folder / "checkpoint"
    for path in _files(folder, left_out, home):
        if path.relative_to(folder).parts[0] not in ("manifest.json", "checkpoint"):
            yield path


def _files(path: Path, left_out: list[LeftOut], home: Path) -> Iterator[Path]:
    for file in everything(path):
        parts = file.relative_to(home).parts
        try:
            mode = file.lstat().st_mode
        except FileNotFoundError:
            continue
        if stat.S_ISDIR(mode) or any(is_temporary(part) or part.endswith(".work") for part in parts):
            continue
        if why := _why_not_stored(file, home):
            left_out.append(_left_out(file, home, why))
        elif stat.S_ISREG(mode):
            yield file
        else:
            left_out.append(_left_out(file, home, "It is no regular file"))


def _why_not_stored(path: Path, home: Path) -> str:
    """Return why a path cannot be stored in the archive; empty where it can."""
    name = str(path.relative_to(home))
    if name == MANIFEST:
        return "The list of what the archive holds has this name there"
    return "" if name == storable_text(name) else "Its name is not UTF-8"


def _left_out(path: Path, home: Path, why: str) -> LeftOut:
    return LeftOut(path=storable_text(str(path.relative_to(home))), bytes=sum(map(_size, everything(path))), why=why)


def _add_checkpoint(writer: ArchiveWriter, folder: Path, home: Path) -> int:
    """Add a checkpoint's manifest and the files that it names, all from the same moment."""
    for _ in range(_TRIES):
        with ExitStack() as opened:
            try:
                content = read_regular(folder / "manifest.json", JSON_BYTES)
                names = ["manifest.json", *sorted(_named_files(content))]
                files = {name: opened.enter_context(open_regular(folder / name)) for name in names}
                if read_regular(folder / "manifest.json", JSON_BYTES) != content:
                    continue
            except FileNotFoundError:
                if not (folder / "manifest.json").exists():
                    return 0  # no checkpoint was saved yet, or the run was just deleted
                continue
            return sum(_add(writer, str((folder / name).relative_to(home)), file) for name, file in files.items())
    raise DataError(
        f"The checkpoint in {folder} does not hold what its manifest names, or changes too fast to be copied.",
        "A whole checkpoint is expected.",
        f"Run `{PROGRAM} workspace check`, or try again.",
    )


def _named_files(manifest: bytes) -> frozenset[str]:
    """Return the files that a checkpoint's manifest names; none for an unreadable one, as damaged ones are kept too."""
    try:
        return parse_config(Manifest, json.loads(manifest)).files
    except (ValueError, RecursionError, HistoscopeError):
        return frozenset()


def _add_file(writer: ArchiveWriter, path: Path, home: Path) -> int:
    try:
        with open_regular(path) as file:
            return _add(writer, str(path.relative_to(home)), file)
    except FileNotFoundError:  # deleted meanwhile
        return 0


def _add(writer: ArchiveWriter, name: str, file: IO[bytes]) -> int:
    facts = os.fstat(file.fileno())
    writer.add(name, file, facts.st_size, facts.st_mtime)
    return facts.st_size


def _size(path: Path) -> int:
    try:
        facts = path.lstat()
    except FileNotFoundError:
        return 0
    if stat.S_ISDIR(facts.st_mode) and path.name == "checkpoint":
        return sum(_size(file) for file in path.iterdir())
    return facts.st_size if stat.S_ISREG(facts.st_mode) else 0
