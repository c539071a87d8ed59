"""How many files a reader opens: the longest walk to pixels and the one way in to a data set stay short."""

from __future__ import annotations

from pathlib import Path

import pytest

from histo_core.workspace import Workspace
from scripts.walk import PHANTOM, Step, figures, follow, walks

MOST = {PHANTOM: (21, 7), ".png": (32, 11), ".jpg": (32, 11)}
"""Stops and climbs of opening a data set from a page, as it was measured: nothing is added to it unseen."""


@pytest.mark.parametrize("suffix", MOST)
def test_the_walks_stay_short(suffix: str, workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    (_, opening), (_, to_pixels) = walks(folder, suffix)
    stops, _, climbs = figures(to_pixels)
    assert stops <= 10
    assert climbs <= 2
    stops, _, climbs = figures(opening)
    assert stops <= MOST[suffix][0]
    assert climbs <= MOST[suffix][1]
    assert to_pixels[0] == Step("pages/shared/components/data_choice.py", "opened", None)


def test_functions_are_listed_where_they_are_first_entered(tmp_path: Path) -> None:
    below: dict[str, object] = {}
    for name, text in (
        ("low", "def read():\n    return [1 for _ in range(3)]\n"),
        ("other", "def check():\n    return helped()\ndef helped():\n    return True\n"),
    ):
        exec(compile(text, tmp_path / f"{name}.py", "exec"), below)  # noqa: S102 (frames must name these files)
    exec(compile("def top():\n    read()\n    check()\n    read()\n", tmp_path / "top.py", "exec"), below)  # noqa: S102
    steps = follow(below["top"], tmp_path)  # type: ignore[arg-type]
    assert steps == (
        Step("top.py", "top", None),
        Step("low.py", "read", "top.py"),
        Step("other.py", "check", "top.py"),
        Step("other.py", "helped", "other.py"),
    )
    assert figures(steps) == (3, 3, 1)  # to other.py the reader goes back up to top.py


def test_a_file_that_is_turned_to_again_is_another_stop_and_no_climb() -> None:
    there_and_back = (Step("a", "f", None), Step("b", "g", "a"), Step("a", "h", "a"))
    assert figures(there_and_back) == (3, 2, 0)
    assert figures(()) == (0, 0, 0)
