"""Any images named by a table: a CSV or Parquet file with a path and a label a row."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, cast

import pandas as pd
from pydantic import Field

from histo_core.config import Config
from histo_core.data.dataset import DATASETS, Dataset, DatasetInfo, Problem
from histo_core.data.formats.images import KINDS
from histo_core.data.formats.unpacked import in_own_folder
from histo_core.data.formats.walk import Walk
from histo_core.data.sources.alike import MEANT, refuse_alike
from histo_core.data.sources.image_files import ImageFilesDataset, usable_rows
from histo_core.data.sources.manifest_files import NamedFiles, read_manifest
from histo_core.data.sources.manifest_rows import class_names, contradicted, label_numbers, parts, place, plain
from histo_core.errors import ConfigError
from histo_core.workspace import Workspace

_IDS = {"patient_id", "slide_id", "group"}
_PLACES = {"x", "y"}
_SHOWN = 10


class ManifestOptions(Config):
    """Which file, and what its labels mean."""

    file: str = Field(
        default="manifest.csv", title="Table", description="A .csv or .parquet file directly in the folder"
    )
    classes: str | None = Field(
        default=None,
        title="Class names",
        description="Separated by commas, in the order of the labels 0, 1, ...; none takes the labels themselves",
    )
    positive: str | None = Field(
        default=None, title="Class of interest", description="A class's name; none takes the last"
    )
    alike: bool = Field(
        default=False,
        title=MEANT,
        description="Take labels such as tumor and tumour for two classes instead of refusing them",
    )


@DATASETS.register("manifest")
class ManifestDataset(ImageFilesDataset):
    """Images named by a table. Paths are relative to its folder and stay inside it.

    Needed are the columns ``path`` and ``label`` (names, or numbers). ``split`` (train, valid, test or empty),
    ``sample_id`` (else the path), ``patient_id``, ``slide_id``, ``group``, ``x`` and ``y`` (pixels) mean what they
    mean in every data set; all further columns are kept as they are, with numbers as numbers. An empty cell is a
    missing value. Rows without a label, a file or a usable path are problems, and so are rows that share an id and say
    different things of it. Paths may be those of Windows (see `NamedFiles.find`). Images that no row names are counted
    as left out.
    """

    info: ClassVar[DatasetInfo] = DatasetInfo(
        title="Table of images",
        summary=f"Your own patches ({KINDS}), named by a CSV or Parquet file with one row a patch.",
        source="your own",
        licence="your own",
        layout="manifest.csv with the columns path and label, and if known split, patient_id, slide_id, x, y, ...; "
        "paths are relative to its folder.",
    )
    Options: ClassVar[type[Config]] = ManifestOptions

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        """Open the table and look for its files.

        Raises:
            DataNotFoundError: there is no such table.
            UnsafeFileError, CorruptDataError: the table is too large, cannot be read, or has one class only, or two
                that look like one spelled twice.
            ConfigError: a class of interest that there is not, or a table that is not named plainly.
            BrokenFilesError: not one row can be used.
        """
        walk, options = Walk(cast(Path, root)), cast(ManifestOptions, options)
        file = _file(walk.root, options.file)
        table = plain(read_manifest(workspace.allowed(file)))
        classes = class_names([label for label in table["label"] if label], options.classes)
        refuse_alike(classes, options.file, "Correct the column label.", meant=options.alike)
        if options.positive not in (None, *classes):
            raise ConfigError(
                f"positive = {options.positive!r} is no class of {options.file}.",
                f"Classes: {', '.join(classes)}.",
                "Choose one of these.",
            )
        rows = _meant(table, classes, walk)
        named = [file, *(walk.root / path for path in table["path"])]
        table = usable_rows(rows, walk)
        paths = table.pop("path").tolist()
        dataset = cls("manifest", table, classes, paths, positive=options.positive, problems=walk.problems)
        dataset.survey = walk.survey(files=named, images=f"images that no row of {options.file} names")
        return dataset


def _file(root: Path, name: str) -> Path:
    if Path(name).name != name:
        raise ConfigError(
            f"file = {name!r} is more than a file's name.", "A table lies directly in the folder.", "Name it alone."
        )
    return in_own_folder(root / name)


def _meant(columns: dict[str, list], classes: tuple[str, ...], walk: Walk) -> pd.DataFrame:
    """The rows that can be used, as a data set has them, with their paths; the others become problems."""
    files = NamedFiles(walk.root)
    found = [files.find(path) for path in columns["path"]]
    columns["path"] = paths = [path for path, _ in found]
    wrong = _wrong(columns, classes, [what for _, what in found])
    ids = [
        name or path or f"row {row}"
        for row, (name, path) in enumerate(zip(columns.get("sample_id", paths), paths, strict=True), 1)
    ]
    wrong = contradicted(columns | {"sample_id": ids}, wrong)
    walk.problems += [Problem(name, what) for name, what in zip(ids, wrong, strict=True) if what]
    meant = columns | {"sample_id": ids, "label": label_numbers(columns["label"], classes)}
    if "split" in columns:
        meant["split"] = parts(columns["split"])
    for name in _PLACES & columns.keys():
        meant[name] = [place(cell) for cell in columns[name]]
    for name in _IDS & columns.keys():
        meant[name] = [text or None for text in columns[name]]
    meant["path"] = [walk.root / path for path in paths]
    return pd.DataFrame(meant).loc[[not what for what in wrong]]


def _wrong(columns: dict[str, list], classes: tuple[str, ...], paths: list[str]) -> list[str]:
    """What is wrong with each row, as a clause, or ""; ``paths`` is what is wrong with its path."""
    wrong = [*paths]

    def note(column: str, bad: Iterable[bool], what: str) -> None:
        for row, is_bad in enumerate(bad):
            if is_bad and not wrong[row]:
                wrong[row] = f"has {what} {columns[column][row]!r}"

    note("label", label_numbers(columns["label"], classes) < 0, f"none of the labels {_some(classes)}:")
    if "split" in columns:
        note("split", [part is None for part in parts(columns["split"])], "none of the parts train, valid, test:")
    for name in _PLACES & columns.keys():
        bad = [cell is not None and math.isnan(place(cell)) for cell in columns[name]]
        note(name, bad, f"no position in {name}:")
    return wrong


def _some(classes: tuple[str, ...]) -> str:
    return ", ".join(classes[:_SHOWN]) + (", ..." if len(classes) > _SHOWN else "")
