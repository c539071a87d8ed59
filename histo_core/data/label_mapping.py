"""Map the labels of a data set to the classes of a model that was trained on another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NoReturn

import numpy as np

from histo_core.config import Config
from histo_core.data.dataset import UNLABELLED, Dataset, DatasetInfo
from histo_core.errors import ConfigError
from histo_core.workspace import Workspace


class LabelMapped(Dataset):
    """All rows of another data set with labels mapped to other classes; pixels and masks are the source's.

    Args:
        source: the other data set.
        classes: the new classes.
        positive: the class of interest among them.
        meaning: for each class of the source the new class, or None where its samples count as unlabelled.
    """

    info: ClassVar[DatasetInfo] = DatasetInfo(
        title="Relabelled data set", summary="", source="", licence="", layout="", needs_root=False
    )

    def __init__(
        self, source: Dataset, classes: Sequence[str], positive: str, meaning: Mapping[str, str | None]
    ) -> None:
        numbers = {name: number for number, name in enumerate(classes)}
        said = [meaning[name] for name in source.classes]
        # UNLABELLED = -1 indexes the last.
        index = np.array([UNLABELLED if name is None else numbers[name] for name in said] + [UNLABELLED], np.int64)
        super().__init__(
            source.name,
            source.table.assign(label=index[source.table["label"].to_numpy()]),
            classes,
            positive=positive,
            microns_per_pixel=source.microns_per_pixel,
            problems=source.problems,
            sources=source.sources,
        )
        self.source, self.converted = source, source.converted
        self.split_note, self.survey = source.split_note, source.survey
        self.mapped, self.one_file_each = source.mapped, source.one_file_each

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> NoReturn:
        raise TypeError("LabelMapped is made from an open data set, not from files")

    def read_source(self, indices: Sequence[int] | np.ndarray) -> Sequence[np.ndarray] | np.ndarray:
        """See the source's own method."""
        return self.source.read_source(indices)

    def mask(self, index: int) -> np.ndarray | None:
        """See the source's own method."""
        return self.source.mask(index)

    def payloads(self, rows: np.ndarray) -> Iterator[tuple[object, bytes]]:
        """See the source's own method."""
        return self.source.payloads(rows)


def under_classes(
    dataset: Dataset, classes: Sequence[str], positive: str, mapping: Mapping[str, str] | None = None
) -> Dataset:
    """Return a data set with its labels mapped to a model's classes.

    Args:
        dataset: its samples may be labelled, unlabelled or both.
        classes: the model's classes.
        positive: the model's class of interest.
        mapping: for each class of the data set the model's class, or "" where its samples count as unlabelled. None
            maps classes of the same name.

    Raises:
        ConfigError: labelled samples of a class that the model does not have, or a mapping that names a class which the
            data set or the model does not have.
    """
    used = {dataset.classes[label] for label in np.unique(dataset.table["label"]) if label != UNLABELLED}
    meaning = {name: mapping.get(name, name) if mapping else name for name in dataset.classes}
    unknown = sorted({name for name in mapping or () if name not in dataset.classes})
    if unknown:
        raise ConfigError(
            f"The mapping names the class {unknown[0]!r}, which the data do not have.",
            f"Classes of the data: {', '.join(dataset.classes)}.",
            "Correct the mapping.",
        )
    strange = [name for name in dataset.classes if meaning[name] not in ("", *classes) and name in used]
    if strange:
        raise ConfigError(
            f"The data have the class {strange[0]!r}, which the model does not know.",
            f"Classes of the model: {', '.join(classes)}.",
            f"Say what each class stands for, such as {strange[0]}={classes[0]}, or {strange[0]}= for no label.",
        )
    known = {name: other if other in classes else None for name, other in meaning.items()}
    return LabelMapped(dataset, classes, positive, known)
