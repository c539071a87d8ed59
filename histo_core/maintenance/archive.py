"""Write and open a backup's archive: a tar file whose last member, ``backup.json``, holds the others' hashes."""

from __future__ import annotations

import hashlib
import io
import tarfile
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal

from pydantic import Field

from histo_core.config import Config
from histo_core.regular_files import check_regular

MANIFEST = "backup.json"
MANIFEST_BYTES = 256 << 20
"""The largest manifest; it takes about 150 bytes a file."""


class ArchivedFile(Config):
    """One file of a backup."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class LeftOut(Config):
    """A file or folder of the workspace that a backup leaves out: its size, and why."""

    path: str
    bytes: int = Field(ge=0)
    why: str


class BackupManifest(Config):
    """The contents of a backup.

    Attributes:
        home: the workspace that was backed up.
        database: the source of the rows; the archive always holds them in an SQLite file.
        files: by their paths relative to the workspace.
    """

    version: Literal[1] = 1
    made_at: datetime
    home: str
    database: Literal["sqlite", "postgresql"]
    files: dict[str, ArchivedFile]
    left_out: tuple[LeftOut, ...]


class ArchiveWriter:
    """A writer that adds files to an archive and keeps their hashes."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar, self.files = tar, dict[str, ArchivedFile]()

    def add(self, name: str, file: IO[bytes], size: int, modified: float) -> None:
        """Add the first ``size`` bytes of a file; bytes that are appended meanwhile are left out.

        Raises:
            OSError: the file is shorter now, or reading or writing failed.
        """
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = size, int(modified), 0o600
        read = _Hashed(file)
        self._tar.addfile(member, read)
        self.files[name] = ArchivedFile(sha256=read.digest.hexdigest(), bytes=size)

    def close(self, **facts: Any) -> BackupManifest:
        """Add the manifest as the archive's last member; ``facts`` are the other fields of `BackupManifest`."""
        manifest = BackupManifest(files=self.files, **facts)
        content = manifest.model_dump_json(indent=1).encode()
        member = tarfile.TarInfo(MANIFEST)
        member.size, member.mode = len(content), 0o600
        self._tar.addfile(member, io.BytesIO(content))
        return manifest


class _Hashed(io.RawIOBase):
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block


def open_archive(path: Path, mode: Literal["r:", "w:"]) -> tarfile.TarFile:
    """Open an archive: an uncompressed tar, because weights and Parquet cannot be compressed further."""
    if mode == "r:":
        check_regular(path)
    return tarfile.open(path, mode, format=tarfile.PAX_FORMAT)
