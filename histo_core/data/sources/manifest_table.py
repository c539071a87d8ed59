"""Any images listed in a table: a CSV or Parquet file with a path and a label in each row."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, cast

import pandas as pd
from pydantic import Field

from histo_core.config import Config
from histo_core.data.dataset import DATASETS, Dataset, DatasetInfo, Problem
from histo_core.data.formats.folder_look import FolderLook, Signs, head_of_table
from histo_core.data.formats.images import KINDS
from histo_core.data.formats.unpacked import in_own_folder
from histo_core.data.formats.walk import Walk
from histo_core.data.sources.alike import MEANT, refuse_alike
from histo_core.data.sources.image_files import ImageFilesDataset, usable_rows
from histo_core.data.sources.manifest_files import NamedFiles, read_manifest
from histo_core.data.sources.manifest_rows import class_names, contradicted, label_numbers, place, plain, sets_named
from histo_core.errors import ConfigError
from histo_core.workspace import Workspace

_IDS = {"patient_id", "slide_id", "group"}
_PLACES = {"x", "y"}
_SHOWN = 10
_TRIED = 20
"""Tables that are looked at, and rows whose image is looked for, where a folder is to be recognised."""


class ManifestOptions(Config):
    """The table file, and the meaning of its labels."""

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
    """Images listed in a table. Paths are relative to its folder and stay inside it.

    The columns ``path`` and ``label`` (names or numbers) are required. ``split`` (train, valid, test or empty),
    ``sample_id`` (default: the path), ``patient_id``, ``slide_id``, ``group``, ``x`` and ``y`` (pixels) have the same
    meaning as in every data set. All further columns are kept as they are, with numbers as numbers. An empty cell is a
    missing value. Rows without a label, a file or a usable path are problems, and so are rows that share an id and
    differ. Paths may come from Windows (see `NamedFiles.find`). Images that no row names count as left out.
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
    def signs(cls, look: FolderLook) -> Signs | None:
        """Know the folder by a table with the columns path and label, whose first image is there."""
        usual = str(ManifestOptions.model_fields["file"].default)
        tables = [name for name in look.names(look.root).files if name.lower().endswith((".csv", ".parquet"))]
        for name in sorted(tables[:_TRIED], key=lambda name: name != usual):
            columns, *rows = head_of_table(look.root / name) or [[]]
            if not {"path", "label"} <= set(columns):
                continue
            paths = [row[columns.index("path")] for row in rows[:_TRIED] if len(row) == len(columns)]
            files = NamedFiles(look.root)
            lost = bool(paths) and all(files.wrong(path) for path in paths)
            return Signs(
                (f"{name} with the columns {_some(tuple(columns))}",),
                {} if name == usual else {"file": name},
                missing=f"the images that {name} names, such as {paths[0]}" if lost else "",
            )
        return None

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        """Open the table and look for its files.

        Raises:
            DataNotFoundError: there is no such table.
            UnsafeFileError, CorruptDataError: the table is too large, cannot be read, has only one class, or has two
                that look like one in two spellings.
            ConfigError: an unknown class of interest, or a table whose name is not a plain file name.
            BrokenFilesError: no row can be used.
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


def _meant(columns: dict[str, list[Any]], classes: tuple[str, ...], walk: Walk) -> pd.DataFrame:
    """Return the usable rows with the columns of a data set and their paths; the others become problems."""
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
        meant["split"] = sets_named(columns["split"])
    for name in _PLACES & columns.keys():
        meant[name] = [place(cell) for cell in columns[name]]
    for name in _IDS & columns.keys():
        meant[name] = [text or None for text in columns[name]]
    meant["path"] = [walk.root / path for path in paths]
    return pd.DataFrame(meant).loc[[not what for what in wrong]]


def _wrong(columns: dict[str, list[Any]], classes: tuple[str, ...], paths: list[str]) -> list[str]:
    """Return each row's fault as a clause, or ""; ``paths`` has the faults of the paths."""
    wrong = [*paths]

    def note(column: str, bad: Iterable[bool], what: str) -> None:
        for row, is_bad in enumerate(bad):
            if is_bad and not wrong[row]:
                wrong[row] = f"has {what} {columns[column][row]!r}"

    note("label", label_numbers(columns["label"], classes) < 0, f"none of the labels {_some(classes)}:")
    if "split" in columns:
        note(
            "split",
            [split_set is None for split_set in sets_named(columns["split"])],
            "none of the sets train, valid, test:",
        )
    for name in _PLACES & columns.keys():
        bad = [cell is not None and math.isnan(place(cell)) for cell in columns[name]]
        note(name, bad, f"no position in {name}:")
    return wrong


def _some(classes: tuple[str, ...]) -> str:
    return ", ".join(classes[:_SHOWN]) + (", ..." if len(classes) > _SHOWN else "")
