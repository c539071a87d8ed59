"""Safetensors files with one JSON description in their header; nothing here can run code from a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from histo_core.errors import CheckpointError
from histo_core.files import write_atomically
from histo_core.storable import as_json

HEADER_LIMIT = 1 << 20
"""Bytes. A header is parsed whole, so its length is checked first; ResNet152 with its optimiser takes a third."""

_KEY = "histoscope"
_LENGTH_BYTES = 8
_REMEDY = "Take another copy of the file, or train the model again."


def write_tensors(path: Path, tensors: Mapping[str, Tensor], description: dict[str, Any]) -> str:
    """Write tensors and their description atomically.

    Args:
        path: the target.
        tensors: of any device and memory format; kept as contiguous CPU tensors.
        description: JSON values, kept in the header.

    Returns:
        SHA-256 (hex) of the file.
    """
    content = save(
        {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
        metadata={_KEY: as_json(description, sort_keys=True)},
    )
    write_atomically(path, content)
    return hashlib.sha256(content).hexdigest()


def read_tensors(path: Path, sha256: str | None = None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a file back: CPU tensors, and the description (empty for a file that is not ours).

    The file is read rather than mapped: a file cut short under a map would kill the process.

    Args:
        path: a .safetensors file.
        sha256: what its bytes must hash to; None where nothing is known.

    Raises:
        CheckpointError: missing, too long a header, other bytes than expected, or no safetensors.
    """
    content = _checked_bytes(path)
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise CheckpointError(
            f"{path} is damaged, or another file under its name: its bytes are not those that were noted.",
            f"A file with the SHA-256 {sha256} is expected.",
            _REMEDY,
        )
    try:
        return load(content), _description(content)
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(
            f"{path} cannot be read: {type(error).__name__}: {error}.", "A .safetensors file is expected.", _REMEDY
        ) from None


def _checked_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            if length > HEADER_LIMIT:
                raise CheckpointError(
                    f"{path} claims a header of {length:,} bytes.",
                    f"A .safetensors file with a header of at most {HEADER_LIMIT:,} bytes is expected.",
                    "Check that it is weights in safetensors form; other forms are refused because they can run code.",
                )
            file.seek(0)
            return file.read()
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read: {error.strerror}.", "A .safetensors file is expected.", "Check the path."
        ) from None


def _description(content: bytes) -> dict[str, Any]:
    length = int.from_bytes(content[:_LENGTH_BYTES], "little")
    header = json.loads(content[_LENGTH_BYTES : _LENGTH_BYTES + length])
    return json.loads(header.get("__metadata__", {}).get(_KEY, "{}"))
