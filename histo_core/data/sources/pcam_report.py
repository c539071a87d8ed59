"""Report PatchCamelyon's share of CAMELYON16: patches and slides of each set, and their shares."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from histo_core.data.class_counts import counts_by
from histo_core.data.dataset import SPLIT_SETS, Dataset

SLIDE_TYPES = ("normal", "tumor")
UNKNOWN_TYPE = "unknown type"
"""Type of a slide whose name does not give it; CAMELYON16's test slides are called camelyon16_test_001 to _130."""

CAMELYON16 = {
    "train": {"normal": 160, "tumor": 110, "all": 270},
    "test": {"normal": 80, "tumor": 49, "all": 130},
}
"""Slides of CAMELYON16 (Ehteshami Bejnordi et al., JAMA 318, 2017). One of its 130 test slides is a duplicate, which
belongs to neither type, so that PCam can have 129 of them at most."""

_FROM = {"train": "train", "valid": "train", "test": "test"}
"""The part of CAMELYON16 that each set of PCam was cut from."""


@dataclass(frozen=True)
class PCamReport:
    """Three tables, each with the sets in order.

    Attributes:
        patches: index ``split``; counts ``normal``, ``tumour`` (by the central 32 x 32 box), ``total``, and
            ``tumour_anywhere`` (by the whole patch) where the metadata say so.
        slides: index ``split``; counts ``normal``, ``tumor``, `UNKNOWN_TYPE` (where there are some) and ``total`` of
            the patches' slides; None without metadata.
        shares: one row for each set and slide type; None without metadata. ``split``; ``slide_type`` ("all" for both;
            the only row of a set where a type is unknown); ``slides``; ``camelyon16`` (the part of CAMELYON16 that it
            was cut from); ``available`` (slides there); ``of_camelyon16`` (slides / available) and ``of_pcam`` (slides
            / those of this type in all sets of PCam, NaN where a type is unknown in one of them), both 0 to 1.
    """

    patches: pd.DataFrame
    slides: pd.DataFrame | None
    shares: pd.DataFrame | None


def pcam_report(dataset: Dataset) -> PCamReport | None:
    """Compute the report of a PatchCamelyon data set; None for any other.

    Args:
        dataset: its slides are counted if it has metadata (columns ``slide_id`` and ``slide_type``).
    """
    if dataset.name != "pcam":
        return None
    table = dataset.table
    patches = counts_by(dataset, "split")
    if "tumor_patch" in table:
        anywhere = table.loc[table["tumor_patch"].eq(True), "split"].value_counts()
        patches["tumour_anywhere"] = [int(anywhere.get(split_set, 0)) for split_set in patches.index]
    slides = _slides(table)
    return PCamReport(patches, slides, None if slides is None else _shares(slides))


def _slides(table: pd.DataFrame) -> pd.DataFrame | None:
    if "slide_type" not in table:
        return None
    known = pd.DataFrame(table[["split", "slide_id", "slide_type"]]).dropna(subset="slide_id")
    if known.empty:
        return None
    distinct = known.drop_duplicates(["split", "slide_id"])
    counts = pd.crosstab(distinct["split"], distinct["slide_type"].fillna(UNKNOWN_TYPE))
    split_sets = [split_set for split_set in SPLIT_SETS if split_set in counts.index]
    kinds = [*SLIDE_TYPES, *([UNKNOWN_TYPE] if UNKNOWN_TYPE in counts else [])]
    counts = counts.reindex(index=split_sets, columns=kinds, fill_value=0).rename_axis(index="split", columns=None)
    return counts.assign(total=counts.sum(axis=1))


def _shares(slides: pd.DataFrame) -> pd.DataFrame:
    counts = slides.rename(columns={"total": "all"})
    whole = counts.sum().clip(lower=1).astype(float)
    if UNKNOWN_TYPE in counts:
        whole[list(SLIDE_TYPES)] = math.nan
    rows = [
        {
            "split": split_set,
            "slide_type": kind,
            "slides": int(counts.loc[split_set, kind]),
            "camelyon16": _FROM[split_set],
            "available": CAMELYON16[_FROM[split_set]][kind],
            "of_pcam": counts.loc[split_set, kind] / whole[kind],
        }
        for split_set in counts.index
        for kind in (*SLIDE_TYPES, "all")
        if kind == "all" or not counts.loc[split_set].get(UNKNOWN_TYPE)
    ]
    shares = pd.DataFrame(rows)
    return shares.assign(of_camelyon16=shares["slides"] / shares["available"])
