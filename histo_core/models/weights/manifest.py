"""A run's ``checkpoint/manifest.json``: which files count, and what their bytes hash to.

It is written last, so a checkpoint exists from the moment its manifest does; files it does not name do not count.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from histo_core.config import Config, parse_config
from histo_core.errors import CheckpointError, ConfigError
from histo_core.files import read_json, write_json

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# A plain name in the same folder: a manifest from elsewhere cannot lead to another file.
LastFile = Annotated[str, Field(pattern=r"^last\.[A-Za-z0-9-]+\.safetensors$")]
BestFile = Annotated[str, Field(pattern=r"^best\.[A-Za-z0-9-]+\.safetensors$")]


class LastEntry(Config):
    """A training state: ``batch`` batches of epoch ``epoch`` are done."""

    file: LastFile
    sha256: Digest
    epoch: int = Field(ge=0)
    batch: int = Field(ge=0)


class BestEntry(Config):
    """The weights of the epoch with the lowest validation loss so far."""

    file: BestFile
    sha256: Digest
    epoch: int = Field(ge=0)
    valid_loss: float


class Manifest(Config):
    """The checkpoint that counts, the one before it, and the best weights."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    version: Literal[1] = Field(default=1, alias="schema")
    last: LastEntry
    previous: LastEntry | None = None
    best: BestEntry | None = None

    @property
    def files(self) -> frozenset[str]:
        """Names of the files that must stay."""
        return frozenset(entry.file for entry in (self.last, self.previous, self.best) if entry is not None)


def read_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a checkpoint folder; None where there is no checkpoint yet.

    Raises:
        CheckpointError: the manifest is there and cannot be understood.
    """
    path = folder / "manifest.json"
    try:
        return parse_config(Manifest, read_json(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError, ConfigError) as error:
        raise CheckpointError(
            f"{path} cannot be read: {error}",
            "A manifest that this version of Histoscope wrote is expected.",
            "Start the run again.",
        ) from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest atomically: from here on its files count."""
    write_json(folder / "manifest.json", manifest.model_dump(mode="json"))
