"""The words of hand-made maps."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from histo_core.explanation.base import Explanation
from histo_core.explanation.influence import Influence
from histo_core.explanation.words import PLACES, about_box, area_shares, describe, percent

UPPER_LEFT, CENTRE, LOWER_RIGHT = (slice(0, 3), slice(0, 3)), (slice(3, 6), slice(3, 6)), (slice(6, 9), slice(6, 9))


def explained(
    *spots: tuple[tuple[slice, slice], float],
    probability: float = 0.87,
    seen: np.ndarray | None = None,
    r_squared: float | None = None,
) -> Explanation:
    """A 9 x 9 map with some constant spots."""
    values = np.zeros((9, 9), np.float32)
    for where, value in spots:
        values[where] = value
    seen = np.ones((9, 9), bool) if seen is None else seen
    diagnostics = {} if r_squared is None else {"r_squared": r_squared}
    return Explanation("lime", values, seen, 1, "tumour", probability, {}, diagnostics=diagnostics)


def test_one_area() -> None:
    words = describe(explained((UPPER_LEFT, 0.2)))
    assert words == "The model leaned towards tumour (87%) mostly because of the area at the upper left."


@pytest.mark.parametrize(("row", "column"), [(r, c) for r in range(3) for c in range(3)])
def test_every_place_has_its_name(row: int, column: int) -> None:
    spot = slice(3 * row, 3 * row + 3), slice(3 * column, 3 * column + 3)
    assert describe(explained((spot, 0.2))).endswith(f"the area {PLACES[row][column]}.")


def test_two_areas_the_stronger_first() -> None:
    words = describe(explained((UPPER_LEFT, 0.2), (CENTRE, 0.21), (LOWER_RIGHT, 0.1)))
    assert words.endswith("mostly because of the areas in the centre and at the upper left.")


def test_spread_over_the_picture() -> None:
    words = describe(explained((np.s_[:, 0:6], 0.1), (CENTRE, 0.15)))
    assert words.endswith("because of evidence spread over the picture, strongest in the centre.")


def test_even_evidence_has_no_strongest_place() -> None:
    words = describe(explained((np.s_[:, :], 0.1)))
    assert words.endswith("because of evidence spread evenly over the picture.")


def test_no_evidence() -> None:
    assert describe(explained()) == "The model gave tumour 87%; no area spoke for tumour."


def test_a_class_that_the_model_did_not_lean_towards() -> None:
    words = describe(explained((LOWER_RIGHT, 0.2), probability=0.12))
    assert words == "The model gave tumour only 12%; what spoke for it lies mostly at the lower right."


def test_evidence_against_is_named_when_there_is_enough_of_it() -> None:
    some = describe(explained((UPPER_LEFT, 0.2), (LOWER_RIGHT, -0.15)))
    assert some.endswith("at the upper left. The area at the lower right spoke against tumour.")
    little = describe(explained((UPPER_LEFT, 0.2), (LOWER_RIGHT, -0.05)))
    assert "against" not in little
    wide = describe(explained((np.s_[0:6, 0:6], -0.1)))
    assert wide.endswith("Evidence against tumour was spread over the picture, strongest at the upper left.")


def test_places_are_named_within_what_was_seen() -> None:
    seen = np.zeros((9, 9), bool)
    seen[3:6, 3:6] = True
    words = describe(explained((np.s_[3:4, 5:6], 0.2), seen=seen))
    assert "because of the area at the upper right. The model saw only the middle" in words
    assert "(11% of its area)" in words


def test_an_explanation_that_follows_the_model_loosely_says_so() -> None:
    assert "only loosely here (R squared 0.31)" in describe(explained((CENTRE, 0.2), r_squared=0.31))
    assert "loosely" not in describe(explained((CENTRE, 0.2), r_squared=0.5))


def test_tiny_effects_are_called_tiny() -> None:
    assert describe(explained((CENTRE, 0.009), r_squared=0.9)).endswith("changes the answer (by less than 1%).")
    assert "hardly" not in describe(explained((CENTRE, 0.01), r_squared=0.9))
    assert "hardly" not in describe(explained((CENTRE, 0.001))), "Grad-CAM's values are no probabilities"


def test_area_shares_by_hand() -> None:
    evidence = np.array([[1, 0, 0, 3], [0, 0, 0, 0], [0, 4, 0, 0]])
    # Four columns fall into areas of two, one and one.
    expected = np.array([[1, 0, 3], [0, 0, 0], [4, 0, 0]]) / 8
    np.testing.assert_allclose(area_shares(evidence, np.ones((3, 4), bool)), expected)
    assert area_shares(np.zeros((3, 4)), np.ones((3, 4), bool)) is None


@pytest.mark.parametrize(
    ("probability", "words"), [(0.999, "over 99%"), (0.92, "92%"), (0.001, "under 1%"), (0.0, "0%"), (0.01, "1%")]
)
def test_a_probability_never_claims_to_be_sure(probability: float, words: str) -> None:
    assert percent(probability) == words


def moved(strongest: float, whole: float, **changes: Any) -> Explanation:
    given = explained((UPPER_LEFT, 0.2), probability=0.95, **changes)
    return dataclasses.replace(given, influence=Influence(np.log(0.95 / 0.05), strongest, whole, 0.11))


def test_a_picture_that_moves_nothing_names_no_place() -> None:
    # ln 19 = 2.944; less 0.15 it is the log-odds of 0.942, less 0.9 of 0.885.
    assert describe(moved(0.15, 0.9)) == (
        "The model gave tumour 95%; nothing in the picture moves this answer: with the strongest area hidden it is "
        "94%, with the whole picture hidden 89%."
    )
    assert "moves this answer by itself" in describe(moved(0.1, 1.0)), "the whole picture does"
    assert describe(moved(0.3, 1.0)).endswith("mostly because of the area at the upper left.")


def test_what_was_not_seen_is_said_of_a_picture_that_moves_nothing_too() -> None:
    seen = np.zeros((9, 9), bool)
    seen[3:6, 3:6] = True
    assert "saw only the middle" in describe(moved(0.1, 1.0, seen=seen))


def test_the_box_that_labels_are_about() -> None:
    everything, middle = np.ones((96, 96), bool), np.zeros((96, 96), bool)
    middle[32:64, 32:64] = True
    said = about_box(32, everything)
    assert "a map need not point there" in said
    assert "0.116 lay in that box, which is 0.111 of the patch" in said
    assert about_box(32, middle) == "", "the model sees nothing else"
    assert about_box(None, everything) == ""
