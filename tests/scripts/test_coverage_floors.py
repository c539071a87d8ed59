"""A room's coverage is held to its floor, and to that of any room before it was measured."""

from __future__ import annotations

from pathlib import Path

from scripts.coverage_floors import ANY_ROOM, FLOORS, by_room, problems, room_of

PROJECT = Path(__file__).resolve().parents[2]


def _file(lines: int, ran: int) -> dict[str, dict[str, int]]:
    return {"summary": {"num_statements": lines, "covered_lines": ran}}


def test_lines_of_a_room_count_together_whatever_the_file() -> None:
    files = {
        "histo_core/data/splits/split.py": _file(90, 60),
        "histo_core/data/grouping.py": _file(10, 10),
        "histo_core/files.py": _file(4, 3),
        "pages/ui/cache.py": _file(1, 0),
        "pages/empty.py": _file(0, 0),
    }
    assert by_room({"files": files}) == {"histo_core/data": 70.0, "histo_core": 75.0, "pages": 0.0}


def test_a_room_below_its_floor_or_that_of_any_room_is_named_and_one_that_is_gone() -> None:
    shares = {"a": 89.9, "b": 90.0, "c": 79.9, "d": 80.0}
    below, of_any, gone = problems(shares, {"a": 90, "b": 90, "e": 1})
    assert below.startswith("a: 89.9% of its lines ran, and its floor is 90%")
    assert of_any.startswith("c: 79.9% of its lines ran, and its floor is 80%")
    assert gone.startswith("e has a floor and no lines")


def test_every_floor_is_of_a_room_of_the_source_tree() -> None:
    files = [path.relative_to(PROJECT) for root in ("histo_core", "pages") for path in (PROJECT / root).rglob("*.py")]
    assert set(FLOORS) <= {room_of(str(file)) for file in files}
    assert all(ANY_ROOM <= floor < 100 for floor in FLOORS.values())
