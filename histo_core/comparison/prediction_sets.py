"""Make prediction sets of a model from its validation set, and judge them on the compared set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.comparison.recalibrate import validation_rows
from histo_core.comparison.results import Comparison, ModelResult
from histo_core.data.grouping import known_groups
from histo_core.errors import ComparisonError
from histo_core.evaluation.conformal import SetCoverage, conformal_limits, prediction_sets, set_coverage
from histo_core.shown_text import count

COVERAGES = (0.8, 0.9, 0.95, 0.99)
"""Those that the page offers."""
WORST = (0, 25, 50)
"""Percentiles of the coverage over patients that are shown."""


@dataclass(frozen=True, eq=False)
class JudgedSets:
    """Prediction sets of one model.

    Attributes:
        wanted: the wanted coverage.
        limits: float64 [k], from `conformal_limits`.
        calibration: int64 [k], validation samples of each class.
        found: their coverage on the compared set.
        shared: patients (else slides) that calibrated the sets and are judged, too; None where that is not known.
    """

    wanted: float
    limits: np.ndarray
    calibration: np.ndarray
    found: SetCoverage
    shared: int | None


def judged_sets(comparison: Comparison, result: ModelResult, wanted: float) -> JudgedSets:
    """Calibrate prediction sets on a model's validation set and judge them on the test set.

    Args:
        comparison: on the test set.
        result: one of its models.
        wanted: the wanted coverage, above 0 and below 1.

    Raises:
        ComparisonError: another set than the test set is compared, a coverage that is not allowed, or no labelled
            validation samples.
    """
    if comparison.split_set != "test":
        raise ComparisonError(
            f"The {comparison.split_set} set is compared.",
            "Prediction sets are calibrated on validation and judged on other patients.",
            "Choose the test set.",
        )
    if not 0 < wanted < 1:
        raise ComparisonError(f"coverage = {wanted:g}.", "Above 0 and below 1 is expected.", "0.9 is customary.")
    rows, classes = validation_rows(result.source), comparison.classes
    if not len(rows):
        raise ComparisonError(
            f"{result.name} has no labelled validation patches.",
            "Prediction sets are calibrated there.",
            "Choose a run with a validation set.",
        )
    truth = np.array([classes.index(name) for name in rows["y_true"].to_numpy(dtype=object)], np.int64)
    limits = conformal_limits(truth, rows[[f"prob_{name}" for name in classes]].to_numpy(np.float64), wanted)
    sets = prediction_sets(result.probabilities, limits)
    return JudgedSets(
        wanted,
        limits,
        np.bincount(truth, minlength=len(classes)),
        set_coverage(comparison.y_true, sets, comparison.groups, confidence=comparison.confidence),
        _shared_groups(comparison, rows),
    )


def _shared_groups(comparison: Comparison, rows: pd.DataFrame) -> int | None:
    groups, kind = known_groups(rows)
    if groups is None or comparison.groups is None or kind != comparison.group_kind:
        return None
    return len(set(groups) & set(comparison.groups))


def sets_table(comparison: Comparison, judged: JudgedSets) -> pd.DataFrame:
    """Return one row a class, and one for all, with the coverage of their sets."""
    rows = [
        {
            "Class": name,
            "In the set from": f"{judged.limits[i]:.3f}",
            "Validation patches": f"{judged.calibration[i]:,}",
            "Coverage": str(judged.found.by_class[i]),
        }
        for i, name in enumerate(comparison.classes)
    ]
    total = f"{judged.calibration.sum():,}"
    return pd.DataFrame(
        [*rows, {"Class": "all", "In the set from": "", "Validation patches": total,
                 "Coverage": str(judged.found.overall)}]
    )  # fmt: skip


def sets_sentences(comparison: Comparison, judged: JudgedSets) -> str:
    """Return the sizes of the sets, the coverage over patients, and what weakens the promise, in sentences."""
    sizes = judged.found.sizes
    said = [f"Of {comparison.n:,} sets {sizes[1]:,} hold one class, {sizes[2:].sum():,} more, {sizes[0]:,} none."]
    kind = comparison.group_kind
    if kind is None:
        said.append("Patients are not known, so that no coverage over them can be shown.")
    else:
        least, quarter, middle = np.percentile(judged.found.by_group, WORST)
        under = int((judged.found.by_group < judged.wanted).sum())
        said.append(
            f"Over {count(comparison.n_groups, kind)} the coverage is {middle:.3f} in the median, {quarter:.3f} at the "
            f"lower quartile and {least:.3f} at least; it is below {judged.wanted:g} for {under:,}. The promise holds "
            f"on average, not for each {kind}."
        )
    noun = kind or "patient"
    if judged.shared is None:
        said.append("Whether validation and test share patients is not known; if they do, the coverage is too good.")
    elif judged.shared:
        said.append(f"Validation and test share {count(judged.shared, noun)}, so that the coverage may be too good.")
    else:
        said.append(f"Validation and test share no {noun}.")
    empty = [comparison.classes[i] for i in np.flatnonzero(judged.limits == 0)]
    if empty:
        said.append(f"Too few validation patches for this coverage: {', '.join(empty)} is in every set.")
    return " ".join(said)
