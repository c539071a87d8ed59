"""The interface of every data set: a table and a way to read pixels."""

from __future__ import annotations

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol

import numpy as np
import pandas as pd
from pandas.util import hash_pandas_object

from histo_core.config import Config, DataConfig
from histo_core.data.formats.folder_look import FolderLook, Signs
from histo_core.data.formats.images import READING
from histo_core.data.formats.left_out import LeftOut, Survey
from histo_core.disk_errors import kept_if_possible
from histo_core.errors import CorruptDataError, DataNotFoundError
from histo_core.files import write_atomically
from histo_core.progress import Progress, silent
from histo_core.registry import Registry, subclass_of
from histo_core.regular_files import read_regular
from histo_core.storable import can_be_kept
from histo_core.workspace import Workspace

UNLABELLED = -1
SPLIT_SETS = ("train", "valid", "test")

_BATCH = 256
_SETTLED_SECONDS = 2.0
"""Seconds. A file that changed more recently could change again within the resolution of its time stamp."""


class Problem(NamedTuple):
    """A sample that cannot be used. Both texts come from the user's files: show them as text only."""

    where: str
    """Its sample id, else its path below the data set's folder."""
    what: str
    """The fault as a clause: "is empty (0 bytes)"."""


@dataclass(frozen=True)
class DatasetInfo:
    """Facts about a data set that are known before it is opened.

    Example:
        >>> from histo_core.data import DATASETS, DatasetInfo
        >>> info: DatasetInfo = DATASETS["pcam"].info
        >>> info.title, info.needs_root, info.label_box
        ('PatchCamelyon', True, 32)
    """

    title: str
    summary: str
    source: str
    licence: str
    layout: str
    """The expected layout of the files, in one or two sentences that a newcomer understands."""
    needs_root: bool = True
    expected_counts: dict[str, int] | None = None
    checksums: dict[str, str] | None = None
    label_box: int | None = None
    """Side in pixels of the central box that the label is about; None where it is about the whole patch."""
    synonyms: dict[str, tuple[str, ...]] | None = None
    """For a class the other names that mean the same in this data set, by which other data are matched with it."""


class StoredPatches(Protocol):
    """Fast random access to patches."""

    def __len__(self) -> int: ...

    def read(self, indices: Sequence[int] | np.ndarray) -> Sequence[np.ndarray] | np.ndarray:
        """See `Dataset.read`."""
        ...

    def __getitems__(self, indices: Sequence[int]) -> Sequence[np.ndarray] | np.ndarray:
        """See `Dataset.read`; PyTorch's loaders call this to get a whole batch."""
        ...


class Dataset(ABC):
    """A table with one row for each sample, and a way to read pixels.

    Attributes:
        name: the registered name.
        table: columns ``sample_id`` (unique str) and ``label`` (int64 index into ``classes``, `UNLABELLED` where
            unknown), and where the source has them ``split`` (train, valid, test), ``patient_id``, ``slide_id``,
            ``group``, ``x``, ``y`` and further columns. The index is a plain RangeIndex; a row's number is the sample's
            index.
        classes: class names, in the order of the labels.
        positive: the class of interest, whose probability goes into ROC curves; of two classes the second by default.
        microns_per_pixel: of the pixels as read, or None where the source does not say.
        problems: samples that were left out of the table because they cannot be used.
        sources: the files that pixels come from; their sizes and times show whether they have changed.
        one_file_each: whether ``sources`` has one file for each sample, in the order of the table's rows.
        mapped: whether pixels are already read from a memory map, so that a copy would be no faster.
        converted: a faster copy of the pixels; None where none was made.
        split_note: where the column ``split`` is not the published split, the beginning of a sentence that says what
            it is; else empty.
        survey: which files of the folder the reader uses; `left_out` is counted from it. None where there is no folder.
        config: the configuration that `open_dataset` got, with an absolute folder; None where it was made otherwise.

    Example:
        A data set of two grey squares.

        >>> import numpy as np
        >>> import pandas as pd
        >>> from histo_core.config import Config
        >>> from histo_core.data import Dataset
        >>> from histo_core.workspace import Workspace
        >>> class Squares(Dataset):
        ...     @classmethod
        ...     def open(cls, root, options, workspace):
        ...         table = pd.DataFrame({"sample_id": ["a", "b"], "label": [0, 1], "patient_id": ["P1", "P2"]})
        ...         return cls("squares", table, ("dark", "light"))
        ...
        ...     def read_source(self, indices):
        ...         return np.stack([np.full((8, 8, 3), 200 * self.table["label"][row], np.uint8) for row in indices])
        >>> squares = Squares.open(None, Config(), Workspace.default())
        >>> len(squares), squares.positive, squares.read([1, 0]).mean(axis=(1, 2, 3)).tolist()
        (2, 'light', [200.0, 0.0])
        >>> squares.row_of("b")
        1
    """

    info: ClassVar[DatasetInfo]
    Options: ClassVar[type[Config]] = Config
    mapped: bool = False
    one_file_each: bool = False

    def __init__(
        self,
        name: str,
        table: pd.DataFrame,
        classes: Sequence[str],
        *,
        positive: str | None = None,
        microns_per_pixel: float | None = None,
        problems: Sequence[Problem] = (),
        sources: Sequence[Path] = (),
    ) -> None:
        if table["sample_id"].duplicated().any():
            twice = str(table.loc[table["sample_id"].duplicated(), "sample_id"].iloc[0])
            raise CorruptDataError(
                f"Two samples share the id {twice!r}.", "Ids must be unique.", "Remove or rename one."
            )
        self.name, self.table, self.classes = name, table.reset_index(drop=True), tuple(classes)
        if unkept := [one for one in self.classes if not can_be_kept(one)]:  # no file of weights could hold it
            raise CorruptDataError(
                f"A class is named {unkept[0]!r}.", "Text without NUL, in UTF-8, is expected.", "Rename the class."
            )
        self.positive = positive or self.classes[-1]
        self.microns_per_pixel = microns_per_pixel
        self.problems, self.sources = tuple(problems), tuple(sources)
        self.converted: StoredPatches | None = None
        self.split_note = ""
        self.survey: Survey | None = None
        self.config: DataConfig | None = None
        self._remembered: Path | None = None

    @classmethod
    def prepare(cls, root: Path | None, options: Config, workspace: Workspace, progress: Progress = silent) -> None:
        """Make the files that `open` needs beside the source, such as unpacked files, where they are missing.

        Where work is needed, ``progress`` is called before it begins: a caller that only asks whether work is needed
        raises an error there.
        """
        del root, options, workspace, progress

    @classmethod
    def signs(cls, look: FolderLook) -> Signs | None:
        """Return the signs that a folder holds data of this kind, by names alone; None where it does not look so."""
        del look
        return None

    @classmethod
    @abstractmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        """Open the data. ``root`` was checked against the allowed folders before; ``options`` is a `cls.Options`.

        Samples that cannot be used are no error: they are listed in ``problems`` and left out of the table.
        """

    @abstractmethod
    def read_source(self, indices: Sequence[int] | np.ndarray) -> Sequence[np.ndarray] | np.ndarray:
        """Read the pixels of some samples from the source's own files; see `read`."""

    def each_source(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the pixels of some samples from the source's own files one by one; few are in memory at a time."""
        for start in range(0, len(rows), _BATCH):
            yield from self.read_source(rows[start : start + _BATCH])

    def read(self, indices: Sequence[int] | np.ndarray) -> Sequence[np.ndarray] | np.ndarray:
        """Read the pixels of some samples, uint8 H x W x 3 RGB each (one array N x H x W x 3 where all sizes agree).

        Raises:
            CorruptDataError: an image cannot be read; it names the file.
        """
        return self.read_source(indices) if self.converted is None else self.converted.read(indices)

    def row_of(self, sample_id: str) -> int:
        """Return the row of a sample, by its id.

        Raises:
            DataNotFoundError: there is no such sample.
        """
        rows = np.flatnonzero((self.table["sample_id"] == sample_id).to_numpy())
        if not len(rows):
            raise DataNotFoundError(
                f"{self.name} has no patch {sample_id!r}.",
                f"Ids look like {self.table['sample_id'].iloc[0]!r}.",
                "Take an id from the data's table or a run's predictions, and check that the data are as they were.",
            )
        return int(rows[0])

    def mask(self, index: int) -> np.ndarray | None:
        """Return the tumour's mask, bool H x W, or None where the source has no mask."""
        del index
        return None

    @property
    def left_out(self) -> LeftOut:
        """Files in the folder that are not read; folders that the reader skipped are listed on the first access."""
        return LeftOut() if self.survey is None else self.survey.left_out

    @cached_property
    def pixels_state(self) -> str:
        """SHA-256 over ids and the sizes and times of the files; no pixel is read for it.

        For image files the version of the decoding rules is included, so that copies are made again when the rules
        change. It names the faster copy and the check of all files, because neither depends on labels or patient ids.
        """
        digest = hashlib.sha256(repr(self.name).encode())
        if self.one_file_each:  # HDF5 and phantom tissue do not depend on how image files are decoded
            digest.update(f"images read by rule {READING}\0".encode())
        digest.update("\0".join(self.table["sample_id"].tolist()).encode())
        for path in self.sources:
            digest.update(_file_state(path).encode())
        return digest.hexdigest()

    @cached_property
    def state(self) -> str:
        """SHA-256 over `pixels_state`, classes and the whole table: labels, patients and all other columns.

        It names stored results about a data set (audit, patch map, content hash). Two data sets with the same state
        have the same content, unless someone forged a file's times.
        """
        known = (self.pixels_state, self.classes, self.positive, self.table.columns.tolist())
        digest = hashlib.sha256(repr(known).encode())
        rows = hash_pandas_object(self.table, index=False)  # type: ignore[operator] (pandas loads it when asked)
        digest.update(rows.to_numpy().tobytes())
        return digest.hexdigest()

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over ids, labels, classes and pixels: a changed image or label changes it.

        It reads all pixels once. Data sets from `open_dataset` cache it for as long as the files do not change.
        """
        known = self._remembered / self.state if self._remembered is not None and self.sources else None
        if known is not None and known.is_file():
            return read_regular(known, 1024).decode("ascii")
        digest = hashlib.sha256(repr((self.classes, self.positive)).encode())
        payloads = self.payloads(np.arange(len(self)))
        for sample, label, (mark, content) in zip(self.table["sample_id"], self.table["label"], payloads, strict=True):
            digest.update(f"{sample}\0{label}\0{mark}\0".encode())
            digest.update(content)
        if known is not None and time.time() - max(path.stat().st_ctime for path in self.sources) > _SETTLED_SECONDS:
            with kept_if_possible("The hash of the data set"):
                write_atomically(known, digest.hexdigest().encode())
        return digest.hexdigest()

    def remember_in(self, workspace: Workspace) -> None:
        """Cache the content hash in this workspace."""
        self._remembered = workspace.data / "hashes"

    def payloads(self, rows: np.ndarray) -> Iterator[tuple[object, bytes]]:
        """Yield what is hashed for each row: a mark of its size, and bytes that change with its pixels."""
        for image in self.each_source(rows):
            yield image.shape, image.tobytes()

    def __len__(self) -> int:
        return len(self.table)


DATASETS: Registry[type[Dataset]] = Registry("data set", "histo_core.datasets", subclass_of(Dataset, info=DatasetInfo))


def _file_state(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:
        return f"{path}\0gone\0"
    return f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_ctime_ns}\0"
