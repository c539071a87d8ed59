"""Format slices as tables and sentences: the same on the page and on the command line."""

from __future__ import annotations

import numpy as np
import pandas as pd

from histo_core.comparison.shown import p_text
from histo_core.comparison.slices import METRICS, Slice, Slices
from histo_core.evaluation.interaction import Interaction
from histo_core.evaluation.intervals import Interval
from histo_core.shown_text import plural

_LEVEL = 0.05


def slices_table(found: Slices, run_id: str, *, histograms: bool = True) -> pd.DataFrame:
    """Return one row a slice of one model: size and confidences first, then the metrics, and what speaks against them.

    Args:
        found: the slices.
        run_id: the model.
        histograms: whether the column "Confidence" holds the counts of ten equal bins, as a list.
    """
    return pd.DataFrame([_row(found, one, run_id, histograms=histograms) for one in (*found.slices, found.whole)])


def interaction_sentence(found: Slices) -> str:
    """Say whether AUROCs and their differences were found to differ between the slices."""
    tests, names = found.interaction, list(found.runs.values())
    if tests.design == "none":
        return f"Whether the AUROC differs between the slices was {tests.method}."
    said = [f"{_what(one, names)}, P = {p_text(one.p_value)}" for one in tests.tests if _below(one)]
    opening = (
        f"Between these {tests.n_slices} slices differ: {'; '.join(said)}."
        if said
        else f"No AUROC, and no difference between models, was found to differ between these {tests.n_slices} slices"
        f" (smallest P = {p_text(min((one.p_value for one in tests.tests if one.p_value is not None), default=None))})."
    )
    corrected = f", judged after Holm's correction for {len(tests.tests)} tests" if len(tests.tests) > 1 else ""
    return f"{opening} Test of interaction: {tests.method}{corrected}."


def _below(one: Interaction) -> bool:
    return one.p_corrected is not None and one.p_corrected < _LEVEL


def _what(one: Interaction, names: list[str]) -> str:
    if one.second is None:
        return f"the AUROC of {names[one.first]}"
    return f"the difference of {names[one.first]} and {names[one.second]}"


def _row(found: Slices, one: Slice, run_id: str, *, histograms: bool) -> dict[str, object]:
    row: dict[str, object] = {"Slice": one.value, "Patches": f"{one.n:,}"}
    for support in one.support:
        of = "" if support.groups is None else f" of {support.groups:,}"
        row[support.name] = f"{support.patches:,}{of}"
    if histograms:
        row["Confidence"] = one.confidences[run_id].tolist()
    metrics = one.metrics[run_id]
    row |= {METRICS[name]: interval_text(metrics[name]) for name in ("confidence", *METRICS) if name in metrics}
    row["Doubts"] = " ".join(dict.fromkeys(known.warning for known in metrics.values() if known.warning))
    if found.group_kind is not None:
        row["Doubts"] = str(row["Doubts"]).replace("independent groups", plural(found.group_kind))
    return row


def interval_text(known: Interval) -> str:
    """Format an interval; one without limits says so."""
    if known.defined and np.isnan(known.low):
        return f"{known.value:.3f} (no interval)"
    return str(known)
