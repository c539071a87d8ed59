"""The five published patient-wise folds of BreaKHis (70% of the patients for training, 30% for test), or our own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

import numpy as np

from histo_core.data.dataset import Problem
from histo_core.data.formats.walk import Walk
from histo_core.data.splits.partition import partition_groups
from histo_core.errors import CorruptDataError
from histo_core.regular_files import read_regular

_SPLIT_SETS = ("train", "test")
_MAX_BYTES = 10 << 20
"""The published files have 7,909 lines of about 40 bytes."""


def published_sets(file: Path, fold: int, samples: Sequence[str], magnification: int, walk: Walk) -> list[str]:
    """Return each image's set by a file of lines ``name.png|magnification|fold|train or test``.

    Args:
        file: dsfold1.txt to dsfold5.txt.
        fold: the number that each line must have.
        samples: names of the images, without suffix.
        magnification: only lines of this magnification count; 0 for all.
        walk: collects as problems the lines that cannot be read, the images that the file puts into both sets, and the
            images that the file names and the folder lacks.

    Returns:
        "train" or "test" for each image; "" for one that the file does not name or puts into both sets.

    Raises:
        CorruptDataError: too large, not text, or naming none of the images.
    """
    split_sets: dict[str, set[str]] = {}
    for number, line in enumerate(_lines(file), 1):
        columns = [column.strip() for column in line.split("|")]
        if len(columns) != 4 or columns[2] != str(fold) or columns[3] not in _SPLIT_SETS:
            walk.problems.append(
                Problem(f"{file.name}, line {number}", f"is not name|magnification|{fold}|train or test")
            )
        elif magnification in (0, *_number(columns[1])):
            name = PureWindowsPath(columns[0]).stem  # PureWindowsPath splits at both kinds of slash
            split_sets.setdefault(name, set()).add(columns[3])
    known = set(samples)
    for name, given in split_sets.items():
        if name not in known:
            walk.problems.append(Problem(name, f"stands in {file.name} and has no file"))
        elif len(given) > 1:
            walk.problems.append(Problem(name, f"is for both training and test in {file.name}"))
    if known.isdisjoint(split_sets):
        raise CorruptDataError(
            f"{file} names none of the images.", f"Lines name|magnification|{fold}|train or test.", "Check the file."
        )
    return ["".join(given) if len(given := split_sets.get(name, ())) == 1 else "" for name in samples]


def own_sets(patients: np.ndarray, labels: np.ndarray, fold: int) -> list[str]:
    """Divide patients into 70% for training and 30% for test, differently for each fold.

    Args:
        patients: the patient of each image.
        labels: int class of each image; class shares are kept as well as possible.
        fold: number of the fold, which seeds the draw.

    Raises:
        SplitError: fewer than two patients.
    """
    return partition_groups(patients, labels, {"test": 0.3}, fold, kind="patient").tolist()


def _lines(file: Path) -> list[str]:
    try:
        text = read_regular(file, _MAX_BYTES).decode()
    except OSError as error:
        raise CorruptDataError(
            f"{file} cannot be read: {error.strerror}.", "A text of a few thousand lines.", "Check the file."
        ) from None
    except UnicodeDecodeError:
        raise CorruptDataError(f"{file} is not text.", "UTF-8 is expected.", "Download it again.") from None
    return [line for line in text.splitlines() if line.strip()]


def _number(text: str) -> tuple[int, ...]:
    return (int(text),) if text.isdecimal() else ()
