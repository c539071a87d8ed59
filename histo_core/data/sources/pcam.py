"""PatchCamelyon as published: one HDF5 file of patches and one of labels for each set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple, TypeVar, cast

import numpy as np
import pandas as pd

from histo_core.config import Config
from histo_core.data.dataset import DATASETS, SPLIT_SETS, Dataset, DatasetInfo, Problem
from histo_core.data.formats.hdf5 import HDF5Array, open_array, open_column
from histo_core.data.formats.left_out import Survey
from histo_core.data.sources.pcam_files import FILE_KINDS, Files, find_files, pcam_file
from histo_core.data.sources.pcam_meta import UNSAID, read_meta
from histo_core.data.sources.pcam_unpacked import plain_path, unpack_all
from histo_core.data.sources.synonyms import tumour_synonyms
from histo_core.errors import BrokenFilesError, CorruptDataError, DataError, DataNotFoundError
from histo_core.progress import Progress, silent
from histo_core.workspace import Workspace

CLASSES = ("normal", "tumour")
MICRONS_PER_PIXEL = 0.972
"""Micrometres: CAMELYON16's 0.243 at 40x, downsampled by four to 10x."""

PATCH_SHAPE = (96, 96, 3)

_T = TypeVar("_T")


class _PcamSet(NamedTuple):
    """Patches of one set, and which rows can be used."""

    table: pd.DataFrame
    patches: HDF5Array
    rows: np.ndarray
    problems: list[Problem]
    sources: list[Path]


@DATASETS.register("pcam")
class PCam(Dataset):
    """Patches with the published split, and slides and positions if the metadata CSV is in the folder.

    Slides are those of CAMELYON16; which slides belong to one patient is not published. Columns, if the CSV has them:
    ``slide_id``, ``x``, ``y``, ``camelyon_split`` (train, test), ``slide_type`` (normal, tumor), ``slide_number``,
    ``tumor_patch`` (any tumour pixel in the patch, not only in its centre).
    Paper: Veeling et al., Rotation Equivariant CNNs for Digital Pathology, MICCAI 2018.
    """

    info: ClassVar[DatasetInfo] = DatasetInfo(
        title="PatchCamelyon",
        summary="Lymph node patches of 96 x 96 pixels: is there metastasis in the central 32 x 32 box?",
        source="https://github.com/basveeling/pcam",
        licence="CC0-1.0",
        layout=(
            "camelyonpatch_level_2_split_<train|valid|test>_x.h5 and _y.h5, as they are or packed (.h5.gz), at least "
            "one pair; _meta.csv beside them adds slides and positions. Folders below are looked through, and so is "
            "Kaggle's copy (<training|validation|test>_split.h5 and Labels/Labels)."
        ),
        label_box=32,
        synonyms=tumour_synonyms("metastasis", "metastatic", "metastatic tissue"),
        expected_counts={"train": 262_144, "valid": 32_768, "test": 32_768},
        checksums={  # of the published archives
            f"{pcam_file(split_set, what)}.h5.gz": f"md5:{md5}"
            for split_set, what, md5 in (
                ("train", "x", "1571f514728f59376b705fc836ff4b63"),
                ("train", "y", "35c2d7259d906cfc8143347bb8e05be7"),
                ("valid", "x", "d5b63470df7cfa627aeec8b9dc0c066e"),
                ("valid", "y", "2b85f58b927af9964a4c15b8f7e8f179"),
                ("test", "x", "d8c2d60d490dbd479f8199bdfa0cf6ec"),
                ("test", "y", "60a7035772fbdb7f34eb86d4420cf66a"),
            )
        }
        | {
            pcam_file(split_set, "meta.csv"): f"md5:{md5}"
            for split_set, md5 in (
                ("train", "5a3dd671e465cfd74b5b822125e65b0a"),
                ("valid", "67589e00a4a37ec317f2d1932c7502ca"),
                ("test", "3455fd69135b66734e1008f3af684566"),
            )
        },
    )

    def __init__(self, opened: Sequence[_PcamSet], problems: Sequence[Problem]) -> None:
        super().__init__(
            "pcam",
            pd.concat([one.table for one in opened], ignore_index=True),
            CLASSES,
            microns_per_pixel=MICRONS_PER_PIXEL,
            problems=problems,
            sources=[path for one in opened for path in one.sources],
        )
        self._patches = tuple(one.patches for one in opened)
        self.mapped = all(patches.mapped for patches in self._patches)
        self._starts = np.cumsum([0, *(len(patches) for patches in self._patches)])
        self._rows = np.concatenate([one.rows + start for one, start in zip(opened, self._starts, strict=False)])

    @classmethod
    def prepare(cls, root: Path | None, options: Config, workspace: Workspace, progress: Progress = silent) -> None:
        """Unpack the ``.h5.gz`` files into the workspace; files that were unpacked before stay.

        Damaged files are reported when the data set is opened.

        Raises:
            HistoscopeError: as `unpack_all`.
        """
        del options
        unpack_all(find_files(cast(Path, root), workspace)[0], workspace, progress)

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> PCam:
        """Open the data set; compressed files are unpacked first if `prepare` has not done so.

        A set with a file that cannot be used is one problem; each single row that cannot be used is one, too.

        Raises:
            DataNotFoundError: no set is there.
            BrokenFilesError: no patch can be used.
            PathNotAllowedError: a file is a link that leads out of the allowed folders.
        """
        root = cast(Path, root)  # needs_root
        files, broken = find_files(root, workspace)
        broken += unpack_all(files, workspace)
        out = {split_set for split_set, _ in broken}
        opened = [
            one
            for name in SPLIT_SETS
            if name not in out and (one := _open_set(name, root, files, workspace, broken)) is not None
        ]
        problems = [Problem(pcam_file(split_set, "*"), error.found.rstrip(".")) for split_set, error in broken]
        problems += [problem for one in opened for problem in one.problems]
        if not any(len(one.table) for one in opened):
            if problems:
                raise BrokenFilesError(problems, "No patch is left: copy or download the files again.")
            there = Survey(root).left_out
            raise DataNotFoundError(
                f"{root} holds no set of PCam with a patch{f', but {there.words}' if there.count else ''}.",
                cls.info.layout,
                "Check the folder, or give its files these names.",
            )
        dataset = cls(opened, problems)
        dataset.survey = Survey(root, files=frozenset(str(file.entry) for file in files.values()))
        return dataset

    def read_source(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """Read the pixels of some patches, uint8 [n, 96, 96, 3]."""
        rows = self._rows[np.asarray(indices, np.int64)]
        places = np.searchsorted(self._starts, rows, side="right") - 1
        if len(rows) and (places == places[0]).all():  # true for every batch of a split; saves a second copy
            return self._patches[places[0]].read(rows - self._starts[places[0]])
        pixels = np.empty((len(rows), *PATCH_SHAPE), np.uint8)
        for place in np.unique(places):
            pixels[places == place] = self._patches[place].read(rows[places == place] - self._starts[place])
        return pixels


def _open_set(
    split_set: str, root: Path, files: Files, workspace: Workspace, broken: list[tuple[str, DataError]]
) -> _PcamSet | None:
    """Open one set; None where it has no files or one cannot be used; ``broken`` collects the reasons."""
    found = {what: plain_path(files[split_set, what], workspace) for what in FILE_KINDS if (split_set, what) in files}
    if not found.keys() & {"x.h5", "y.h5"}:
        return None

    def or_note(use: Callable[[], _T]) -> _T | None:
        try:
            return use()
        except DataError as error:
            broken.append((split_set, error))
            return None

    x, y = (found.get(what, root / pcam_file(split_set, what)) for what in ("x.h5", "y.h5"))
    patches = or_note(lambda: open_array(x, "x", shape=(None, *PATCH_SHAPE)))
    labels = or_note(lambda: _labels(y))
    if patches is None or labels is None:
        return None
    return or_note(lambda: _joined_set(split_set, patches, x, labels, y, found.get("meta.csv")))


def _joined_set(
    split_set: str, patches: HDF5Array, x: Path, labels: np.ndarray, y: Path, meta: Path | None
) -> _PcamSet:
    """Join the patches, labels and, if present, metadata of one set; each was checked alone before."""
    if len(patches) != len(labels):
        raise CorruptDataError(
            f"{x.name} holds {len(patches):,} patches and {y.name} {len(labels):,} labels.",
            "There must be one label a patch.",
            "Check that both files belong to the same set and are whole.",
        )
    ids = [f"{split_set}-{row:06d}" for row in range(len(labels))]
    table = pd.DataFrame({"sample_id": ids, "label": labels, "split": split_set})
    given = f"has the label {{:g}} in {y.name}"
    problems = {row: f"{given.format(labels[row])}, not 0 or 1" for row in _row_numbers(~np.isin(labels, (0, 1)))}
    if meta is None:
        table["slide_id"] = None
    else:
        columns, centre, wrong = read_meta(meta, len(labels))
        table, problems = table.join(columns), wrong | problems
        for row in _row_numbers((centre != UNSAID) & (centre != labels)):
            other = f"center_tumor_patch {bool(centre[row])} in {meta.name}"
            problems.setdefault(row, f"{given.format(labels[row])}, but {other}")
    usable = np.delete(np.arange(len(labels)), list(problems))
    return _PcamSet(
        table.iloc[usable].astype({"label": np.int64}),
        patches,
        usable,
        [Problem(ids[row], problems[row]) for row in sorted(problems)],
        [x] if meta is None else [x, meta],
    )


def _labels(path: Path) -> np.ndarray:
    """Read the labels, float64 [n]; not yet checked to be 0 or 1."""
    stored = open_column(path, "y")
    return stored.read(np.arange(len(stored))).reshape(-1).astype(np.float64)


def _row_numbers(wrong: np.ndarray) -> list[int]:
    return np.flatnonzero(wrong).tolist()
