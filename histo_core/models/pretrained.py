"""ImageNet weights from torchvision: fetched once, checked, converted to safetensors, and only then used.

A ``.pth`` file is a pickle, so it is the one exception to our rule: only torchvision's own, only when its bytes hash
to what its name says, only with ``weights_only=True``, and it is removed once it is converted.
"""

from __future__ import annotations

import logging
import pickle
import re
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from urllib.error import URLError
from urllib.parse import urlparse

import torch
from torch import Tensor

from histo_core.errors import CheckpointError
from histo_core.files import sha256, write_atomically
from histo_core.models.tensorfile import read_tensors, write_tensors
from histo_core.workspace import Workspace

_TIMEOUT_SECONDS = 30
_BLOCK = 1 << 20

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PretrainedFile:
    """A file of weights whose name ends in the first digits of its SHA-256, as torchvision's do."""

    url: str

    @property
    def name(self) -> str:
        """``resnet18-f37072fd.pth``"""
        return PurePosixPath(urlparse(self.url).path).name

    @property
    def digits(self) -> str:
        """The first hexadecimal digits of its SHA-256."""
        match = re.search(r"-([0-9a-f]{8,64})\.pth$", self.name)
        if match is None:
            raise ValueError(f"{self.url} does not carry its hash")
        return match[1]


def pretrained_tensors(
    file: PretrainedFile, workspace: Workspace, progress: Callable[[int, int], None] | None = None
) -> dict[str, Tensor]:
    """Tensors of a pretrained network, from the workspace when they are there, else from the network.

    Args:
        file: which.
        workspace: keeps them under ``home/weights``. A ``.pth`` put there by hand is used, too.
        progress: told the bytes so far and in all (0 where the server does not say).

    Raises:
        CheckpointError: it cannot be fetched, or its bytes are not those its name promises. A fetch that
            failed leaves nothing behind.
    """
    source, converted = _places(file, workspace)
    if not converted.is_file():
        if source.is_file():
            _check(source, file.digits, f"Delete {source}, or put the file from {file.url} there.")
        else:
            _fetch(file, source, progress or _silent)
        write_tensors(converted, _unpickled(source), {"source": file.url})
        source.unlink()
    tensors, _ = read_tensors(converted)
    return tensors


def is_kept(file: PretrainedFile, workspace: Workspace) -> bool:
    """Whether the workspace has the weights already, converted or as they were put there by hand."""
    return any(place.is_file() for place in _places(file, workspace))


def place_by_hand(file: PretrainedFile, workspace: Workspace) -> Path:
    """Where to put the file on a machine that cannot fetch it."""
    return _places(file, workspace)[0]


def _places(file: PretrainedFile, workspace: Workspace) -> tuple[Path, Path]:
    source = workspace.home / "weights" / file.name
    return source, source.with_suffix(".safetensors")


def _fetch(file: PretrainedFile, target: Path, progress: Callable[[int, int], None]) -> None:
    by_hand = f"Download {file.url} by hand and put it at {target}."
    log.info("Fetching %s", file.url)

    def write(part: Path) -> None:
        _download(file.url, part, progress)
        _check(part, file.digits, f"Try again later. {by_hand}")

    try:
        write_atomically(target, write)
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise CheckpointError(
            f"{file.url} could not be fetched: {reason}.", "An internet connection is needed once.", by_hand
        ) from None


def _download(url: str, part: Path, progress: Callable[[int, int], None]) -> None:
    # The address is a constant of torchvision's, never a user's.
    with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as reply, part.open("wb") as out:  # noqa: S310
        total, done = int(reply.headers.get("Content-Length", 0)), 0
        while block := reply.read(_BLOCK):
            out.write(block)
            done += len(block)
            progress(done, total)
    if done < total:
        raise ConnectionError(f"the connection was cut after {done:,} of {total:,} bytes")


def _check(path: Path, digits: str, remedy: str) -> None:
    found = sha256(path)
    if not found.startswith(digits):
        raise CheckpointError(
            f"{path.name} is not the file it should be: its SHA-256 begins with {found[: len(digits)]}.",
            f"It must begin with {digits}.",
            remedy,
        )


def _unpickled(path: Path) -> dict[str, Tensor]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise CheckpointError(
            f"{path} cannot be read: {error}.", "A file of tensors is expected.", f"Delete {path} and try again."
        ) from None
    if not (isinstance(content, dict) and all(isinstance(tensor, Tensor) for tensor in content.values())):
        raise CheckpointError(f"{path} holds more than tensors.", "Names and tensors are expected.", f"Delete {path}.")
    return content


def _silent(done: int, total: int) -> None:
    del done, total
