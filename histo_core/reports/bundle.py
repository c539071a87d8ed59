"""A report's files together: in a folder, or as one zip."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from histo_core.files import write_atomically


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder, each whole or not at all, in their order."""
    for name, content in files.items():
        write_atomically(folder / name, content)


def zipped(files: Mapping[str, bytes], folder: str) -> bytes:
    """Files as a zip that unpacks into one folder; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(f"{folder}/{name}")
            entry.external_attr = 0o644 << 16  # a bare ZipInfo unpacks into a file that nobody may read
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
