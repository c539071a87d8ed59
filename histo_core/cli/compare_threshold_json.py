"""Format a model's threshold as JSON: where it was chosen, how it would vary, and what it promised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from histo_core.comparison.results import Comparison, ModelResult


def threshold_json(result: Comparison, one: ModelResult) -> dict[str, Any]:
    """Return value and origin; where validation chose it also its range, and both rates on validation."""
    found = {"value": one.metrics.threshold, "origin": result.rule.origin}
    if not result.chosen:
        return found
    chosen = result.chosen[[model.run_id for model in result.results].index(one.run_id)]
    low, high = chosen.range(result.confidence)
    sensitivity, specificity = chosen.promised(result.confidence)
    return found | {
        "chosen_on": "valid",
        "low": low,
        "high": high,
        "promised": {"sensitivity": vars(sensitivity), "specificity": vars(specificity)},
    }
