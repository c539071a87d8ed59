"""Which pairs are tested, and the correction for all of them.

How often one of several equal models is called better is measured in `tests/evaluation`.
"""

from __future__ import annotations

import pytest
from statsmodels.stats.multitest import multipletests

from histo_core.comparison.aurocs import auroc_results
from histo_core.comparison.join import join
from histo_core.evaluation.auroc_difference import auroc_difference


def test_the_best_is_judged_over_all_pairs(make) -> None:
    """Four models: six pairs, corrected as statsmodels corrects all six."""
    joined = join([make(f"r{i}", f"Model {i}", skill=1.0 + 0.3 * i, noise=i) for i in range(4)])
    found = auroc_results(joined)
    assert len(found.differences) == 6
    best = found.names[found.best or 0]
    assert [pair.first for pair in found.differences[:3]] == [best] * 3
    raw = [pair.difference.p_value for pair in found.differences]
    expected = multipletests(raw, method="holm")[1]
    assert [pair.p_corrected for pair in found.differences] == pytest.approx(list(expected))


def test_a_comparator_is_tested_against_each_other_model_only(make) -> None:
    joined = join([make(f"r{i}", f"Model {i}", skill=1.0 + 0.3 * i, noise=i) for i in range(4)])
    found = auroc_results(joined, comparator="r1")
    assert {pair.other for pair in found.differences} == {"Model 1"}
    assert [pair.first for pair in found.differences] == [
        name for name in ("Model 3", "Model 2", "Model 0") if name in {pair.first for pair in found.differences}
    ]
    raw = [pair.difference.p_value for pair in found.differences]
    assert [pair.p_corrected for pair in found.differences] == pytest.approx(list(multipletests(raw, method="holm")[1]))
    y, scores = joined.y_true, joined.probabilities[:, :, 1]
    for pair in found.differences:
        i = int(pair.first_id[1:])
        expected = auroc_difference(y, scores[i], scores[1], joined.groups)
        assert expected is not None
        assert (pair.difference.value, pair.difference.low, pair.difference.high) == pytest.approx(
            (expected.value, expected.low, expected.high)
        )
