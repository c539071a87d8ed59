"""The patch to begin with: rightly called, of the class of interest, sure but not extreme, not blank."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from histo_core.errors import CorruptDataError
from histo_core.review.first_patch import TRIES, choose_first_patch

TISSUE = np.random.default_rng(0).integers(60, 200, (96, 96, 3), np.uint8)
GLASS = np.full((96, 96, 3), 245, np.uint8)


def predicted(tumour: list[float], truth: list[str | None]) -> pd.DataFrame:
    """Of the given probabilities of tumour and labels; ids are the rows' numbers."""
    chance = np.array(tumour)
    return pd.DataFrame(
        {
            "sample_id": [str(row) for row in range(len(chance))],
            "y_true": pd.Series(truth, dtype="str"),
            "y_pred": np.where(chance > 0.5, "tumour", "normal"),
            "prob_normal": 1 - chance,
            "prob_tumour": chance,
        }
    )


def tissue(sample: str) -> np.ndarray:
    del sample
    return TISSUE


EIGHT = [0.6, 0.99, 0.7, 0.9, 0.95, 0.8, 0.85, 0.75]


def test_a_quarter_of_the_right_answers_are_surer() -> None:
    # Surest first 0.99, 0.95, 0.9: two of eight are surer than 0.9.
    assert choose_first_patch(predicted(EIGHT, ["tumour"] * 8), "tumour", tissue) == "3"


def test_only_right_answers_of_the_class_of_interest_count() -> None:
    table = predicted([*EIGHT, 0.001, 0.999, 0.999], ["tumour"] * 8 + ["normal", "normal", None])
    assert choose_first_patch(table, "tumour", tissue) == "3"
    assert choose_first_patch(table, "normal", tissue) == "8"


def test_blank_and_damaged_patches_are_passed_over() -> None:
    def read(sample: str) -> np.ndarray:
        if sample == "6":
            raise CorruptDataError("Half a file.")
        return GLASS if sample == "3" else TISSUE

    assert choose_first_patch(predicted(EIGHT, ["tumour"] * 8), "tumour", read) == "5"


def test_where_all_are_blank_the_first_choice_is_shown_and_few_are_read() -> None:
    asked: list[str] = []

    def read(sample: str) -> np.ndarray:
        asked.append(sample)
        return GLASS

    chances = np.linspace(0.6, 0.99, 100).tolist()
    assert choose_first_patch(predicted(chances, ["tumour"] * 100), "tumour", read) == "74"
    assert len(asked) == TRIES


@pytest.mark.parametrize(
    ("truth", "found"), [(["normal"] * 8, "3"), ([None] * 8, "3"), (["normal"] * 7 + ["tumour"], "7")]
)
def test_without_any_such_patch_the_others_serve(truth: list[str | None], found: str) -> None:
    assert choose_first_patch(predicted(EIGHT, truth), "tumour", tissue) == found


def test_no_patch_at_all() -> None:
    assert choose_first_patch(predicted([], []), "tumour", tissue) is None
