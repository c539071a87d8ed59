"""Find shortcuts: simple features that predict the label without any tissue.

An AUROC of 0.5 means no prediction. A high AUROC need not be a fault (tumour is darker than fat), but a network that
reaches no more may have learnt no more. See Geirhos et al., Shortcut learning in deep neural networks, Nature Machine
Intelligence 2, 2020.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from histo_core.auditing.finding import Finding, Severity
from histo_core.auditing.single_feature_auroc import (
    SingleFeatureScore,
    score_categorical_feature,
    score_numeric_feature,
)
from histo_core.data.dataset import UNLABELLED, Dataset
from histo_core.data.grouping import known_groups
from histo_core.evaluation.intervals import Interval

MEASURES = {
    "brightness": "brightness",
    "contrast": "contrast",
    "saturation": "colour saturation",
    "sharpness": "sharpness",
    "background": "the share of empty background",
    "ink": "the share of ink",
    "border_brightness": "the border's brightness",
    "border_saturation": "the border's colour saturation",
    "pixels": "image size",
    "file_size": "file size",
    "x": "the position from left to right",
    "y": "the position from top to bottom",
}
"""Numeric features and their displayed names."""

_ANSWERS = ("subtype", "grade", "tumor_patch")
"""Columns of known data sets that describe the tissue: they are the label in other words."""
_NO_CATEGORY = ("sample_id", "label", "split", "patient_id", "slide_id", "group", *MEASURES, *_ANSWERS)
_MOST_VALUES = 50
"""Any other column of the table with two to this many values is a category: a scanner, a hospital, a batch."""

WARNING, NOTE = 0.75, 0.6
"""The lowest `Shortcut.corrected_lower_bound` for a warning, and for a note."""

MOST = 50_000
"""The largest number of measured patches; a larger data set gives a seeded sample."""

_COLUMNS = [
    "fact", "class", "auroc", "low", "high", "low_bonferroni", "points_at_class", "method", "sample_id", "other_id",
]  # fmt: skip


@dataclass(frozen=True)
class Shortcut:
    """A simple feature and how well it alone predicts a class.

    Attributes:
        fact: a key of `MEASURES`, or a column of the table.
        name: displayed name.
        target: the predicted class; with several classes the one that is predicted best.
        auroc: AUROC of the class against the rest; at least 0.5 for a number, because its direction is chosen on the
            same patches.
        corrected_lower_bound: lower bound of the AUROC, corrected for the number of comparisons.
        compared: number of comparisons: pairs of a simple feature and a class.
        high: whether high values indicate the class; None for a category.
        most, least: rows of the patches that are most and least like the class by this feature alone.
    """

    fact: str
    name: str
    target: str
    auroc: Interval
    corrected_lower_bound: float
    compared: int
    high: bool | None
    most: int
    least: int


def find_shortcuts(dataset: Dataset, rows: np.ndarray, facts: pd.DataFrame) -> list[Shortcut]:
    """Measure all known simple features that vary, the most predictive first.

    Each number is a score by itself. The score of a category's value is the share of the class among its patches in
    the other folds (5, whole patients where they are known), so that it cannot predict by chance what it was fitted on.
    Its AUROC compares patches of one fold only (`histo_core.auditing.within_fold_auroc`). Intervals are by patient
    (else slide) where all are known: see `histo_core.evaluation.auroc.auroc_interval`.

    Args:
        dataset: the data set.
        rows: rows to measure, int64 [n]; unlabelled ones are left out.
        facts: statistics of these rows from `histo_core.auditing.scan.scan`.
    """
    table = dataset.table.iloc[rows].reset_index(drop=True)
    values = _values(dataset, rows, table, facts)
    labelled = np.flatnonzero(table["label"].to_numpy() != UNLABELLED)
    if len(labelled) > MOST:
        labelled = np.sort(np.random.default_rng(0).choice(labelled, MOST, replace=False))
    values, labels = values.iloc[labelled], table["label"].to_numpy()[labelled]
    groups = known_groups(table.iloc[labelled])[0]
    best, compared = [], 0
    for fact in values:
        known = values[fact].notna().to_numpy()
        if values[fact].nunique() < 2 or len(np.unique(labels[known])) < 2:
            continue
        some = None if groups is None else groups[known]
        telling_of = score_numeric_feature if fact in MEASURES else score_categorical_feature
        told = {
            name: telling
            for name, positive in _targets(dataset, labels[known])
            if (telling := telling_of(values[fact][known], positive, some)) is not None
        }
        compared += len(told)
        if told:
            target = max(told, key=lambda name: told[name].value)
            best.append((str(fact), target, told[target], rows[labelled][known]))
    found = [_shortcut(fact, target, telling, own, compared) for fact, target, telling, own in best]
    return sorted(found, key=lambda shortcut: -shortcut.auroc.value)


def _shortcut(fact: str, target: str, telling: SingleFeatureScore, rows: np.ndarray, compared: int) -> Shortcut:
    name = MEASURES.get(fact, fact.replace("_", " "))
    most, least = (int(rows[place]) for place in (telling.score.argmax(), telling.score.argmin()))
    bound = telling.corrected_lower_bound(compared)
    return Shortcut(fact, name, target, telling.interval(), bound, compared, telling.high, most, least)


def shortcut_finding(dataset: Dataset, shortcuts: list[Shortcut]) -> Finding:
    """Return the finding ``shortcuts``: one row a simple feature, with the patches at its two ends."""
    names = dataset.table["sample_id"]
    table = pd.DataFrame(
        [
            {
                "fact": each.name,
                "class": each.target,
                "auroc": each.auroc.value,
                "low": each.auroc.low,
                "high": each.auroc.high,
                "low_bonferroni": each.corrected_lower_bound,
                "points_at_class": {True: "high values", False: "low values", None: "some values"}[each.high],
                "method": each.auroc.method,
                "sample_id": names[each.most],
                "other_id": names[each.least],
            }
            for each in shortcuts
        ],
        columns=_COLUMNS,
    )
    title = "Shortcuts"
    if not shortcuts:
        return Finding("shortcuts", title, "Nothing simple could be compared with the label.", "ok", table)
    best = max(shortcuts, key=lambda shortcut: (shortcut.corrected_lower_bound, shortcut.auroc.low))
    others = [name for name in dataset.classes if name != best.target]
    against = others[0] if len(others) == 1 else "the other classes"
    told = f"{best.name} alone tells {best.target} from {against} with AUROC {_short(best.auroc)}"
    severity: Severity = "ok"
    if best.corrected_lower_bound >= NOTE:
        severity = "warning" if best.corrected_lower_bound >= WARNING else "note"
    more = ""
    if severity != "ok":
        least = f"corrected for that, it is at least {best.corrected_lower_bound:.2f}"
        more = f"It is the best of {best.compared:,} comparisons; {least}. "
        more += "A network that does no better may have learnt nothing else."
        if best.high is None:
            more += f" (Unless {best.name} says the label in other words.)"
    elif best.auroc.low > 0.5:
        more = f"It is the best of {best.compared:,} comparisons, so that it may be chance."
    sentence = f"{told[0].upper()}{told[1:]}. {more}".rstrip()
    clause = told if severity == "warning" else ""
    return Finding("shortcuts", title, sentence, severity, table, clause, "auroc")


def _short(interval: Interval) -> str:
    return f"{interval.value:.2f} ({interval.low:.2f} to {interval.high:.2f})"


def _values(dataset: Dataset, rows: np.ndarray, table: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Return all simple features by name, one row a patch."""
    values = facts.assign(pixels=facts["height"] * facts["width"])
    if dataset.one_file_each:
        values["file_size"] = [_file_size(dataset.sources[row]) for row in rows]
    for column in ("x", "y"):
        if column in table:
            values[column] = table[column]
    return values.filter(list(MEASURES)).join(table[_categories(table)])


def _categories(table: pd.DataFrame) -> list[str]:
    offered = table.columns.difference(_NO_CATEGORY, sort=False)
    return [column for column in offered if 2 <= len(table[column].dropna().unique()) <= _MOST_VALUES]


def _file_size(path: Path) -> float:
    """Return the size in bytes; NaN for a file that was removed after a faster copy of the pixels was made."""
    try:
        return float(path.stat().st_size)
    except OSError:
        return math.nan


def _targets(dataset: Dataset, labels: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Return classes with masks of their patches: the class of interest of two classes, else each class."""
    names = [dataset.positive] if len(dataset.classes) == 2 else dataset.classes
    numbers = [dataset.classes.index(name) for name in names]
    return [(dataset.classes[number], labels == number) for number in numbers if (labels == number).any()]
