"""A workspace made again from a backup's archive, which may be cut short, damaged or hostile."""

from __future__ import annotations

import hashlib
import os
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from histo_core.access import LOCAL, User, authorise
from histo_core.config import parse_config
from histo_core.disk_errors import advice
from histo_core.errors import ConfigError, CorruptDataError, DataError, DataNotFoundError, UnsafeFileError
from histo_core.files import new_folder
from histo_core.maintenance.archive import (
    MANIFEST,
    MANIFEST_BYTES,
    ArchivedFile,
    BackupManifest,
    open_archive,
)
from histo_core.maintenance.snapshot import need_empty, on_server, read_snapshot
from histo_core.progress import Progress, silent
from histo_core.regular_files import parse_json, read_regular
from histo_core.runs.store.database import open_database
from histo_core.workspace import Workspace

_BLOCK = 1 << 20
_AGAIN = "Copy the archive again, or take another backup."


def restore(archive: Path, folder: Path, *, user: User = LOCAL, progress: Progress = silent) -> BackupManifest:
    """Unpack a backup into a new workspace, whole or not at all.

    Every file is compared with its checksum. With ``HISTOSCOPE_DATABASE_URL`` the rows go into that database, which
    must be empty; else into the workspace's own.

    Args:
        archive: what `histo_core.maintenance.backup.back_up` wrote.
        folder: not there yet, or empty.
        user: who asks.
        progress: told (bytes read, bytes in all).

    Raises:
        PermissionDeniedError: the user may not look after a workspace.
        ConfigError: the folder is not empty.
        DataNotFoundError: there is no such archive.
        CorruptDataError: the archive is cut short or damaged, or no backup.
        UnsafeFileError: a member that is no plain file, or would lie elsewhere.
        StoreError: the database that is named holds rows already, or cannot be written.
        DataError: the folder cannot be written.
    """
    authorise(user, "workspace.keep", str(folder))
    folder = folder.expanduser().absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} is not empty.", "A new or empty folder is expected.", "Name another folder.")
    if not archive.expanduser().is_file():
        raise DataNotFoundError(f"There is no file {archive}.", "A backup's archive is expected.", "Check the path.")
    if on_server():
        with tempfile.TemporaryDirectory() as scratch:  # opening it puts a lock into the workspace
            need_empty(open_database(Workspace(Path(scratch))))
    try:
        with new_folder(folder, first_wins=False) as made:
            manifest = _unpack(archive.expanduser(), made, progress)
            if on_server():
                snapshot = made / Workspace(made).database.name
                read_snapshot(snapshot, Workspace(made))
                snapshot.unlink()
    except tarfile.TarError as error:
        raise CorruptDataError(f"{archive} cannot be read: {error}.", "A whole backup is expected.", _AGAIN) from None
    except OSError as error:
        raise DataError(
            f"{folder} could not be written: {error.strerror or error}.",
            "A disk with room for the backup is needed; nothing was left behind.",
            f"{advice(error)}.",
        ) from error
    return manifest


def _unpack(archive: Path, folder: Path, progress: Progress) -> BackupManifest:
    found: dict[str, ArchivedFile] = {}
    total = archive.stat().st_size
    with open_archive(archive, "r:") as tar:
        for member in tar:
            if MANIFEST in found:
                raise UnsafeFileError(f"{archive} goes on after its manifest.", "Nothing follows it.", _AGAIN)
            name = _safe_name(member, archive)
            if name in found:
                raise UnsafeFileError(f"{archive} holds {name!r} twice.", "Each file once.", _AGAIN)
            found[name] = _write(tar, member, folder / name)
            progress(min(tar.offset, total), total)
    if MANIFEST not in found:
        raise CorruptDataError(f"{archive} is cut short, or no backup.", f"It ends with {MANIFEST}.", _AGAIN)
    del found[MANIFEST]
    manifest = _manifest(folder / MANIFEST, archive)
    _compare(found, manifest.files, archive)
    (folder / MANIFEST).unlink()
    return manifest


def _safe_name(member: tarfile.TarInfo, archive: Path) -> str:
    path = PurePosixPath(member.name)
    plain = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()
    inside = not path.is_absolute() and path.parts and ".." not in path.parts and "\0" not in member.name
    small = member.name != MANIFEST or member.size <= MANIFEST_BYTES
    if not (plain and inside and small and str(path) == member.name):
        raise UnsafeFileError(
            f"{archive} holds {member.name!r}, which is no plain file of a workspace.",
            "Regular files with relative paths, without '..', are expected.",
            "Do not use this archive: Histoscope did not write it so.",
        )
    return member.name


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> ArchivedFile:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    source = tar.extractfile(member)
    if source is None:
        raise tarfile.ReadError(f"{member.name} has no content")
    with source, target.open("xb") as file:
        while block := source.read(_BLOCK):
            file.write(block)
            digest.update(block)
            size += len(block)
    os.utime(target, (member.mtime, member.mtime))
    return ArchivedFile(sha256=digest.hexdigest(), bytes=size)


def _manifest(path: Path, archive: Path) -> BackupManifest:
    try:
        return parse_config(BackupManifest, parse_json(read_regular(path, MANIFEST_BYTES)))
    except (ValueError, RecursionError, ConfigError) as error:
        raise CorruptDataError(f"{MANIFEST} of {archive} cannot be read: {error}", "", _AGAIN) from None


def _compare(found: Mapping[str, ArchivedFile], wanted: Mapping[str, ArchivedFile], archive: Path) -> None:
    odd = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
    if odd:
        raise CorruptDataError(
            f"{len(odd)} files of {archive} are not those that were backed up: {', '.join(odd[:3])}.",
            "Each must be there, with its checksum.",
            _AGAIN,
        )
