"""A run's ``checkpoint/manifest.json``: the valid files and their hashes.

It is written last, so a checkpoint exists from the moment that its manifest exists. Files that it does not name are
ignored.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from histo_core.config import Config, parse_config
from histo_core.errors import CheckpointError, ConfigError
from histo_core.files import read_json, write_json

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# A plain name in the same folder, so that a foreign manifest cannot point to another file.
LastFile = Annotated[str, Field(pattern=r"^last\.[A-Za-z0-9-]+\.safetensors$")]
BestFile = Annotated[str, Field(pattern=r"^best\.[A-Za-z0-9-]+\.safetensors$")]


class LastEntry(Config):
    """A training state: ``batch`` batches of epoch ``epoch`` are done."""

    file: LastFile
    sha256: Digest
    epoch: int = Field(ge=0)
    batch: int = Field(ge=0)


class BestEntry(Config):
    """The weights that are kept: of the epoch with the lowest validation loss so far, or of the last one."""

    file: BestFile
    sha256: Digest
    epoch: int = Field(ge=0)
    valid_loss: float


class Manifest(Config):
    """The valid checkpoint, the one before it, and the best weights."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    version: Literal[1] = Field(default=1, alias="schema")
    last: LastEntry
    previous: LastEntry | None = None
    best: BestEntry | None = None

    @property
    def files(self) -> frozenset[str]:
        """Names of the files that must be kept."""
        return frozenset(entry.file for entry in (self.last, self.previous, self.best) if entry is not None)


def read_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a checkpoint folder; None where there is no checkpoint yet.

    Raises:
        CheckpointError: the manifest exists and cannot be parsed.
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
    """Write the manifest atomically; from then on its files are valid."""
    write_json(folder / "manifest.json", manifest.model_dump(mode="json"))
