"""Simulate the intervals and tests of `histo_core.evaluation`, and print the tables of docs/statistics.md.

    python -m scripts.measure_coverage FILE [--draws 10000] [--only auroc]

Each cell is written to FILE (JSON lines) as soon as it is done, and is not drawn again the next time.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from scripts import coverage_cells as cells

KINDS = {
    "auroc": cells.auroc_cells,
    "alone": cells.alone_cells,
    "unequal": cells.unequal_cells,
    "rates": cells.rate_cells,
    "selection": cells.selection_cells,
}


def main() -> None:
    """Run what is missing, then print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--only", choices=KINDS)
    given = parser.parse_args()
    done = {}
    if given.file.exists():
        done = {line["cell"]: line for line in map(json.loads, given.file.read_text().splitlines())}
    for kind in [given.only] if given.only else KINDS:
        for cell in KINDS[kind]():
            if repr(cell) in done:
                continue
            tally = cell.simulate(given.draws)
            line = {"kind": kind, "cell": repr(cell), "goal": getattr(cell, "goal", None), **vars(tally)}
            done[repr(cell)] = line
            with given.file.open("a") as out:
                out.write(json.dumps(line) + "\n")
            print(repr(cell), summary(line), flush=True)


def summary(line: dict) -> str:
    """One cell in words: coverage and width of each number, share of rejections of each test."""
    found = []
    for name, held in line["held"].items():
        n = line["rejected"].get(f"n_{name}", line["draws"])
        low = cells.monte_carlo(held, n)[1] < line["goal"]
        found.append(f"{name} {held / n:.1%} (width {line['width'][name] / n:.3f}){' BELOW' * low}")
    for name, count in line["rejected"].items():
        if not name.startswith("n_"):
            most = 0.05 if name == "best" else 0.06
            high = cells.monte_carlo(count, line["draws"])[0] > most
            found.append(f"{name} {count / line['draws']:.1%}{' ABOVE' * high}")
    return "; ".join(found)


if __name__ == "__main__":
    main()
