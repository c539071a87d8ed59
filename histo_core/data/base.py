"""What every data set is: a table and a way to read pixels."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from histo_core.config import Config, DataConfig, parse_config
from histo_core.errors import ConfigError, CorruptDataError
from histo_core.registry import Registry
from histo_core.workspace import Workspace

UNLABELLED = -1
PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set before it is opened."""

    title: str
    summary: str
    source: str
    licence: str
    layout: str
    """How the files must lie, in one or two sentences a newcomer understands."""
    needs_root: bool = True
    expected_counts: dict[str, int] | None = None
    checksums: dict[str, str] | None = None


class Dataset(ABC):
    """A table with one row a sample, and a way to read pixels.

    Attributes:
        name: the registered name.
        table: columns ``sample_id`` (unique str) and ``label`` (int64 index into ``classes``, `UNLABELLED` where
            unknown), and where the source has them ``split`` (train, valid, test), ``patient_id``, ``slide_id``,
            ``group``, ``x``, ``y`` and whatever else it has. A plain RangeIndex; a row's number is the sample's index.
        classes: class names, in the order of the labels.
        positive: the class whose probability goes into ROC curves; for two classes the second unless the source says.
        microns_per_pixel: of the pixels as read, or None where the source does not say.
    """

    info: ClassVar[DatasetInfo]
    Options: ClassVar[type[Config]] = Config

    def __init__(
        self,
        name: str,
        table: pd.DataFrame,
        classes: Sequence[str],
        *,
        positive: str | None = None,
        microns_per_pixel: float | None = None,
    ) -> None:
        if table["sample_id"].duplicated().any():
            twice = str(table.loc[table["sample_id"].duplicated(), "sample_id"].iloc[0])
            raise CorruptDataError(
                f"Two samples share the id {twice!r}.", "Ids must be unique.", "Remove or rename one."
            )
        self.name, self.table, self.classes = name, table.reset_index(drop=True), tuple(classes)
        self.positive = positive or self.classes[-1]
        self.microns_per_pixel = microns_per_pixel

    @classmethod
    @abstractmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        """Open the data. ``root`` was already checked against the allowed folders; ``options`` is a `cls.Options`."""

    @abstractmethod
    def read(self, indices: Sequence[int] | np.ndarray) -> Sequence[np.ndarray] | np.ndarray:
        """Pixels of some samples, uint8 H x W x 3 RGB each (one array N x H x W x 3 where all sizes agree).

        Raises:
            CorruptDataError: an image cannot be read; it names the file.
        """

    def mask(self, index: int) -> np.ndarray | None:
        """Where the tumour is, bool H x W, or None where the source has no mask."""
        del index
        return None

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over ids, labels, classes and pixels: a changed image or label is a changed data set."""
        digest = hashlib.sha256(repr((self.classes, self.positive)).encode())
        for start in range(0, len(self.table), 256):
            rows = self.table.iloc[start : start + 256]
            for image, sample, label in zip(
                self.read(rows.index.to_numpy()), rows["sample_id"], rows["label"], strict=True
            ):
                digest.update(f"{sample}\0{label}\0{image.shape}\0".encode())
                digest.update(image.tobytes())
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.table)


DATASETS: Registry[type[Dataset]] = Registry("data set")


def open_dataset(config: DataConfig, workspace: Workspace) -> Dataset:
    """Open a data set by its configuration.

    Raises:
        UnknownNameError: no data set has this name.
        ConfigError: an option that the data set does not have, or a missing folder argument.
        PathNotAllowedError, DataNotFoundError: the folder may not be read, or is not there.
        DataError: the files are there and cannot be used.
    """
    kind = DATASETS[config.dataset]
    if kind.info.needs_root and config.root is None:
        raise ConfigError(f"Data set {config.dataset!r} needs a folder.", kind.info.layout, "Give its folder (--root).")
    root = workspace.allowed(config.root) if config.root is not None and kind.info.needs_root else None
    return kind.open(root, parse_config(kind.Options, config.options), workspace)
