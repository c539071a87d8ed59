"""What PatchCamelyon holds of CAMELYON16: patches and slides of each part, and their shares."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from histo_core.data.class_counts import counts_by
from histo_core.data.dataset import PARTS, Dataset

SLIDE_TYPES = ("normal", "tumor")
UNKNOWN_TYPE = "unknown type"
"""Of a slide whose name does not say its type; CAMELYON16's test slides are called camelyon16_test_001 to _130."""

CAMELYON16 = {
    "train": {"normal": 160, "tumor": 110, "all": 270},
    "test": {"normal": 80, "tumor": 49, "all": 130},
}
"""Slides of CAMELYON16 (Ehteshami Bejnordi et al., JAMA 318, 2017). One of its 130 test slides is a duplicate, which
belongs to neither type, so that PCam can have 129 of them at most."""

_FROM = {"train": "train", "valid": "train", "test": "test"}
"""Which part of CAMELYON16 a part of PCam was cut from."""


@dataclass(frozen=True)
class PCamReport:
    """Three tables, each with the parts in order.

    Attributes:
        patches: index ``split``; counts ``normal``, ``tumour`` (by the central 32 x 32 box), ``total``, and
            ``tumour_anywhere`` (by the whole patch) where the metadata say so.
        slides: index ``split``; counts ``normal``, ``tumor``, `UNKNOWN_TYPE` (where there are some) and ``total`` of
            the slides that patches come from, or None without metadata.
        shares: one row a part and slide type: ``split``, ``slide_type`` ("all" for both; alone in a part where a
            type is unknown), ``slides``, ``camelyon16`` (the part of CAMELYON16 it was cut from), ``available`` (slides
            there), ``of_camelyon16`` and ``of_pcam`` (slides / those available; slides / those of this type in all
            parts of PCam, NaN where a type is unknown in one of them; both 0 to 1); or None.
    """

    patches: pd.DataFrame
    slides: pd.DataFrame | None
    shares: pd.DataFrame | None


def pcam_report(dataset: Dataset) -> PCamReport | None:
    """The report of a PatchCamelyon data set, or None for any other.

    Args:
        dataset: slides are counted where its metadata lie beside it (columns ``slide_id`` and ``slide_type``).
    """
    if dataset.name != "pcam":
        return None
    table = dataset.table
    patches = counts_by(dataset, "split")
    if "tumor_patch" in table:
        anywhere = table.loc[table["tumor_patch"].eq(True), "split"].value_counts()
        patches["tumour_anywhere"] = [int(anywhere.get(part, 0)) for part in patches.index]
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
    parts = [part for part in PARTS if part in counts.index]
    kinds = [*SLIDE_TYPES, *([UNKNOWN_TYPE] if UNKNOWN_TYPE in counts else [])]
    counts = counts.reindex(index=parts, columns=kinds, fill_value=0).rename_axis(index="split", columns=None)
    return counts.assign(total=counts.sum(axis=1))


def _shares(slides: pd.DataFrame) -> pd.DataFrame:
    counts = slides.rename(columns={"total": "all"})
    whole = counts.sum().clip(lower=1).astype(float)
    if UNKNOWN_TYPE in counts:
        whole[list(SLIDE_TYPES)] = math.nan
    rows = [
        {
            "split": part,
            "slide_type": kind,
            "slides": int(counts.loc[part, kind]),
            "camelyon16": _FROM[part],
            "available": CAMELYON16[_FROM[part]][kind],
            "of_pcam": counts.loc[part, kind] / whole[kind],
        }
        for part in counts.index
        for kind in (*SLIDE_TYPES, "all")
        if kind == "all" or not counts.loc[part].get(UNKNOWN_TYPE)
    ]
    shares = pd.DataFrame(rows)
    return shares.assign(of_camelyon16=shares["slides"] / shares["available"])
