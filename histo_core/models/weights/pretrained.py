"""Download published ImageNet weights once, check them and convert them to safetensors before use.

A ``.pth`` file is a pickle, which our rules allow only here (docs/adr/0007): only files that the zoo names
(torchvision's, and timm's Xception), only if the hash of the bytes agrees with the file's name, only with
``weights_only=True``, and only once. From then on the converted file is read, whose hash must agree with the one stored
beside it.
"""

from __future__ import annotations

import fcntl
import logging
import pickle
import re
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from urllib.error import URLError
from urllib.parse import urlparse

import torch
from pydantic import Field
from torch import Tensor

from histo_core.config import Config, parse_config
from histo_core.errors import CheckpointError, ConfigError
from histo_core.files import read_json, sha256, write_json
from histo_core.models.weights.tensorfile import read_tensors, write_tensors
from histo_core.workspace import Workspace

_TIMEOUT_SECONDS = 30
_BLOCK = 1 << 20
_MAX_BYTES = 1 << 30
"""Size limit of a published file; the largest, VGG19 with batch norm, has 575 million bytes."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PretrainedFile:
    """A file of weights whose name ends in the first digits of its SHA-256, as torchvision's and timm's do."""

    url: str

    @property
    def name(self) -> str:
        """File name, such as ``resnet18-f37072fd.pth``."""
        return PurePosixPath(urlparse(self.url).path).name

    @property
    def digits(self) -> str:
        """The first hexadecimal digits of its SHA-256."""
        match = re.search(r"-([0-9a-f]{8,64})\.pth$", self.name)
        if match is None:
            raise ValueError(f"{self.url} does not carry its hash")
        return match[1]


class _Converted(Config):
    """Record beside a converted file, ``<its name>.json``; written last, so a file without it is ignored."""

    source: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


def pretrained_tensors(
    file: PretrainedFile, workspace: Workspace, progress: Callable[[int, int], None] | None = None
) -> dict[str, Tensor]:
    """Load the tensors of a pretrained network from a weights folder, else download them.

    One process at a time downloads and converts a file; others wait for it.

    Args:
        file: the published file.
        workspace: its folder ``weights`` stores converted files. A ``.pth`` that a user put into one of its
            `weight_folders` is used and stays there.
        progress: receives (bytes so far, total); total is 0 if the server does not give it.

    Raises:
        CheckpointError: it cannot be downloaded, its hash differs from its name, or the converted file has changed. A
            failed download leaves nothing behind.
    """
    with _alone(workspace.locks / f"weights-{file.name}.lock"):
        converted = find_weights(_noted(file), workspace) or _convert(file, workspace, progress or _silent)
    try:
        noted = parse_config(_Converted, read_json(converted))
        tensors, _ = read_tensors(converted.with_suffix(""), noted.sha256)
    except (OSError, ValueError, ConfigError, CheckpointError) as error:
        found = error.found if isinstance(error, CheckpointError) else f"{converted} cannot be read: {error}."
        raise CheckpointError(
            found,
            "A file that was converted here, with its SHA-256 beside it.",
            f"Delete {converted}: the weights are then converted again.",
        ) from None
    return tensors


def find_weights(name: str, workspace: Workspace) -> Path | None:
    """Return the file of this name in the first folder of weights that has it, or None.

    The folders are the workspace's `weight_folders` and the cache of PyTorch's hub, in which torchvision stores files.
    """
    places = (folder / name for folder in (*workspace.weight_folders(), Path(torch.hub.get_dir()) / "checkpoints"))
    return next((place for place in places if place.is_file()), None)


def is_kept(file: PretrainedFile, workspace: Workspace) -> bool:
    """Return whether the weights exist locally, converted or as a user's ``.pth``."""
    return any(find_weights(name, workspace) for name in (_noted(file), file.name))


def place_by_hand(file: PretrainedFile, workspace: Workspace) -> Path:
    """Return where a user puts the file on a machine without internet."""
    return workspace.home / "weights" / file.name


def _noted(file: PretrainedFile) -> str:
    return f"{PurePosixPath(file.name).stem}.safetensors.json"


def _convert(file: PretrainedFile, workspace: Workspace, progress: Callable[[int, int], None]) -> Path:
    """Convert a file and return the record beside it."""
    noted = workspace.home / "weights" / _noted(file)
    noted.parent.mkdir(parents=True, exist_ok=True)
    if by_hand := find_weights(file.name, workspace):
        _check(by_hand, file.digits, f"Delete {by_hand}, or put the file from {file.url} there.")
        tensors = _unpickled(by_hand)
    else:
        with tempfile.TemporaryDirectory(prefix=f".{file.name}.", suffix=".part", dir=noted.parent) as folder:
            fetched = Path(folder) / file.name
            _fetch(file, fetched, place_by_hand(file, workspace), progress)
            tensors = _unpickled(fetched)
    digest = write_tensors(noted.with_suffix(""), tensors, {"source": file.url})
    write_json(noted, _Converted(source=file.url, sha256=digest).model_dump())
    return noted


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait for a lock, which the system releases however its holder ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(file: PretrainedFile, target: Path, place: Path, progress: Callable[[int, int], None]) -> None:
    by_hand = f"Download {file.url} by hand and put it at {place}."
    log.info("Fetching %s", file.url)
    try:
        _download(file.url, target, progress)
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise CheckpointError(
            f"{file.url} could not be fetched: {reason}.", "An internet connection is needed once.", by_hand
        ) from None
    _check(target, file.digits, f"Try again later. {by_hand}")


def _download(url: str, part: Path, progress: Callable[[int, int], None]) -> None:
    # The URL is a constant of the zoo, never a user's input.
    with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as reply, part.open("wb") as out:  # noqa: S310
        total, done = int(reply.headers.get("Content-Length", 0)), 0
        while block := reply.read(_BLOCK):
            out.write(block)
            done += len(block)
            progress(done, total)
    if done < total:
        raise ConnectionError(f"the connection was cut after {done:,} of {total:,} bytes")


def _check(path: Path, digits: str, remedy: str) -> None:
    try:
        found = sha256(path, _MAX_BYTES)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.", "A file of weights.", remedy) from None
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
            f"{path.name} cannot be read: {error}.", "A file of tensors is expected.", "Put another copy there."
        ) from None
    if not (isinstance(content, dict) and all(isinstance(tensor, Tensor) for tensor in content.values())):
        raise CheckpointError(
            f"{path.name} holds more than tensors.", "Names and tensors are expected.", "Put another copy there."
        )
    return content


def _silent(done: int, total: int) -> None:
    del done, total
