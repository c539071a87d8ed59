"""Compute all metrics of all models of a comparison, and format them as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from histo_core.comparison.results import Comparison
from histo_core.comparison.shown import shown_name
from histo_core.evaluation.intervals import Interval
from histo_core.evaluation.metric_choice import Problem, misleading
from histo_core.evaluation.scorecard import LOWER_IS_BETTER, METRIC_NAMES


@dataclass(frozen=True, eq=False)
class Scorecards:
    """All metrics of each model of a comparison.

    Attributes:
        comparison: the models.
        cards: each model's metrics by name (`METRIC_NAMES`), in the order of ``comparison.results``.
    """

    comparison: Comparison
    cards: tuple[Mapping[str, Interval], ...]

    @classmethod
    def of(cls, comparison: Comparison) -> Scorecards:
        """Compute them; seconds for many models on many patches."""
        return cls(comparison, tuple(comparison.scorecard(result) for result in comparison.results))

    def table(self) -> pd.DataFrame:
        """Return one row a metric, to read: which direction is better, and each model's value with its interval."""
        models = [shown_name(result) for result in self.comparison.results]
        return pd.DataFrame(
            [
                {"Metric": title, "Better": "lower" if name in LOWER_IS_BETTER else "higher"}
                | {model: str(card[name]) for model, card in zip(models, self.cards, strict=True)}
                for name, title in METRIC_NAMES.items()
            ]
        )

    def marked(self, problem: Problem) -> pd.DataFrame:
        """Return `table` with a column that says which metrics fit a problem, and why the others mislead."""
        found = self.table()
        reasons = misleading(problem)
        found.insert(1, "Fits", [f"no: {reasons[name]}" if reasons[name] else "yes" for name in METRIC_NAMES])
        return found

    def rows(self) -> pd.DataFrame:
        """Return one row a model and metric with raw numbers."""
        return pd.DataFrame(
            [
                {"run_id": result.run_id, "name": result.name, "metric": name, **vars(found)}
                for result, card in zip(self.comparison.results, self.cards, strict=True)
                for name, found in card.items()
            ]
        )

    @property
    def notes(self) -> str:
        """Return sentences on which classes the metrics are of, and on ECE, whose interval is no evidence."""
        one = self.comparison.class_of_interest
        of = f"Class of interest: {one}."
        if self.comparison.many:
            of = (
                "AUROC and AUPRC are means over the classes, each against the rest. Sensitivity, specificity, PPV, "
                f"NPV, F1 and ECE are those of {one}, the others those of all classes."
            )
        biased = self.cards[0]["ece"].warning if self.cards else ""
        return f"{of} ECE is {biased}." if biased else of
