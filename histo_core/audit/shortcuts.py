"""How well the label can be told from one simple thing alone, without looking at tissue.

An AUROC of 0.5 says not at all. A high one need not be wrong (tumour is darker than fat), but a network that reaches
no more may have learnt no more. After Geirhos et al., Shortcut learning in deep neural networks, Nature Machine
Intelligence 2, 2020.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, KFold

from histo_core.audit.finding import Finding, Severity
from histo_core.data.base import UNLABELLED, Dataset
from histo_core.evaluation.auroc import auroc_interval
from histo_core.evaluation.intervals import Interval

MEASURES = {
    "brightness": "brightness",
    "contrast": "contrast",
    "saturation": "colour saturation",
    "sharpness": "sharpness",
    "background": "the share of empty background",
    "border_brightness": "the border's brightness",
    "border_saturation": "the border's colour saturation",
    "pixels": "image size",
    "file_size": "file size",
    "x": "the position from left to right",
    "y": "the position from top to bottom",
}
"""Numbers, and what they are called."""

CATEGORIES = {"magnification": "magnification", "scanner": "scanner", "site": "site", "year": "year"}
"""Columns of the table whose values are names rather than amounts."""

WARNING, NOTE = 0.75, 0.6
"""The interval's lower limit from which a shortcut is one to be warned of, or to be told."""

MOST = 50_000
"""Patches it is measured on; of more, a seeded sample."""

_FOLDS = 5


@dataclass(frozen=True)
class Shortcut:
    """What one simple thing tells.

    Attributes:
        fact: a key of `MEASURES` or `CATEGORIES`.
        name: what it is called.
        target: the class told from all others; of several classes the one that is told best.
        auroc: above 0.5; which end points at the class is chosen on the same patches.
        high: whether high values point at the class; None for a category.
        most, least: rows of the patches that look most and least like the class by this alone.
    """

    fact: str
    name: str
    target: str
    auroc: Interval
    high: bool | None
    most: int
    least: int


def find_shortcuts(dataset: Dataset, rows: np.ndarray, facts: pd.DataFrame) -> list[Shortcut]:
    """Measure all simple things that are known and not the same everywhere, the most telling first.

    Each is a score by itself. A category is scored by the share of the class among the patches of its value in the
    other folds (5, whole patients where they are known), so that it cannot tell by chance what it was fitted on.
    Intervals are by patient (else slide) where all are known: see `histo_core.evaluation.auroc.auroc_interval`.

    Args:
        dataset: the data set.
        rows: those to measure, int64 [n]; ones without a label are left out.
        facts: of these rows, from `histo_core.audit.scan.scan`.
    """
    table = dataset.table.iloc[rows].reset_index(drop=True)
    values = _values(dataset, rows, table, facts)
    labelled = np.flatnonzero(table["label"].to_numpy() != UNLABELLED)
    if len(labelled) > MOST:
        labelled = np.sort(np.random.default_rng(0).choice(labelled, MOST, replace=False))
    values, labels = values.iloc[labelled], table["label"].to_numpy()[labelled]
    groups = _groups(table.iloc[labelled])
    found = []
    for fact in values:
        known = values[fact].notna().to_numpy()
        if values[fact].nunique() < 2 or len(np.unique(labels[known])) < 2:
            continue
        some = None if groups is None else groups[known]
        found.append(_shortcut(dataset, str(fact), values[fact][known], labels[known], some, rows[labelled][known]))
    return sorted(found, key=lambda shortcut: -shortcut.auroc.value)


def shortcut_finding(dataset: Dataset, shortcuts: list[Shortcut]) -> Finding:
    """The finding ``shortcuts``: one row a simple thing, with the patches at its two ends."""
    names = dataset.table["sample_id"]
    table = pd.DataFrame(
        [
            {
                "fact": each.name,
                "class": each.target,
                "auroc": each.auroc.value,
                "low": each.auroc.low,
                "high": each.auroc.high,
                "points_at_class": {True: "high values", False: "low values", None: "some values"}[each.high],
                "method": each.auroc.method,
                "sample_id": names[each.most],
                "other_id": names[each.least],
            }
            for each in shortcuts
        ],
        columns=["fact", "class", "auroc", "low", "high", "points_at_class", "method", "sample_id", "other_id"],
    )
    title = "Shortcuts"
    if not shortcuts:
        return Finding("shortcuts", title, "Nothing simple could be compared with the label.", "ok", table)
    best = max(shortcuts, key=lambda shortcut: shortcut.auroc.low)
    others = [name for name in dataset.classes if name != best.target]
    against = others[0] if len(others) == 1 else "the other classes"
    told = f"{best.name} alone tells {best.target} from {against} with AUROC {_short(best.auroc)}"
    severity: Severity = "ok"
    if best.auroc.low >= NOTE:
        severity = "warning" if best.auroc.low >= WARNING else "note"
    sentence = f"{told[0].upper()}{told[1:]}."
    if severity != "ok":
        sentence += " A network that does no better may have learnt nothing else."
    return Finding("shortcuts", title, sentence, severity, table, told if severity == "warning" else "", "auroc")


def _short(interval: Interval) -> str:
    return f"{interval.value:.2f} ({interval.low:.2f} to {interval.high:.2f})"


def _values(dataset: Dataset, rows: np.ndarray, table: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """All simple things by name, one row a patch."""
    values = facts.assign(pixels=facts["height"] * facts["width"])
    if dataset.one_file_each:
        values["file_size"] = [_file_size(dataset.sources[row]) for row in rows]
    for column in (*MEASURES, *CATEGORIES):
        if column in table:
            values[column] = table[column]
    return values.filter([*MEASURES, *CATEGORIES])


def _file_size(path: Path) -> float:
    """In bytes; NaN for a file that is gone since a faster copy of the pixels was made."""
    try:
        return float(path.stat().st_size)
    except OSError:
        return math.nan


def _groups(table: pd.DataFrame) -> np.ndarray | None:
    for column in ("patient_id", "slide_id"):
        if column in table and bool(table[column].notna().to_numpy().all()):
            return table[column].to_numpy(dtype=object)
    return None


def _shortcut(
    dataset: Dataset, fact: str, values: pd.Series, labels: np.ndarray, groups: np.ndarray | None, rows: np.ndarray
) -> Shortcut:
    score_of = _category_score if fact in CATEGORIES else _number_score
    scored = [(name, positive, *score_of(values, positive, groups)) for name, positive in _targets(dataset, labels)]
    target, positive, score, high = max(scored, key=lambda each: roc_auc_score(each[1], each[2]))
    interval = auroc_interval(positive, score, groups)
    assert interval is not None  # noqa: S101 - both classes are there: the caller looked
    name, ends = (MEASURES | CATEGORIES)[fact], (int(rows[score.argmax()]), int(rows[score.argmin()]))
    return Shortcut(fact, name, target, interval, high, *ends)


def _targets(dataset: Dataset, labels: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """The class of interest of two, else each class, with which patches are of it."""
    names = [dataset.positive] if len(dataset.classes) == 2 else dataset.classes
    numbers = [dataset.classes.index(name) for name in names]
    return [(dataset.classes[number], labels == number) for number in numbers if (labels == number).any()]


def _number_score(values: pd.Series, positive: np.ndarray, groups: np.ndarray | None) -> tuple[np.ndarray, bool | None]:
    """The values, turned round where low ones point at the class."""
    del groups
    score = values.to_numpy(np.float64)
    high = bool(roc_auc_score(positive, score) >= 0.5)
    return (score if high else -score), high


def _category_score(
    values: pd.Series, positive: np.ndarray, groups: np.ndarray | None
) -> tuple[np.ndarray, bool | None]:
    """The class's share among the patches of the same value in the other folds, drawn a little towards its share."""
    names, score = values.astype(str).to_numpy(dtype=object), np.full(len(values), positive.mean())
    few = len(values) if groups is None else len(set(groups))
    if few < 2:
        return score, None
    folds = KFold(min(_FOLDS, few), shuffle=True, random_state=0) if groups is None else GroupKFold(min(_FOLDS, few))
    for seen, held_out in folds.split(names, positive, groups):
        overall = positive[seen].mean()
        shares = pd.Series(positive[seen]).groupby(names[seen]).agg(["sum", "count"])
        rates = (shares["sum"] + overall) / (shares["count"] + 1)
        score[held_out] = pd.Series(names[held_out]).map(rates).fillna(overall)
    return score, None
