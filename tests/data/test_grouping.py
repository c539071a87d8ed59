"""What belongs together, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from histo_core.data.grouping import known_groups, with_stand_ins


def table(**columns: list[str | None]) -> pd.DataFrame:
    count = len(next(iter(columns.values()), ["", ""]))
    return pd.DataFrame({"sample_id": [f"s{row}" for row in range(count)]} | columns)


def shared(ids: np.ndarray) -> list[int]:
    """The first row that each row stands together with."""
    return [list(ids).index(one) for one in ids]


@pytest.mark.parametrize(
    ("columns", "kind", "expected"),
    [
        ({"patient_id": ["a", "b", "a"], "slide_id": ["1", "2", "3"]}, "patient", [0, 1, 0]),
        ({"patient_id": [None, None, None], "slide_id": ["1", "2", "1"]}, "slide", [0, 1, 0]),
        ({"slide_id": ["1", None, None]}, "slide", [0, 1, 2]),
        # The second patch's slide has a patient, the third's has none, and of the last nothing is known.
        ({"patient_id": ["a", None, None, None, "a", None], "slide_id": ["1", "1", "2", "2", "3", None]}, "patient",
         [0, 0, 2, 2, 0, 5]),
        # Of two patients on a slide the first by name, wherever it stands.
        ({"patient_id": ["b", None, "a", None], "slide_id": ["1", "1", "1", "2"]}, "patient", [0, 1, 1, 3]),
        ({"patient_id": ["a", None, "b", "c"], "slide_id": ["1", "1", "1", "2"]}, "patient", [0, 0, 2, 3]),
        # An id is never taken for what stands in for another.
        ({"patient_id": ["s1", None]}, "patient", [0, 1]),
    ],
)  # fmt: skip
def test_patches_belong_to_the_better_known(columns: dict, kind: str, expected: list[int]) -> None:
    ids, found = known_groups(table(**columns))
    assert found == kind
    assert ids is not None
    assert shared(ids) == expected


def test_nothing_known_is_no_group() -> None:
    assert known_groups(table(patient_id=[None, None])) == (None, None)
    assert known_groups(table()) == (None, None)


def test_complete_ids_stay_as_they_are_whatever_the_tables_index() -> None:
    whole = table(patient_id=["a", "b", None, "c"], slide_id=["1", "2", "1", "3"]).iloc[[3, 0, 2]]
    assert with_stand_ins(whole, "patient_id").tolist() == ["c", "a", "a"]
