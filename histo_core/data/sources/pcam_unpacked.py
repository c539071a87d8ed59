"""Unpack PCam's compressed files into the workspace."""

from __future__ import annotations

import hashlib
from pathlib import Path

from histo_core.data.formats.gzip_file import unpack_gzip
from histo_core.data.sources.pcam_files import Files, PCamFile
from histo_core.errors import CorruptDataError, DataError, UnsafeFileError
from histo_core.files import read_json, write_json
from histo_core.progress import Progress, silent
from histo_core.workspace import Workspace

_MAX_BYTES = {"x.h5": 8 << 30, "y.h5": 256 << 20, "meta.csv": 256 << 20}
"""Limits for unpacked files; the largest published ones have 7.2 GB (262,144 patches), 0.3 MB and 20 MB."""
_FOLDER, _SOURCE = "pcam", "source.json"


def unpack_all(files: Files, workspace: Workspace, progress: Progress = silent) -> list[tuple[str, DataError]]:
    """Unpack the files that exist only in compressed form (``.gz``); files that were unpacked before stay.

    A damaged file does not stop it.

    Args:
        files: PCam's files.
        workspace: keeps the unpacked files.
        progress: receives (compressed bytes read, total), first before anything is read.

    Returns:
        The set of each file that cannot be unpacked, and the reason.

    Raises:
        DataError: the workspace cannot be written to.
        CancelledError: ``progress`` requested it.
    """
    packed = [file for file in files.values() if file.packed and not _unpacked(file.path, workspace).exists()]
    broken: list[tuple[str, DataError]] = []
    before, total = 0, sum(file.path.stat().st_size for file in packed)
    if packed:
        progress(0, total)
    for split_set, what, gz, *_ in packed:
        try:
            unpack_gzip(
                gz,
                _unpacked(gz, workspace),
                lambda done, _, before=before: progress(before + done, total),
                max_bytes=_MAX_BYTES[what],
            )
            write_json(_unpacked(gz, workspace).with_name(_SOURCE), {"source": str(gz)})
        except (CorruptDataError, UnsafeFileError) as error:
            broken.append((split_set, error))
        before += gz.stat().st_size
    return broken


def plain_path(file: PCamFile, workspace: Workspace) -> Path:
    """Return the path of a plain file: in its own folder, or unpacked in the workspace."""
    return _unpacked(file.path, workspace) if file.packed else file.path


def unpacked_folders(workspace: Workspace) -> dict[Path, tuple[str, bool]]:
    """Return the folders of unpacked files, each with the compressed file's path and whether that is unchanged."""
    found = {}
    for record in sorted((workspace.data / _FOLDER).glob(f"*/{_SOURCE}")):
        gz = Path(read_json(record)["source"])
        found[record.parent] = str(gz), gz.is_file() and _unpacked(gz, workspace).parent == record.parent
    return found


def _unpacked(gz: Path, workspace: Workspace) -> Path:
    """Return where a compressed file is unpacked to; another size or time gives another path."""
    stat = gz.stat()
    key = hashlib.sha256(f"{gz}\0{stat.st_size}\0{stat.st_mtime_ns}".encode()).hexdigest()[:16]
    return workspace.data / _FOLDER / key / gz.with_suffix("").name
