"""Read and write safetensors files with one JSON description in their header; no code from a file is ever run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from histo_core.errors import CheckpointError
from histo_core.files import write_atomically
from histo_core.regular_files import open_regular, parse_json
from histo_core.storable import as_json

HEADER_LIMIT = 1 << 20
"""Bytes. A header is parsed whole, so its length is checked first; ResNet152 with its optimiser needs a third."""

FILE_LIMIT = 8 << 30
"""Bytes. VGG16 with its optimiser and average takes 2.2 GB; a file's exact size follows from its header."""

_KEY = "histoscope"
_LENGTH_BYTES = 8
_REMEDY = "Take another copy of the file, or train the model again."


@dataclass(frozen=True)
class TensorHeader:
    """Header of a safetensors file.

    Attributes:
        description: JSON values; empty for files from other programs.
        shapes: shape of each tensor, by name.
        file_bytes: size of the whole file.
    """

    description: dict[str, Any]
    shapes: dict[str, tuple[int, ...]]
    file_bytes: int

    def empty(self) -> dict[str, Tensor]:
        """Return the tensors without data on the device "meta": they have shapes and take no memory."""
        return {name: torch.empty(shape, device="meta") for name, shape in self.shapes.items()}


def write_tensors(path: Path, tensors: Mapping[str, Tensor], description: dict[str, Any]) -> str:
    """Write tensors and their description atomically.

    Args:
        path: the target.
        tensors: on any device and in any memory format; stored as contiguous CPU tensors.
        description: JSON values, stored in the header.

    Returns:
        SHA-256 (hex) of the file.
    """
    content = save(
        {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
        metadata={_KEY: as_json(description, sort_keys=True)},
    )
    write_atomically(path, content)
    return hashlib.sha256(content).hexdigest()


def read_tensors(
    path: Path, sha256: str | None = None, *, check: Callable[[TensorHeader], object] | None = None
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a file: CPU tensors, and the description (empty for files from other programs).

    The file is read and not memory-mapped, because truncating a mapped file would kill the process.

    Args:
        path: a .safetensors file.
        sha256: the file's expected hash; None where it is not known.
        check: called with the header before the data are read; it refuses the file by raising.

    Raises:
        CheckpointError: missing, not a regular file, too long a header, larger than `FILE_LIMIT` or than its header
            says, an unexpected hash, or not safetensors.
    """
    try:
        with open_regular(path, FILE_LIMIT) as file:
            header = _header(file, path)
            if check is not None:
                check(header)
            file.seek(0)
            content = file.read(header.file_bytes + 1)
    except OSError as error:
        raise _unreadable(path, error) from None
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise CheckpointError(
            f"{path} is damaged, or another file under its name: its bytes are not those that were noted.",
            f"A file with the SHA-256 {sha256} is expected.",
            _REMEDY,
        )
    try:
        return load(content), header.description
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from None


def read_header(path: Path) -> TensorHeader:
    """Read the header of a file; its tensors are not read.

    Raises:
        CheckpointError: as `read_tensors`.
    """
    try:
        with open_regular(path, FILE_LIMIT) as file:
            return _header(file, path)
    except OSError as error:
        raise _unreadable(path, error) from None


def _header(file: BinaryIO, path: Path) -> TensorHeader:
    length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
    if length > HEADER_LIMIT:
        raise CheckpointError(
            f"{path} claims a header of {length:,} bytes.",
            f"A .safetensors file with a header of at most {HEADER_LIMIT:,} bytes is expected.",
            "Check that it is weights in safetensors form; other forms are refused because they can run code.",
        )
    try:
        values = parse_json(file.read(length))
        described = parse_json(values.pop("__metadata__", {}).get(_KEY, "{}"))
        shapes = {name: tuple(map(int, entry["shape"])) for name, entry in values.items()}
        if any(side < 0 or side > FILE_LIMIT for shape in shapes.values() for side in shape):
            raise ValueError("a tensor has a side that no file holds")  # noqa: TRY301
        end = max((int(entry["data_offsets"][1]) for entry in values.values()), default=0)
        if not isinstance(described, dict):
            raise TypeError("its description is no mapping")  # noqa: TRY301
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise _damaged(path, error) from None
    size = os.fstat(file.fileno()).st_size
    if size != _LENGTH_BYTES + length + end:
        raise _damaged(path, ValueError(f"it has {size:,} bytes, and its header says {_LENGTH_BYTES + length + end:,}"))
    return TensorHeader(described, shapes, size)


def _damaged(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"{path} cannot be read: {type(error).__name__}: {error}.", "A .safetensors file is expected.", _REMEDY
    )


def _unreadable(path: Path, error: OSError) -> CheckpointError:
    return CheckpointError(
        f"{path} cannot be read: {error.strerror}.", "A .safetensors file is expected.", "Check the path."
    )
