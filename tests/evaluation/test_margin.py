"""What an interval says about a margin: each answer, and how many patients would settle it."""

from __future__ import annotations

import pytest

from histo_core.errors import DataError
from histo_core.evaluation.auroc_difference import PairedDifference
from histo_core.evaluation.margin import against_margin


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [
        (0.031, 0.09, "superior"),
        (0.01, 0.09, "not inferior"),
        (-0.02, 0.04, "not inferior"),
        (-0.02, 0.02, "equivalent"),
        (0.01, 0.02, "equivalent"),
        (-0.04, 0.04, "open"),
        (-0.04, 0.02, "not superior"),
        (-0.09, -0.031, "inferior"),
        (-0.03, 0.01, "not superior"),  # the limit itself is not within the margin
    ],
)
def test_each_answer(low: float, high: float, answer: str) -> None:
    found = against_margin(PairedDifference((low + high) / 2, low, high, 0.5, "jackknife"), 0.03, 40)
    assert found.answer == answer


def test_needed_groups_grow_with_the_square_and_do_not_depend_on_the_difference() -> None:
    near, far = (PairedDifference(at, at - 0.06, at + 0.06, 0.5, "jackknife") for at in (0.0, 0.3))
    assert against_margin(near, 0.03, 40).needed == against_margin(far, 0.03, 40).needed == 160


def test_without_an_interval_all_is_open() -> None:
    found = against_margin(PairedDifference(0.1, -1.0, 1.0, None, "one group of a class"), 0.03, 1)
    assert (found.answer, found.needed) == ("open", None)


@pytest.mark.parametrize("margin", [0.0, -0.1, 0.6, float("nan")])
def test_a_margin_that_cannot_be_is_refused(margin: float) -> None:
    with pytest.raises(DataError, match="margin"):
        against_margin(PairedDifference(0, -0.1, 0.1, 0.9, "jackknife"), margin, 40)
