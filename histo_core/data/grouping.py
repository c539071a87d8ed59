"""Which patches belong together, and are therefore not independent: those of one patient, else of one slide."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

GroupKind = Literal["patient", "slide"]


def known_groups(table: pd.DataFrame) -> tuple[np.ndarray, GroupKind] | tuple[None, None]:
    """What each row of a table belongs to, object [n], by the better of what is known of any row.

    Args:
        table: with ``sample_id``, and ``patient_id`` and ``slide_id`` where the source has them.
    """
    kinds: tuple[GroupKind, ...] = ("patient", "slide")
    for kind in kinds:
        if f"{kind}_id" in table and bool(table[f"{kind}_id"].notna().any()):
            return with_stand_ins(table, f"{kind}_id"), kind
    return None, None


def with_stand_ins(table: pd.DataFrame, column: str) -> np.ndarray:
    """The ids of a column, object [n], and where one (or the column) is missing what stands in for it.

    A patch without a patient goes with the patient of its slide's other patches (of several patients on one slide the
    first by name, whatever the order of the rows), else with its slide, else alone: one missing id must not make those
    that are known count for nothing.
    """
    none = np.full(len(table), None)
    ids = pd.Series(table[column].to_numpy(dtype=object) if column in table else none)
    if not ids.isna().to_numpy().any():
        return ids.to_numpy()
    if column == "patient_id" and "slide_id" in table:
        slide = pd.Series(table["slide_id"].to_numpy(dtype=object))
        ids = ids.where(ids.notna(), slide.map(_first_by_name(ids, slide)))
        ids = ids.where(ids.notna(), slide.map("\0slide {}".format, na_action="ignore"))
    samples = pd.Series(table["sample_id"].to_numpy(dtype=object))
    return ids.where(ids.notna(), samples.map("\0sample {}".format)).to_numpy()


def _first_by_name(ids: pd.Series, slide: pd.Series) -> dict[object, object]:
    """The first id by name of each slide that has one."""
    pairs = pd.DataFrame({"slide": slide, "id": ids}).dropna().drop_duplicates()
    by_name = pairs.sort_values("id", key=lambda names: names.map(str), kind="stable")
    first = by_name.drop_duplicates("slide")
    return dict(zip(first["slide"], first["id"], strict=True))
