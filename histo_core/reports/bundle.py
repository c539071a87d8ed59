"""Write a report's files into a folder or a zip."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from histo_core.files import write_atomically


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder, each atomically, in the given order."""
    for name, content in files.items():
        write_atomically(folder / name, content)


def zipped(files: Mapping[str, bytes], folder: str) -> bytes:
    """Return files as a zip that unpacks into one folder; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(f"{folder}/{name}")
            entry.external_attr = 0o644 << 16  # a default ZipInfo unpacks into a file without read permission
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
