"""Many models at once."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from histo_core.errors import DataError
from histo_core.evaluation.auroc import auroc_difference
from histo_core.evaluation.simultaneous import holm, model_pairs


def test_all_pairs_are_corrected_together(made) -> None:
    found = model_pairs(made.y, made.scores, made.patients, shown=2)
    assert [(pair.first, pair.second) for pair in found] == [(0, 1), (0, 2), (1, 2)]
    alone = [
        auroc_difference(made.y, made.scores[i], made.scores[j], made.patients) for i, j in ((0, 1), (0, 2), (1, 2))
    ]
    corrected = multipletests([one.p_value for one in alone if one is not None], method="holm")[1]
    for pair, one, p in zip(found, alone, corrected, strict=True):
        assert one is not None
        assert (pair.difference.value, pair.difference.low) == (one.value, one.low)
        assert pair.p_corrected == pytest.approx(p)
        assert pair.difference.swap == (one.swap if 2 in (pair.first, pair.second) else None)


def test_a_comparator_is_tested_against_the_others_only(made) -> None:
    found = model_pairs(made.y, made.scores, made.patients, comparator=1)
    assert [(pair.first, pair.second) for pair in found] == [(1, 0), (1, 2)]
    smallest = min(pair.difference.p_value for pair in found if pair.difference.p_value is not None)
    assert min(pair.p_corrected for pair in found if pair.p_corrected is not None) == pytest.approx(
        min(1, 2 * smallest)
    )
    assert all(pair.difference.swap is not None for pair in found)
    with pytest.raises(DataError, match="comparator = 3"):
        model_pairs(made.y, made.scores, comparator=3)


def test_one_model_or_one_class_has_no_pairs(made) -> None:
    assert model_pairs(made.y, made.scores[:1]) == ()
    assert model_pairs(np.ones(3), np.zeros((2, 3))) == ()


def test_holm_is_that_of_statsmodels() -> None:
    values = np.random.default_rng(0).random(40) ** 3
    values[7] = values[3]
    np.testing.assert_allclose(holm(values.tolist()), multipletests(values, method="holm")[1], rtol=1e-12)


def test_missing_p_values_do_not_count_as_tests() -> None:
    assert holm([0.01, None, 0.04]) == pytest.approx([0.02, None, 0.04])
    assert holm([None]) == [None]
