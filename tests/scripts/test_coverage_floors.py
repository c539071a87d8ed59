"""A room's coverage is held to a floor of its own, two points below what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts import coverage_floors
from scripts.coverage_floors import MEASURED, by_room, floors_of, main, problems, room_of, updated

PROJECT = Path(__file__).resolve().parents[2]


def _file(lines: int, ran: int) -> dict[str, dict[str, int]]:
    return {"summary": {"num_statements": lines, "covered_lines": ran}}


def test_lines_of_a_room_count_together_whatever_the_file() -> None:
    files = {
        "histo_core/data/splits/split.py": _file(90, 60),
        "histo_core/data/grouping.py": _file(10, 10),
        "histo_core/files.py": _file(4, 3),
        "pages/train/page.py": _file(1, 0),
        "pages/train/run_form.py": _file(3, 3),
        "pages/empty.py": _file(0, 0),
    }
    assert by_room({"files": files}) == {"histo_core/data": 70.0, "histo_core": 75.0, "pages/train": 75.0}


def test_a_room_below_its_floor_is_named_one_without_a_floor_and_one_that_is_gone() -> None:
    shares = {"a": 89.9, "b": 90.0, "c": 99.9}
    below, without, gone = problems(shares, {"a": 90, "b": 90, "e": 1})
    assert below.startswith("a: 89.9% of its lines ran, and its floor is 90%")
    assert without == "c has no floor: python -m scripts.coverage_floors --write c"
    assert gone.startswith("e has a floor and no lines")


def test_what_was_measured_of_some_rooms_leaves_the_others() -> None:
    shares = {"a": 89.96, "b": 50.0}
    assert updated({"a": 80.0, "c": 70.0}, shares, ["a"]) == {"a": 90.0, "c": 70.0}
    assert updated({"a": 80.0, "c": 70.0}, shares) == {"a": 90.0, "b": 50.0}


def test_the_floors_are_written_and_then_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "measured.json"
    kept.write_text('{"histo_core/jobs": 99.0}')
    monkeypatch.setattr(coverage_floors, "MEASURED", kept)
    files = {"histo_core/jobs/api.py": _file(1000, 925), "pages/home/page.py": _file(100, 80)}
    monkeypatch.setattr(coverage_floors, "_report", lambda: {"files": files})
    with pytest.raises(SystemExit, match="1"):
        main([])
    assert "histo_core/jobs: 92.5% of its lines ran, and its floor is 97%" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="0"):
        main(["--write"])
    assert json.loads(kept.read_text()) == {"histo_core/jobs": 92.5, "pages/home": 80.0}
    assert "floor 91, was 97" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="0"):
        main([])
    with pytest.raises(SystemExit, match="2"):
        main(["--write", "nowhere"])
    assert "Rooms: histo_core/jobs, pages/home." in capsys.readouterr().err


def test_every_floor_is_of_a_room_of_the_source_tree() -> None:
    files = [path.relative_to(PROJECT) for root in ("histo_core", "pages") for path in (PROJECT / root).rglob("*.py")]
    measured = json.loads(MEASURED.read_text())
    assert set(measured) <= {room_of(str(file)) for file in files}
    assert all(0 < floor <= 98 for floor in floors_of(measured).values())
