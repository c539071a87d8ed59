"""Report duplicates as findings: identical patches, near-duplicates, contradicting labels, another data set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from histo_core.auditing.finding import Finding, Severity
from histo_core.auditing.pairs import one_each
from histo_core.shown_text import count

_SIDES = ["sample_id", "other_id", "split_set", "other_split_set", "label", "other_label"]
_MEASURED = ["how", "correlation", "difference"]
_MEASURE = "difference"


def repeat_findings(
    pairs: pd.DataFrame, featureless: int, described: pd.DataFrame, other: str | None
) -> Iterator[Finding]:
    """Yield the findings ``identical``, ``near``, ``conflicts`` and, with another data set, ``shared``.

    Args:
        pairs: from `histo_core.auditing.pairs.find_pairs`.
        featureless: number of patches that were too empty to compare.
        described: one row a patch, with its ``label`` ("" where unknown).
        other: name of the other data set in a sentence.
    """
    outside, same = (pairs[column].to_numpy(bool) for column in ("outside", "identical"))
    yield _repeated(pairs.loc[~outside & same], "identical", "Identical patches", "identical patch", _SIDES, "")
    skipped = f" {count(featureless, 'patch')} with nothing to recognise could not be compared." if featureless else ""
    yield _repeated(
        pairs.loc[~outside & ~same],
        "near",
        "Near-duplicates",
        "near-duplicate",
        [*_SIDES, *_MEASURED],
        skipped,
        checked=featureless < len(described),
    )
    yield _conflicts(pairs, other, labelled=int(np.count_nonzero(described["label"] != "")))
    if other is not None:
        yield _shared(pairs.loc[outside], other)


def _repeated(
    pairs: pd.DataFrame, key: str, title: str, what: str, columns: list[str], more: str, *, checked: bool = True
) -> Finding:
    across = (pairs["split_set"] != pairs["other_split_set"]).to_numpy(bool)
    across_sets, within_sets = one_each(pairs.loc[across]), one_each(pairs.loc[~across])
    table = pd.concat([across_sets, within_sets], ignore_index=True).loc[:, columns]
    if not checked:
        return Finding(key, title, f"Not known.{more}", "unknown", table)
    if table.empty:
        means = "" if key == "identical" else " as they are, mirrored, turned or saved anew"
        return Finding(key, title, f"No two patches are the same{means}.{more}", "ok", table)
    clause = "; ".join(
        [
            f"{count(n, what)} between {one} and {two}"
            for (one, two), n in _counts(across_sets, ["split_set", "other_split_set"])
        ]
        + [f"{count(n, what)} within {split_set}" for split_set, n in _counts(within_sets, "split_set")]
    )
    advice = "take them out of one side" if len(across_sets) else "they count double"
    severity: Severity = "problem" if len(across_sets) else "note"
    measure = _MEASURE if _MEASURE in columns else None
    return Finding(key, title, f"{clause}: {advice}.{more}", severity, table, clause, measure)


def _conflicts(pairs: pd.DataFrame, other: str | None, labelled: int) -> Finding:
    found = one_each(pairs.loc[pairs["conflict"].to_numpy(bool)])
    table = found.loc[:, [*_SIDES, *_MEASURED]]
    if other is not None:
        table = table.assign(other_dataset=np.where(found["outside"], other, "").astype(object))
    title = "Contradicting labels"
    if table.empty and not labelled:
        return Finding("conflicts", title, "Not known: no patch has a label.", "unknown", table)
    if table.empty:
        return Finding("conflicts", title, "No two patches look the same and carry different labels.", "ok", table)
    ends = {(False, name) for name in found["sample_id"]} | set(zip(found["outside"], found["other_id"], strict=True))
    clause = f"{count(len(ends), 'patch')} look the same and carry different labels"
    sentence = f"{clause}: at least one label of each pair is wrong."
    return Finding("conflicts", title, sentence, "problem", table, clause, _MEASURE)


def _shared(pairs: pd.DataFrame, other: str) -> Finding:
    found = one_each(pairs)
    table = found.loc[:, [*_SIDES, *_MEASURED]].assign(other_dataset=other)
    title = f"Patches that are also in {other}"
    if table.empty:
        return Finding("shared", title, f"No patch is also in {other}.", "ok", table, f"no patch is also in {other}")
    number = len(set(table["sample_id"]))
    clause = f"{count(number, 'patch')} {'is' if number == 1 else 'are'} also in {other}"
    sentence = f"{clause}: never train on one data set and test on the other."
    return Finding("shared", title, sentence, "warning", table, clause, _MEASURE)


def _counts(pairs: pd.DataFrame, by: str | list[str]) -> Iterator[tuple[Any, ...]]:
    """Yield a set (or pair of sets) and its count, in the order of the table."""
    yield from pairs.groupby(by, sort=False).size().items()
