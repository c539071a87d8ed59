"""Properties of splits that hold for any data set: the order of its rows decides nothing, and nothing is torn apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from histo_core.config import Config, SplitConfig
from histo_core.data.dataset import UNLABELLED, Dataset, DatasetInfo
from histo_core.data.grouping import known_groups, with_stand_ins
from histo_core.data.splits.make_split import make_split
from histo_core.errors import SplitError
from histo_core.workspace import Workspace

SPLIT_SETS = ("train", "valid", "test", "")
METHODS = ("patient", "auto", "slide", "group", "random", "published")


class Made(Dataset):
    """A table without pixels."""

    info: ClassVar[DatasetInfo] = DatasetInfo("made", "", "", "", "", needs_root=False)

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        raise NotImplementedError

    def read_source(self, indices: Sequence[int] | np.ndarray) -> Sequence[np.ndarray]:
        raise NotImplementedError


def dataset_of(table: pd.DataFrame) -> Dataset:
    return Made("made", table, ("normal", "tumour"))


@st.composite
def tables(draw: st.DrawFn, *, nested: bool = False) -> pd.DataFrame:
    """Tables of patches: ids may be missing, a slide may hold several patients, a patient have several slides.

    Nested: each slide belongs to one patient, as it should be.
    """
    count, slides, patients = draw(st.integers(12, 60)), draw(st.integers(1, 8)), draw(st.integers(1, 8))
    no_patient, no_slide, unlabelled = (draw(st.sampled_from([0.0, 0.1, 0.5])) for _ in range(3))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))  # a draw for each cell would take seconds
    slide = random.integers(0, slides, count)
    patient = random.integers(0, patients, slides)[slide] if nested else random.integers(0, patients, count)
    table = pd.DataFrame(
        {
            "sample_id": [f"s{row:03d}" for row in random.permutation(count)],
            "label": np.where(random.random(count) < unlabelled, UNLABELLED, random.integers(0, 2, count)),
            "patient_id": [f"P{number}" for number in patient],
            "slide_id": [f"S{number}" for number in slide],
            "group": [f"G{number % 4}" for number in slide],
            "split": np.array(SPLIT_SETS, dtype=object)[random.integers(0, 4, count)],
        },
        dtype=object,
    ).astype({"label": np.int64})
    table.loc[random.random(count) < no_patient, "patient_id"] = None
    table.loc[random.random(count) < no_slide, "slide_id"] = None
    return table


@st.composite
def configs(draw: st.DrawFn, methods: Sequence[str] = METHODS) -> SplitConfig:
    method = draw(st.sampled_from(methods))
    more: dict[str, Any] = {"group": "group"} if method == "group" else {}
    if draw(st.booleans()):
        more |= {"folds": draw(st.integers(2, 3)), "hold_out": draw(st.booleans())}
        more["fold"] = draw(st.integers(0, more["folds"] - 1))
    return SplitConfig(
        method=method,
        seed=draw(st.integers(0, 3)),
        stratify=draw(st.booleans()),
        subset=draw(st.sampled_from([None, 6])),
        **more,
    )


def split_of(table: pd.DataFrame, config: SplitConfig) -> tuple[dict[str, str], str, str] | str:
    """The set of each sample, the fingerprint and the note; or why there is none."""
    try:
        split = make_split(dataset_of(table), config)
    except SplitError as error:
        return str(error)
    return dict(zip(table["sample_id"], split.split_sets, strict=True)), split.fingerprint, split.note


def shuffled(table: pd.DataFrame, order: np.ndarray) -> pd.DataFrame:
    return table.iloc[order].reset_index(drop=True)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(data=st.data(), table=tables(), config=configs())
def test_the_order_of_the_rows_never_changes_a_split(
    data: st.DataObject, table: pd.DataFrame, config: SplitConfig
) -> None:
    order = np.random.default_rng(data.draw(st.integers(0, 9999))).permutation(len(table))
    assert split_of(shuffled(table, order), config) == split_of(table, config)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(data=st.data(), table=tables())
def test_the_order_of_the_rows_never_changes_who_belongs_together(data: st.DataObject, table: pd.DataFrame) -> None:
    order = np.random.default_rng(data.draw(st.integers(0, 9999))).permutation(len(table))
    for column in ("patient_id", "slide_id"):
        ids = dict(zip(table["sample_id"], with_stand_ins(table, column), strict=True))
        other = shuffled(table, order)
        assert dict(zip(other["sample_id"], with_stand_ins(other, column), strict=True)) == ids
    known, kind = known_groups(table)
    assert kind == (
        "patient" if table["patient_id"].notna().any() else "slide" if table["slide_id"].notna().any() else None
    )
    assert known is None or not pd.isna(known).any()


@settings(derandomize=True, deadline=None, max_examples=30)
@given(table=tables(nested=True), config=configs(["patient", "auto"]))
def test_where_slides_are_nested_in_patients_neither_is_torn(table: pd.DataFrame, config: SplitConfig) -> None:
    given_sets = table.drop(columns="split") if config.method == "auto" else table
    found = split_of(given_sets, config)
    assume(not isinstance(found, str))
    assigned = table.assign(part=table["sample_id"].map(found[0]))
    inside = assigned[assigned["part"] != ""]
    if not table.loc[table["label"] != UNLABELLED, "patient_id"].notna().any():
        assume(config.method == "auto")
        assert (inside.groupby("slide_id")["part"].nunique() <= 1).all()
        return
    assert (inside.groupby("patient_id")["part"].nunique() <= 1).all()
    with_patient = set(table.loc[table["patient_id"].notna(), "slide_id"].dropna())
    assert (inside[inside["slide_id"].isin(with_patient)].groupby("slide_id")["part"].nunique() <= 1).all()


@settings(derandomize=True, deadline=None, max_examples=30)
@given(data=st.data(), table=tables(nested=True), config=configs())
def test_a_missing_id_on_a_slide_of_one_patient_changes_nothing(
    data: st.DataObject, table: pd.DataFrame, config: SplitConfig
) -> None:
    whole = table.assign(slide_id=[slide or f"S{row}x" for row, slide in enumerate(table["slide_id"])])
    whole["patient_id"] = whole.groupby("slide_id")["patient_id"].transform("first")
    whole["patient_id"] = whole["patient_id"].where(whole["patient_id"].notna(), "P0").astype(object)
    rows = [row for _, rows in whole.groupby("slide_id").indices.items() for row in rows[1:]]
    random = np.random.default_rng(data.draw(st.integers(0, 9999)))
    dropped = [row for row in rows if random.random() < 0.5]
    lacking = whole.copy()
    lacking.loc[dropped, "patient_id"] = None
    assume((lacking.loc[lacking["label"] != UNLABELLED, "patient_id"].notna()).any())
    one, other = split_of(lacking, config), split_of(whole, config)
    assert isinstance(one, str) == isinstance(other, str)
    if not isinstance(one, str):
        assert one[:2] == other[:2]
