"""Simulate the intervals and tests of `histo_core.evaluation`, and print the tables of docs/statistics.md.

    python -m scripts.measure_coverage FILE [--draws 10000] [--only auroc] [--tables]

Each cell is written to FILE (JSON lines) as soon as it is done, and is not drawn again the next time. With --tables
nothing is drawn, and the cells that are there are printed as Markdown.
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
    "scores": cells.score_cells,
    "selection": cells.selection_cells,
}


def main() -> None:
    """Run what is missing, or print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--only", choices=KINDS)
    parser.add_argument("--tables", action="store_true")
    given = parser.parse_args()
    done = {}
    if given.file.exists():
        done = {line["cell"]: line for line in map(json.loads, given.file.read_text().splitlines())}
    kinds = [given.only] if given.only else list(KINDS)
    if given.tables:
        print("\n\n".join(table(kind, done) for kind in kinds))
        return
    for kind in kinds:
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


def table(kind: str, done: dict[str, dict]) -> str:
    """The cells of one kind that are there, as a Markdown table."""
    known = [(cell, done[repr(cell)]) for cell in KINDS[kind]() if repr(cell) in done]
    if not known:
        return f"({kind}: nothing measured)"
    if kind == "selection":
        head = ("models", "data", 'false "better"', "±")
        rows = [(c.models, _data(c), *_share(line["rejected"]["best"], line["draws"])) for c, line in known]
    elif kind == "scores":
        names = ("auprc", "mcc", "brier", "slope", "partial_auroc", "sensitivity_at_0.95")
        head = ("mix", "groups", "AUROC", *(f"{name}: coverage, width" for name in names))
        rows = [
            (c.made.design, _groups(c.made), c.made.auroc, *(_covered(line, name) for name in names))
            for c, line in known
        ]
    elif kind == "rates":
        names = ("accuracy", "sensitivity", "precision", "f1", "macro_f1", "kappa")
        head = ("data", "rate", "ICC", *(f"{name}: coverage, width" for name in names))
        rows = [
            (_data(c), c.rate, c.icc if c.groups else "", *(_covered(line, name) for name in names))
            for c, line in known
        ]
    else:
        tests = () if kind == "unequal" else ("paired", "swaps")
        head = ("mix", "groups", "ICC", "AUROC", "coverage, width", "±", "difference: coverage, width", *tests)
        rows = [
            (
                *(c.design, _groups(c), "" if kind == "alone" else c.icc),
                c.auroc if c.other is None else f"{c.auroc}, {c.other}",
                *(_covered(line, "auroc"), _share(line["held"]["auroc"], line["draws"])[1]),
                _covered(line, "difference"),
                *(
                    _share(line["rejected"][test], line["draws"])[0] if test in line["rejected"] else ""
                    for test in tests
                ),
            )
            for c, line in known
        ]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in lines)


def _data(cell: cells.RateCell | cells.SelectionCell) -> str:
    if cell.groups:
        return f"{cell.groups} patients"
    return f"{cell.n} patches" if isinstance(cell, cells.RateCell) else "100 + 100 patches"


def _groups(cell: cells.AurocCell) -> str:
    if isinstance(cell.groups, int):
        return str(cell.groups)
    return (" of " if cell.design == "few" else " + ").join(map(str, cell.groups))


def _covered(line: dict, name: str) -> str:
    n = line["rejected"].get(f"n_{name}", line["draws"])
    if not n:
        return ""
    below = cells.monte_carlo(line["held"][name], n)[1] < line["goal"]
    return f"{'**' * below}{line['held'][name] / n:.1%}{'**' * below}, {line['width'][name] / n:.3f}"


def _share(count: int, draws: int) -> tuple[str, str]:
    low, high = cells.monte_carlo(count, draws)
    return f"{count / draws:.1%}", f"{(high - low) / 2:.1%}"


if __name__ == "__main__":
    main()
