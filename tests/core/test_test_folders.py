"""The tests lie where what they test lies: a folder a room."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TESTS, ROOMS = PROJECT / "tests", PROJECT / "histo_core"

OF_NO_ROOM = {"browser", "core", "packaging", "soak"}
"""Pages in a browser, the modules beside the rooms, the wheel and the Makefile, and what takes an hour."""


def folders(root: Path) -> set[str]:
    """Name the folders of a tree that hold Python files of its own, by their path below it."""
    return {str(path.parent.relative_to(root)) for path in root.rglob("*.py") if path.parent != root}


def room_of(folder: str) -> str:
    return folder.split("/")[0]


def test_each_folder_of_tests_is_a_room_a_part_of_one_or_a_folder_of_the_project() -> None:
    beside = {path.name for path in PROJECT.iterdir() if path.is_dir()}
    tested = {folder for folder in folders(TESTS) if room_of(folder) not in beside | OF_NO_ROOM}
    assert tested - folders(ROOMS) == set()
    assert {"jobs", "prediction", "data/storage", "runs/store"} <= tested


def test_each_room_has_tests() -> None:
    rooms = {room_of(folder) for folder in folders(ROOMS)}
    assert rooms - {room_of(folder) for folder in folders(TESTS)} == set()


def test_what_lies_in_a_room_tests_that_room() -> None:
    rooms = {room_of(folder) for folder in folders(ROOMS)} - {"cli"}  # its tests call it by a fixture
    strangers = [
        str(path)
        for path in (file.relative_to(TESTS) for file in TESTS.rglob("test_*.py"))
        if path.parts[0] in rooms and not re.search(rf"histo_core\.{path.parts[0]}\b", (TESTS / path).read_text())
    ]
    assert strangers == []
