"""What a backup's archive holds: a tar file whose last member, ``backup.json``, says what the others must hash to."""

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
"""A manifest takes about 150 bytes a file."""


class ArchivedFile(Config):
    """One file of a backup."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class LeftOut(Config):
    """What a backup does not hold: a file or folder below the workspace, how large it is, and why."""

    path: str
    bytes: int = Field(ge=0)
    why: str


class BackupManifest(Config):
    """What a backup holds.

    Attributes:
        home: the workspace that it was made of.
        database: where the rows came from; in the archive they always lie in an SQLite file.
        files: by their paths below the workspace.
    """

    version: Literal[1] = 1
    made_at: datetime
    home: str
    database: Literal["sqlite", "postgresql"]
    files: dict[str, ArchivedFile]
    left_out: tuple[LeftOut, ...]


class ArchiveWriter:
    """Adds files to an archive and remembers what they hash to."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar, self.files = tar, dict[str, ArchivedFile]()

    def add(self, name: str, file: IO[bytes], size: int, modified: float) -> None:
        """Add the first ``size`` bytes of a file; what is appended meanwhile is not part of it.

        Raises:
            OSError: the file is shorter by now, or a disk refuses.
        """
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = size, int(modified), 0o600
        read = _Hashed(file)
        self._tar.addfile(member, read)
        self.files[name] = ArchivedFile(sha256=read.digest.hexdigest(), bytes=size)

    def close(self, **facts: Any) -> BackupManifest:
        """Add the manifest, which is the archive's last member; see `BackupManifest` for its other facts."""
        manifest = BackupManifest(files=self.files, **facts)
        content = manifest.model_dump_json(indent=1).encode()
        member = tarfile.TarInfo(MANIFEST)
        member.size, member.mode = len(content), 0o600
        self._tar.addfile(member, io.BytesIO(content))
        return manifest


class _Hashed(io.RawIOBase):
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block


def open_archive(path: Path, mode: Literal["r:", "w:"]) -> tarfile.TarFile:
    """Open an archive: plain tar, because weights and Parquet do not get smaller."""
    if mode == "r:":
        check_regular(path)
    return tarfile.open(path, mode, format=tarfile.PAX_FORMAT)
