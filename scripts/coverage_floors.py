"""Hold the coverage of each room to a floor: `make coverage`, after the tests have run with ``--cov``.

A floor is a share of a room's lines, one or two percentage points below a measurement. It is there so that a room does
not lose its tests unnoticed; it is no target.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FLOORS: Mapping[str, int] = {
    "histo_core/evaluation": 98,  # 99.5 by its own tests
    "histo_core/plots": 98,  # 99.9
    "histo_core/reports": 98,  # 100.0
    "histo_core/review": 98,  # 100.0
}
"""Percentage of lines, by room; ``histo_core`` is the modules that lie in no room."""
ANY_ROOM = 80
"""For a room that has no measured floor yet."""


def main() -> None:
    """Print each room's coverage; leave with 1 where one is below its floor, or is gone."""
    shares = by_room(_measured())
    for room, share in sorted(shares.items()):
        print(f"{room:<26} {share:5.1f}%  floor {FLOORS.get(room, f'{ANY_ROOM}, for it was not measured before')}")
    found = problems(shares, FLOORS)
    print("\n".join(found))
    sys.exit(bool(found))


def room_of(file: str) -> str:
    """Name the room of a source file.

    >>> room_of("histo_core/data/splits/split.py"), room_of("histo_core/files.py"), room_of("pages/home.py")
    ('histo_core/data', 'histo_core', 'pages')
    """
    parts = file.split("/")
    return "/".join(parts[:2]) if parts[0] == "histo_core" and len(parts) > 2 else parts[0]


def by_room(report: Mapping[str, Any]) -> dict[str, float]:
    """Percentage of each room's lines that ran, from coverage's JSON report."""
    lines, ran = Counter[str](), Counter[str]()
    for file, found in report["files"].items():
        lines[room_of(file)] += found["summary"]["num_statements"]
        ran[room_of(file)] += found["summary"]["covered_lines"]
    return {room: 100 * ran[room] / count for room, count in lines.items() if count}


def problems(shares: Mapping[str, float], floors: Mapping[str, int]) -> list[str]:
    """Say which rooms are below their floor, and which floors are of no room."""
    below = [
        f"{room}: {share:.1f}% of its lines ran, and its floor is {floor}%. Test what is new."
        for room, share in sorted(shares.items())
        if share < (floor := floors.get(room, ANY_ROOM))
    ]
    gone = [f"{room} has a floor and no lines. Remove its floor." for room in sorted(set(floors) - set(shares))]
    return [*below, *gone]


def _measured() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "--quiet", "-o", str(file)], check=True)
        return json.loads(file.read_text())


if __name__ == "__main__":
    main()
