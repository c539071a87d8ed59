"""Format calibration before and after recalibration as tables: to read, and with raw numbers."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from histo_core.comparison.calibration_gain import CalibrationScores, Recalibrated
from histo_core.evaluation.intervals import Interval
from histo_core.prediction.recalibration import METHOD_NAMES

BEFORE = "before"


def calibration_table(before: CalibrationScores, found: Sequence[Recalibrated]) -> pd.DataFrame:
    """Return one row before recalibration and one for each method that has a result."""
    rows = [_row("The model's own", "", "", before)]
    for one in found:
        if one.scores is not None:
            name = METHOD_NAMES[one.method]
            gains = _signed(one.brier_gain), _signed(one.log_loss_gain)
            rows.append(_row(f"{name[0].upper()}{name[1:]}", *gains, one.scores))
    return pd.DataFrame(rows)


def best_method(found: Sequence[Recalibrated]) -> Recalibrated | None:
    """Return the method with the lowest Brier score on other patches; None where none was judged."""
    judged = [one for one in found if one.scores is not None and one.brier_gain.defined]
    return min(judged, key=lambda one: one.brier_gain.value, default=None)


def gain_sentence(found: Sequence[Recalibrated]) -> str:
    """Return in one sentence whether a recalibration helps; empty where none was judged."""
    best = best_method(found)
    if best is None:
        return ""
    name, change = METHOD_NAMES[best.method], best.brier_gain
    if change.high < 0:
        return f"{name[0].upper()}{name[1:]} helps: the Brier score changes by {_signed(change)}."
    judged = [one.brier_gain for one in found if one.scores is not None and one.brier_gain.defined]
    if all(one.low > 0 for one in judged):
        return "No method helps: each makes the Brier score worse. The model's own probabilities are the best."
    return f"No method is shown to help: the best, {name}, changes the Brier score by {_signed(change)}."


def calibration_rows(before: CalibrationScores, found: Sequence[Recalibrated]) -> pd.DataFrame:
    """Return raw numbers, one row a method and number."""
    numbers = [(BEFORE, name, interval) for name, interval in _intervals(before)]
    for one in found:
        if one.scores is not None:
            changes = (("brier_change", one.brier_gain), ("log_loss_change", one.log_loss_gain))
            numbers += [(one.method, name, interval) for name, interval in (*_intervals(one.scores), *changes)]
    return pd.DataFrame(
        [{"probabilities": method, "number": name, **vars(interval)} for method, name, interval in numbers]
    )


def refusals(found: Sequence[Recalibrated]) -> list[str]:
    """Return why methods have no result, in sentences, each once."""
    return list(dict.fromkeys(one.reason for one in found if one.reason))


def ece_sentence(before: CalibrationScores) -> str:
    """Return how the ECE was computed, and what a calibrated model would show."""
    error = before.ece
    if not error.ece.defined:
        return ""
    return (
        f"ECE: {error.scheme}; with the model's own probabilities a calibrated model of as many patches would show "
        f"{error.calibrated:.3f} (95% of them at most {error.calibrated_high:.3f})."
    )


def _intervals(scores: CalibrationScores) -> list[tuple[str, Interval]]:
    named = [(name, getattr(scores, name)) for name in ("intercept", "slope", "brier", "log_loss")]
    return [*named, ("ece", scores.ece.ece)]


def _row(name: str, brier_gain: str, log_loss_gain: str, scores: CalibrationScores) -> dict[str, str]:
    return {
        "Probabilities": name,
        "Brier change": brier_gain,
        "Log loss change": log_loss_gain,
        "Slope": str(scores.slope),
        "Intercept": str(scores.intercept),
        "Brier score": str(scores.brier),
        "Log loss": str(scores.log_loss),
        "ECE": str(scores.ece.ece),
        "ECE if calibrated": f"{scores.ece.calibrated:.3f}",
    }


def _signed(change: Interval) -> str:
    if not change.defined:
        return str(change)
    return f"{change.value:+.4f} ({change.low:+.4f} to {change.high:+.4f})"
