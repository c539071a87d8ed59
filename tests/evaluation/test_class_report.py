"""The classification report against scikit-learn's, and its intervals."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, classification_report

from histo_core.errors import DataError
from histo_core.evaluation.class_report import AVERAGES, MEASURES, class_report

NAMES = ("stroma", "lymphocytes", "tumour", "mucosa")
SKLEARN = {"macro average": "macro avg", "weighted average": "weighted avg"}


def _made(n: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 4, n)
    return true, np.where(rng.random(n) < 0.6, true, rng.integers(0, 4, n))


def _reference(true: np.ndarray, called: np.ndarray) -> dict[str, dict[str, float]]:
    found = classification_report(true, called, output_dict=True, zero_division=0)
    assert isinstance(found, dict)
    return found


def _same(true: np.ndarray, called: np.ndarray) -> None:
    expected, found = _reference(true, called), class_report(true, called, NAMES)
    for i, row in enumerate(found.classes):
        if str(i) not in expected:
            assert not row.f1.defined
            continue
        assert [getattr(row, name).value for name in MEASURES] == pytest.approx(
            [expected[str(i)][name] for name in ("precision", "recall", "f1-score")]
        )
        assert (row.name, row.support.patches) == (NAMES[i], expected[str(i)]["support"])
    micro, *others = found.averages
    assert [row.name for row in found.averages] == list(AVERAGES)
    assert micro.precision.value == micro.recall.value == micro.f1.value == pytest.approx(accuracy_score(true, called))
    for row in others:
        assert [getattr(row, name).value for name in MEASURES] == pytest.approx(
            [expected[SKLEARN[row.name]][name] for name in ("precision", "recall", "f1-score")]
        )
        assert row.support.patches == len(true)


def test_values_are_those_of_scikit_learn() -> None:
    _same(*_made())


def test_a_class_that_is_never_called_or_never_there_counts_as_in_scikit_learn() -> None:
    true, called = _made()
    _same(true, np.where(called == 2, 0, called))
    _same(np.where(true == 2, 0, true), called)
    _same(np.where(true == 2, 0, true), np.where(called == 2, 0, called))
    never_called = class_report(true, np.where(called == 2, 0, called), NAMES).classes[2]
    assert (never_called.precision.low, never_called.precision.high) == (0, 1)
    assert never_called.precision.method.startswith("nothing is called this class")
    never_there = class_report(np.where(true == 2, 0, true), called, NAMES).classes[2]
    assert never_there.recall.method.startswith("no sample is of this class")


def test_micro_macro_and_weighted_by_hand() -> None:
    """Of 6 + 4: 5 and 1 of them right, so 8 are called 0 and 2 are called 1."""
    found = class_report([0] * 6 + [1] * 4, [0] * 5 + [1] + [0] * 3 + [1], ("a", "b"))
    a, b = found.classes
    assert (a.precision.value, a.recall.value, a.f1.value) == pytest.approx((5 / 8, 5 / 6, 10 / 14))
    assert (b.precision.value, b.recall.value, b.f1.value) == pytest.approx((1 / 2, 1 / 4, 2 / 6))
    micro, macro, weighted = found.averages
    assert micro.f1.value == pytest.approx(0.6)
    assert macro.recall.value == pytest.approx((5 / 6 + 1 / 4) / 2)
    assert weighted.precision.value == pytest.approx(0.6 * 5 / 8 + 0.4 * 1 / 2)


def test_every_number_lies_in_its_interval_which_is_never_a_point() -> None:
    true, called = _made(80)
    for groups in (None, np.repeat(np.arange(16), 5)):
        for row in class_report(true, called, NAMES, groups).rows:
            for name in MEASURES:
                one = getattr(row, name)
                assert 0 <= one.low <= one.value <= one.high <= 1
                assert one.high > one.low, (row.name, name)


def test_patients_make_the_intervals_and_are_counted_by_class() -> None:
    """Each patient's 20 patches are all right or all wrong, so that there is as much to know as there are patients."""
    true, patient = np.repeat(np.arange(2), 200), np.repeat(np.arange(20), 20)
    called = np.where(patient % 3 == 0, 1 - true, true)
    by_patient, by_patch = (class_report(true, called, ("a", "b"), groups) for groups in (patient, None))
    for one, other in zip(by_patient.rows, by_patch.rows, strict=True):
        assert one.recall.high - one.recall.low > 2 * (other.recall.high - other.recall.low)
    assert [row.support.groups for row in by_patient.classes] == [10, 10]
    assert by_patient.averages[0].support.groups == 20
    assert by_patch.classes[0].support.groups is None


def test_what_cannot_be_reported_on_is_refused() -> None:
    with pytest.raises(DataError, match="at least one sample"):
        class_report([], [], NAMES)
    with pytest.raises(DataError, match="outside 0 to 3"):
        class_report([0, 4], [0, 1], NAMES)
