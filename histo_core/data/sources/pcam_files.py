"""Where PCam's files lie: as published, or unpacked into the workspace."""

from __future__ import annotations

import hashlib
from pathlib import Path

from histo_core.data.base import PARTS
from histo_core.data.formats.gzip_file import unpack_gzip
from histo_core.errors import CorruptDataError, DataError, UnsafeFileError
from histo_core.files import read_json, write_json
from histo_core.progress import Progress, silent
from histo_core.workspace import Workspace

_MAX_BYTES = {"x.h5": 8 << 30, "y.h5": 256 << 20, "meta.csv": 256 << 20}
"""Of unpacked files: the largest as published take 7.2 GB (262,144 patches), 0.3 MB and 20 MB."""
_FOLDER, _SOURCE = "pcam", "source.json"


def pcam_file(part: str, what: str) -> str:
    """The published name of a part's file: ``what`` is ``x.h5``, ``y.h5`` or ``meta.csv``."""
    return f"camelyonpatch_level_2_split_{part}_{what}"


def unpack_all(root: Path, workspace: Workspace, progress: Progress = silent) -> list[tuple[str, DataError]]:
    """Unpack what is there in packed form (``.gz``) only; what was unpacked before stays.

    It does not stop at a file that is damaged.

    Args:
        root: PCam's folder.
        workspace: keeps the unpacked files.
        progress: told (packed bytes read, packed bytes in all), first before anything is read.

    Returns:
        The part of each file that cannot be unpacked, and why.

    Raises:
        DataError: the workspace cannot be written to.
        CancelledError: as the progress asked.
    """
    packed = [
        (part, what, gz)
        for part in PARTS
        for what in _MAX_BYTES
        if (gz := _packed(root, part, what, workspace)) is not None and not _unpacked(gz, workspace).exists()
    ]
    broken: list[tuple[str, DataError]] = []
    before, total = 0, sum(gz.stat().st_size for *_, gz in packed)
    if packed:
        progress(0, total)
    for part, what, gz in packed:
        try:
            unpack_gzip(
                gz,
                _unpacked(gz, workspace),
                lambda done, _, before=before: progress(before + done, total),
                max_bytes=_MAX_BYTES[what],
            )
            write_json(_unpacked(gz, workspace).with_name(_SOURCE), {"source": str(gz)})
        except (CorruptDataError, UnsafeFileError) as error:
            broken.append((part, error))
        before += gz.stat().st_size
    return broken


def find_file(root: Path, part: str, what: str, workspace: Workspace) -> Path | None:
    """A part's file, unpacked, or None where it is not there in either form.

    Raises:
        PathNotAllowedError: it is a link that leads out of the allowed folders.
    """
    plain = root / pcam_file(part, what)
    if plain.exists() or plain.is_symlink():
        return workspace.allowed(plain)
    gz = _packed(root, part, what, workspace)
    return None if gz is None else _unpacked(gz, workspace)


def unpacked_folders(workspace: Workspace) -> dict[Path, tuple[str, bool]]:
    """The folders of unpacked files, each with the packed file's path and whether it is still as it was then."""
    found = {}
    for record in sorted((workspace.data / _FOLDER).glob(f"*/{_SOURCE}")):
        gz = Path(read_json(record)["source"])
        found[record.parent] = str(gz), gz.is_file() and _unpacked(gz, workspace).parent == record.parent
    return found


def _packed(root: Path, part: str, what: str, workspace: Workspace) -> Path | None:
    """The packed file where the plain one is not there."""
    plain = root / pcam_file(part, what)
    gz = plain.with_name(f"{plain.name}.gz")
    return workspace.allowed(gz) if gz.exists() and not plain.exists() else None


def _unpacked(gz: Path, workspace: Workspace) -> Path:
    """Where a packed file is unpacked to; another size or time is another file."""
    stat = gz.stat()
    key = hashlib.sha256(f"{gz}\0{stat.st_size}\0{stat.st_mtime_ns}".encode()).hexdigest()[:16]
    return workspace.data / _FOLDER / key / gz.with_suffix("").name
