"""Results as Markdown: one row a network, then the differences that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from histo_core.config import RunConfig
from histo_core.evaluation.auroc import auroc_difference, auroc_interval
from histo_core.evaluation.metrics import binary_metrics
from histo_core.models.cost import Cost, count

_HEADER = ("network", "patch", "weights", "MFLOPs", "updates", "CPU s", "accuracy (95%)", "AUROC (95%)")


@dataclass(frozen=True, eq=False)
class Result:
    """A trained network's answers on the test set.

    Attributes:
        name: of the row.
        config: what was trained.
        truth: int64 [n], 1 for the class of interest.
        score: float64 [n], its probability.
        updates: steps of the optimiser.
        cpu_seconds: of training and validation, all threads together.
    """

    name: str
    config: RunConfig
    truth: np.ndarray
    score: np.ndarray
    updates: int
    cpu_seconds: float

    @property
    def cost(self) -> Cost:
        """Weights and operations for the patch that the network is given."""
        preprocess = self.config.preprocess
        side = preprocess.resize or preprocess.crop
        if side is None:
            raise ValueError("a recipe of the table crops or resizes")
        return count(self.config.model, side)


def markdown(results: Sequence[Result], pairs: Sequence[tuple[str, str]]) -> str:
    """The table, and a line for each pair of which both were trained.

    Intervals take patches as independent, since their patients are not known: they are too narrow.
    """
    lines = [_row(_HEADER), _row(["---"] * len(_HEADER)), *(_row(_cells(result)) for result in results)]
    by_name = {result.name: result for result in results}
    lines.append("")
    for first, second in pairs:
        if first in by_name and second in by_name:
            lines.append(_difference(by_name[first], by_name[second]))
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(result: Result) -> tuple[str, ...]:
    cost = result.cost
    return (
        result.name,
        f"{cost.side} px",
        f"{cost.parameters:,}",
        f"{cost.flops / 1e6:.1f}",
        f"{result.updates:,}",
        f"{result.cpu_seconds:,.0f}",
        str(binary_metrics(result.truth, result.score).accuracy),
        str(auroc_interval(result.truth, result.score)),
    )


def _difference(first: Result, second: Result) -> str:
    found = auroc_difference(first.truth, first.score, second.score)
    if found is None:
        return f"- {first.name}, {second.name}: not defined, since the test set lacks a class."
    shown = "unknown" if found.p_value is None else f"{found.p_value:.2g}"
    return f"- AUROC of {first.name} minus that of {second.name}: {found} ({found.method}; P = {shown})."
