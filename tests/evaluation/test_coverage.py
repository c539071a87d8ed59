"""How often the intervals of `histo_core.evaluation` hold the truth.

A few cells each time, all of docs/statistics.md when there is time.
"""

from __future__ import annotations

import pytest

from scripts import coverage_cells as cells

LONG, SHORT = 2_000, 400


def check(cell: cells.AurocCell | cells.RateCell, draws: int) -> None:
    """No coverage lies below the goal, and no test above 6%, by more than the Monte Carlo error."""
    tally = cell.simulate(draws)
    for name, held in tally.held.items():
        n = tally.rejected.get(f"n_{name}", draws)
        assert cells.monte_carlo(held, n)[1] >= cell.goal, (name, held / n)
        assert tally.width[name] / n < (2 if name in ("difference", "kappa") else 1), name
    for name, count in tally.rejected.items():
        if not name.startswith("n_"):
            assert cells.monte_carlo(count, draws)[0] <= 0.06, (name, count / draws)


@pytest.mark.parametrize(
    "cell",
    [
        cells.AurocCell("varying", 10, 0.95),
        cells.AurocCell("pure", 5, 0.75),
        cells.AurocCell("alone", (3, 100), 0.9),
        cells.RateCell(10, 0, 0.97),
        cells.RateCell(None, 30, 0.95),
    ],
    ids=repr,
)
def test_some_cells_hold(cell: cells.AurocCell | cells.RateCell) -> None:
    check(cell, SHORT)


@pytest.mark.slow
@pytest.mark.parametrize("cell", [*cells.auroc_cells(), *cells.alone_cells(), *cells.unequal_cells()], ids=repr)
def test_aurocs_and_differences_hold(cell: cells.AurocCell) -> None:
    check(cell, LONG)


@pytest.mark.slow
@pytest.mark.parametrize("cell", list(cells.rate_cells()), ids=repr)
def test_rates_hold(cell: cells.RateCell) -> None:
    check(cell, LONG)


@pytest.mark.slow
@pytest.mark.parametrize("cell", [one for one in cells.selection_cells() if one.models <= 10], ids=repr)
def test_equal_models_are_seldom_called_better(cell: cells.SelectionCell) -> None:
    tally = cell.simulate(LONG // 4)
    assert cells.monte_carlo(tally.rejected["best"], tally.draws)[0] <= 0.05
