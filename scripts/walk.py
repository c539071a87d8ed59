"""Print what a reader opens, in turn, to follow a patch from its id to its pixels, and a data set as it is opened.

    python -m scripts.walk          # from the project's root

Calls are traced, and the project's own functions listed in the order in which each is first entered. The figures:

* stops: how often the reader turns to another file; functions of one file that follow each other count once;
* rooms: the files among them;
* climbs: the files that are not called from the file that was new before, so that the reader goes back up.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PHANTOM = ""
SUFFIXES = (PHANTOM, ".png", ".jpg")
"""Of the image files that are followed; `PHANTOM` stands for phantom tissue."""


class Step(NamedTuple):
    """A function, where it was first entered: its file, its name, and its caller's file (None for the first)."""

    file: str
    name: str
    caller: str | None


def figures(steps: tuple[Step, ...]) -> tuple[int, int, int]:
    """Return stops, rooms and climbs."""
    files = [step.file for step in steps]
    callers = {step.file: step.caller for step in reversed(steps)}  # of the first function of each
    stops = bool(files) + sum(now != before for before, now in pairwise(files))
    climbs = sum(callers[now] != before for before, now in pairwise(dict.fromkeys(files)))
    return stops, len(callers), climbs


def follow(call: Callable[[], object], root: Path = ROOT) -> tuple[Step, ...]:
    """Call a function, and return the functions in files under ``root`` that it enters in this thread."""
    found: dict[tuple[str, str], Step] = {}
    open_files: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        code, path = frame.f_code, Path(frame.f_code.co_filename)
        if event not in ("call", "return") or not path.is_relative_to(root) or path == Path(__file__):
            return
        file = str(path.relative_to(root))
        if code.co_name.startswith("<") or file.startswith((".venv", "tests")):  # imports, comprehensions
            return
        if event == "return":
            open_files.pop()
            return
        caller = open_files[-1] if open_files else None
        found.setdefault((file, code.co_qualname), Step(file, code.co_qualname, caller))
        open_files.append(file)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(before)
    return tuple(found.values())


def walks(folder: Path, suffix: str) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """Yield the walk of opening a data set as Data does, then that to pixels as Explain does; each with a title.

    ``folder`` is an empty one, which may be read; ``suffix`` is one of `SUFFIXES`.
    """
    from histo_core.config import DataConfig
    from histo_core.data.opening import prepare_dataset
    from histo_core.workspace import Workspace
    from pages.explain import patches
    from pages.shared.components import data_choice

    workspace, rng, what = Workspace.default(), np.random.default_rng(0), suffix or "phantom"
    for number in range(4 if suffix else 0):
        place = folder / ("normal", "tumour")[number % 2] / f"{number}{suffix}"
        place.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(1, 255, (32, 32, 3), np.uint8)).save(place)
    data = DataConfig(dataset="folder", root=str(folder)) if suffix else DataConfig(options={"patches": 80})
    prepare_dataset(data, workspace)
    yield f"Opening a data set ({what}) from a page", follow(lambda: data_choice.opened_or_job(data, workspace))
    sample = str(data_choice.opened(data, workspace).table["sample_id"][0])

    def pixels() -> object:
        return patches.pixels_of(data_choice.opened(data, workspace), sample)

    pixels()  # what is compiled once a process is no step
    yield f"A patch id of an open data set ({what}) to its pixels", follow(pixels)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"HISTOSCOPE_HOME": f"{home}/home", "HISTOSCOPE_DATA_ROOTS": home}
        for suffix in SUFFIXES:
            for title, steps in walks(Path(tempfile.mkdtemp(dir=home)), suffix):
                print("{}: {} stops in {} rooms, {} climbs".format(title, *figures(steps)))
                print(*(f"    {step.file}: {step.name}" for step in steps), sep="\n")
