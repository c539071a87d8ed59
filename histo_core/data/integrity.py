"""Find the files of a data set that cannot be used: every image is decoded once, and the result is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from histo_core.data.dataset import Dataset, Problem
from histo_core.data.formats.left_out import LeftOut
from histo_core.data.subset import Subset
from histo_core.disk_errors import kept_if_possible
from histo_core.errors import BrokenFilesError, DataError
from histo_core.files import read_json, read_kept, write_json
from histo_core.progress import Progress, silent
from histo_core.workspace import Workspace

Size = tuple[int, int]
"""Height and width, in pixels."""

_BATCH = 64


@dataclass(frozen=True)
class FileCheck:
    """Result of decoding every image.

    Attributes:
        problems: samples whose pixels cannot be read, in the order of the table; ``where`` is the sample id.
        checked: how many samples were checked.
        sizes: how many images there are of each (height, width), in pixels, the most frequent first.
        left_out: files in the folder that are not read.
    """

    problems: tuple[Problem, ...]
    checked: int
    sizes: Mapping[Size, int]
    left_out: LeftOut = field(default_factory=LeftOut)

    @property
    def odd(self) -> dict[Size, int]:
        """All sizes but the most frequent one; a patch at a slide's edge is often smaller."""
        return dict(list(self.sizes.items())[1:])


def check_files(dataset: Dataset, progress: Progress = silent) -> FileCheck:
    """Decode every image of a data set once, from its own files; unreadable images do not stop the check.

    It uses one thread. On patches of 50 to 700 pixels two or four threads were measured to be no faster, because most
    time is spent between the files and not in the decoder.

    Args:
        dataset: the data set.
        progress: receives the number of checked samples; may raise CancelledError.
    """
    return replace(_decoded(dataset, progress), left_out=dataset.left_out)


def _decoded(dataset: Dataset, progress: Progress) -> FileCheck:
    problems: list[Problem] = []
    sizes: Counter[Size] = Counter()
    total = len(dataset)
    for start in range(0, total, _BATCH):
        rows = np.arange(start, min(start + _BATCH, total))
        problems += _read(dataset, rows, sizes)
        progress(start + len(rows), total)
    return FileCheck(tuple(problems), total, dict(sizes.most_common()))


def stored_or_new_check(dataset: Dataset, workspace: Workspace, progress: Progress = silent) -> FileCheck:
    """Return the check of a data set's files; it is made now unless it is stored.

    Raises:
        CancelledError: ``progress`` requested it; nothing is stored.
    """
    return replace(_made(dataset, workspace, progress), left_out=dataset.left_out)


def image_sizes(dataset: Dataset, workspace: Workspace, progress: Progress = silent) -> Mapping[Size, int]:
    """Return how many images there are of each (height, width), the most frequent first.

    Data sets that are one array have one size; of image files each is decoded once, and the check of them is kept.

    Raises:
        BrokenFilesError: images that cannot be read.
        CancelledError: ``progress`` requested it; nothing is stored.
    """
    if not dataset.one_file_each:
        height, width = dataset.read([0])[0].shape[:2]
        return {(height, width): len(dataset)}
    check = _made(dataset, workspace, progress)
    if check.problems:
        raise BrokenFilesError(
            check.problems, "Mend or remove them, or say that broken files are left out (skip_broken)."
        )
    return check.sizes


def stored_check(dataset: Dataset, workspace: Workspace) -> FileCheck | None:
    """Return the stored check of a data set with its current files, or None."""
    kept = _kept(dataset, workspace)
    return None if kept is None else replace(kept, left_out=dataset.left_out)


def without_broken(dataset: Dataset, workspace: Workspace, progress: Progress = silent) -> Dataset:
    """Return the data set without the samples whose pixels cannot be read; the same one where all can be.

    Raises:
        BrokenFilesError: no sample can be read.
        CancelledError: ``progress`` requested it.
    """
    check = _made(dataset, workspace, progress)
    if not check.problems:
        return dataset
    if len(check.problems) == len(dataset):
        raise BrokenFilesError(check.problems, "No sample is left: check that this is the right folder.")
    broken = [problem.where for problem in check.problems]
    rows = np.flatnonzero(~dataset.table["sample_id"].isin(broken).to_numpy())
    rest = Subset(dataset, rows, check.problems)
    _keep(FileCheck((), len(rest), check.sizes), rest, workspace)
    return rest


def _made(dataset: Dataset, workspace: Workspace, progress: Progress) -> FileCheck:
    """Do the same as `stored_or_new_check`, but without counting the other files in the folder."""
    known = _kept(dataset, workspace)
    if known is not None:
        return known
    check = _decoded(dataset, progress)
    _keep(check, dataset, workspace)
    return check


def _kept(dataset: Dataset, workspace: Workspace) -> FileCheck | None:
    path = _path(dataset, workspace)
    kept = read_kept(path, lambda: _from_json(read_json(path)))
    return kept if kept is not None and kept.checked == len(dataset) else None  # earlier versions stopped at a limit


def _read(dataset: Dataset, rows: np.ndarray, sizes: Counter[Size]) -> list[Problem]:
    """Count the sizes of some images; unreadable ones are found by reading each image alone."""
    try:
        sizes.update([(image.shape[0], image.shape[1]) for image in dataset.each_source(rows)])
    except DataError as error:
        if len(rows) == 1:
            return [Problem(str(dataset.table["sample_id"].iloc[rows[0]]), _clause(error, dataset, int(rows[0])))]
        return [problem for row in rows for problem in _read(dataset, np.array([row]), sizes)]
    return []


def _clause(error: DataError, dataset: Dataset, row: int) -> str:
    """Describe what is wrong, without the path of the sample's own file, because its id names it."""
    own = f"{dataset.sources[row]} " if dataset.one_file_each else ""
    return error.found.removeprefix(own).rstrip(".")


def _path(dataset: Dataset, workspace: Workspace) -> Path:
    return workspace.data / "checks" / f"{dataset.pixels_state}.json"


def _keep(check: FileCheck, dataset: Dataset, workspace: Workspace) -> None:
    facts = {
        "problems": check.problems,
        "checked": check.checked,
        "sizes": [[*size, count] for size, count in check.sizes.items()],
    }
    with kept_if_possible("The check of its files"):
        write_json(_path(dataset, workspace), facts)


def _from_json(kept: Any) -> FileCheck:
    return FileCheck(
        tuple(Problem(*problem) for problem in kept["problems"]),
        kept["checked"],
        {(height, width): count for height, width, count in kept["sizes"]},
    )
