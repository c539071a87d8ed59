"""Format what a threshold promised on validation, and what the compared set gave, as a table and in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from histo_core.comparison.results import Comparison
from histo_core.comparison.shown import shown_name
from histo_core.comparison.verdict import listed
from histo_core.evaluation.intervals import Interval

RATES = ("sensitivity", "specificity")


def threshold_ranges(comparison: Comparison) -> tuple[tuple[float, float], ...]:
    """Return each model's `ChosenThreshold.range`; empty where the threshold is a number.

    This takes seconds for many models on many patches.
    """
    return tuple(chosen.range(comparison.confidence) for chosen in comparison.chosen)


def promise_table(comparison: Comparison, ranges: tuple[tuple[float, float], ...]) -> pd.DataFrame:
    """Return one row a model: its threshold, the range of it, and both rates on validation and on the compared set.

    Empty where the threshold is a number.

    Args:
        comparison: the models.
        ranges: from `threshold_ranges`.
    """
    return pd.DataFrame(
        [
            {
                "Model": shown_name(result),
                "Threshold": f"{chosen.value:.3g}",
                "On other validation data": range_words(limits),
            }
            | {
                f"{rate.capitalize()}, {where}": str(found)
                for rate, promised in zip(RATES, chosen.promised(comparison.confidence), strict=True)
                for where, found in (("promised", promised), ("found", _found(comparison, result.run_id, rate)))
            }
            for result, chosen, limits in zip(comparison.results, comparison.chosen, ranges, strict=False)
        ]
    )


def range_words(limits: tuple[float, float]) -> str:
    """Return the range of a threshold in words."""
    return "not known" if np.isnan(limits[0]) else f"{limits[0]:.3g} to {limits[1]:.3g}"


def promise_sentence(comparison: Comparison) -> str:
    """Return sentences on what the columns of `promise_table` are, and on which models break their promise."""
    if not comparison.chosen:
        return ""
    broken = [
        shown_name(result)
        for result, chosen in zip(comparison.results, comparison.chosen, strict=True)
        if any(
            found.defined and found.high < promised.value
            for rate, promised in zip(RATES, chosen.promised(comparison.confidence), strict=True)
            for found in (_found(comparison, result.run_id, rate),)
        )
    ]
    said = (
        "“Promised” is on the validation set that chose the threshold, “found” on the compared patches. "
        "Chosen again on resampled validation patients (patches where none are known), "
        f"{comparison.confidence:.0%} of the thresholds lie in the range."
    )
    if broken:
        said += f" Below the promise, with the whole interval of a rate: {listed(broken)}."
    return f"{said} {comparison.rule.doubt}".strip()


def _found(comparison: Comparison, run_id: str, rate: str) -> Interval:
    return next(getattr(one.metrics, rate) for one in comparison.results if one.run_id == run_id)
