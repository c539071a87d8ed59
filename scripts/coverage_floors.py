"""Hold the coverage of each room to a floor: `make coverage`, after the tests have run with ``--cov``.

A floor is a share of a room's lines, two percentage points below a measurement. It is there so that a room does not
lose its tests unnoticed; it is no target. ``scripts/coverage_measured.json`` keeps the measurements:

    python -m scripts.coverage_floors                 the table, from the last run of tests with --cov
    python -m scripts.coverage_floors --write         the same, and keep what was measured of all rooms
    python -m scripts.coverage_floors --write ROOM    of these rooms only, such as histo_core/jobs
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MEASURED = Path(__file__).with_name("coverage_measured.json")
"""Percentage of lines that ran, by room."""
MARGIN = 2
"""Percentage points from a measurement down to the floor."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print each room's coverage; leave with 1 where one is below its floor, has none, or is gone."""
    parser = argparse.ArgumentParser(description="Hold the coverage of each room to a floor.")
    parser.add_argument("--write", nargs="*", metavar="ROOM", help="keep what was measured: of all rooms, or of these")
    write = parser.parse_args(arguments).write
    shares = by_room(_report())
    before = floors_of(json.loads(MEASURED.read_text()))
    if write is not None:
        if unknown := sorted(set(write) - set(shares)):
            parser.error(f"There is no room {unknown[0]!r}. Rooms: {', '.join(sorted(shares))}.")
        measured = updated(json.loads(MEASURED.read_text()), shares, write)
        MEASURED.write_text(json.dumps(measured, indent=2, sort_keys=True) + "\n")
    floors = floors_of(json.loads(MEASURED.read_text()))
    for room, share in sorted(shares.items()):
        was = "" if before.get(room) == floors.get(room) else f", was {before.get(room, 'none')}"
        print(f"{room:<24} {share:5.1f}%  floor {floors.get(room, 'none')}{was}")
    found = problems(shares, floors)
    print("\n".join(found))
    sys.exit(int(bool(found)))


def room_of(file: str) -> str:
    """Name the room of a source file; ``histo_core`` and ``pages`` are the modules that lie in no room.

    >>> room_of("histo_core/data/splits/split.py"), room_of("histo_core/files.py"), room_of("pages/home/page.py")
    ('histo_core/data', 'histo_core', 'pages/home')
    """
    parts = file.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def by_room(report: Mapping[str, Any]) -> dict[str, float]:
    """Percentage of each room's lines that ran, from coverage's JSON report."""
    lines, ran = Counter[str](), Counter[str]()
    for file, found in report["files"].items():
        lines[room_of(file)] += found["summary"]["num_statements"]
        ran[room_of(file)] += found["summary"]["covered_lines"]
    return {room: 100 * ran[room] / count for room, count in lines.items() if count}


def updated(measured: Mapping[str, float], shares: Mapping[str, float], rooms: Sequence[str] = ()) -> dict[str, float]:
    """Return the measurements to keep: those of all rooms anew, or of the named ones beside what was known."""
    new = {room: round(share, 1) for room, share in shares.items() if not rooms or room in rooms}
    return {**measured, **new} if rooms else new


def floors_of(measured: Mapping[str, float]) -> dict[str, int]:
    """Return the floor of each measured room, in whole per cent.

    >>> floors_of({"histo_core/plots": 99.9, "pages/home": 90.0})
    {'histo_core/plots': 98, 'pages/home': 88}
    """
    return {room: math.ceil(share - MARGIN) for room, share in measured.items()}


def problems(shares: Mapping[str, float], floors: Mapping[str, int]) -> list[str]:
    """Say which rooms are below their floor, which have none, and which floors are of no room."""
    found = []
    for room, share in sorted(shares.items()):
        if room not in floors:
            found.append(f"{room} has no floor: python -m scripts.coverage_floors --write {room}")
        elif share < floors[room]:
            found.append(f"{room}: {share:.1f}% of its lines ran, and its floor is {floors[room]}%. Test what is new.")
    gone = sorted(set(floors) - set(shares))
    return [*found, *(f"{room} has a floor and no lines. Remove it from {MEASURED.name}." for room in gone)]


def _report() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "--quiet", "-o", str(file)], check=True)
        return json.loads(file.read_text())


if __name__ == "__main__":
    main()
