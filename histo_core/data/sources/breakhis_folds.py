"""The five patient-wise divisions that BreaKHis's authors published: 70% of the patients train, 30% test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from histo_core.data.base import Problem
from histo_core.data.formats.walk import Walk
from histo_core.errors import CorruptDataError

_PARTS = ("train", "test")
_MAX_BYTES = 10 << 20
"""The published files have 7,909 lines of some 40 bytes."""


def published_parts(file: Path, samples: Sequence[str], magnification: int, walk: Walk) -> list[str]:
    """The part of each image by a file of lines ``name.png|magnification|fold|train or test``.

    Args:
        file: dsfold1.txt to dsfold5.txt.
        samples: the images' names, without suffix.
        magnification: the one whose lines count; 0 for all.
        walk: takes lines that cannot be read, and images that the file names and the folder lacks, as problems.

    Returns:
        "train" or "test" for each image, "" for one that the file does not name.

    Raises:
        CorruptDataError: too large, or not text.
    """
    parts: dict[str, str] = {}
    for number, line in enumerate(_lines(file), 1):
        columns = [column.strip() for column in line.split("|")]
        if len(columns) != 4 or columns[3] not in _PARTS:
            walk.problems.append(Problem(f"{file.name}, line {number}", "is not name|magnification|fold|train or test"))
        elif magnification in (0, *_number(columns[1])):
            parts[Path(columns[0]).stem] = columns[3]
    walk.problems += [Problem(name, f"stands in {file.name} and has no file") for name in parts.keys() - set(samples)]
    return [parts.get(name, "") for name in samples]


def _lines(file: Path) -> list[str]:
    if file.stat().st_size > _MAX_BYTES:
        raise CorruptDataError(
            f"{file} has {file.stat().st_size:,} bytes.", f"At most {_MAX_BYTES:,} are read.", "Check the file."
        )
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CorruptDataError(f"{file} is not text.", "UTF-8 is expected.", "Download it again.") from None
    return [line for line in text.splitlines() if line.strip()]


def _number(text: str) -> tuple[int, ...]:
    return (int(text),) if text.isdecimal() else ()
