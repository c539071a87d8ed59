"""Ensembles against hand calculations, and their place in a comparison."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from histo_core.comparison.compare import compare
from histo_core.comparison.ensemble import ensemble
from histo_core.comparison.join import join
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.data.predictions import check_predictions
from histo_core.errors import ComparisonError

if TYPE_CHECKING:
    from conftest import Make


def tumour(run: RunPredictions) -> np.ndarray:
    return run.table["prob_tumour"].to_numpy()


def _tested_only(run: RunPredictions) -> RunPredictions:
    return replace(run, table=run.table[run.table["split"] == "test"])


@pytest.fixture
def two(make: Make) -> list[RunPredictions]:
    return [make("a1", "A", noise=1), make("b2", "B", noise=2)]


def test_the_mean_and_the_weighted_mean(two: list[RunPredictions]) -> None:
    mean = ensemble(two, "mean")
    assert tumour(mean) == pytest.approx((tumour(two[0]) + tumour(two[1])) / 2)
    weighted = ensemble(two, "weighted", [3, 1])
    assert tumour(weighted) == pytest.approx(0.75 * tumour(two[0]) + 0.25 * tumour(two[1]))
    assert weighted.run_id == "weighted:a1+b2:0.75,0.25"
    assert mean.name == "Mean of A, B"


def test_votes_are_shares_of_members(make: Make) -> None:
    members = [make(str(i), str(i), noise=i) for i in range(3)]
    voted = ensemble(members, "vote")
    assert tumour(voted) == pytest.approx(np.mean([tumour(one) > 0.5 for one in members], axis=0))
    two = ensemble(members[:2], "vote")
    assert set(tumour(two)) == {0.0, 0.5, 1.0}


def test_ranks_count_and_not_the_scale_of_a_member(two: list[RunPredictions]) -> None:
    steep = expit(4 * logit(tumour(two[1])))
    other = replace(two[1], table=two[1].table.assign(prob_tumour=steep, prob_normal=1 - steep))
    assert tumour(ensemble(two, "rank")) == pytest.approx(tumour(ensemble([two[0], other], "rank")))
    test = (two[0].table["split"] == "test").to_numpy()
    ranks = [np.argsort(np.argsort(tumour(one)[test])) + 0.5 for one in two]
    assert tumour(ensemble(two, "rank"))[test] == pytest.approx((ranks[0] + ranks[1]) / 2 / test.sum())


def test_stacking_is_fitted_on_validation_alone(two: list[RunPredictions]) -> None:
    stacked = ensemble(two, "stacking")
    valid = (two[0].table["split"] == "valid").to_numpy()
    columns = ["prob_normal", "prob_tumour"]
    x = logit(np.concatenate([one.table[columns].to_numpy() for one in two], axis=1))
    truth = (two[0].table["y_true"] == "tumour").to_numpy()
    fitted = LogisticRegression(max_iter=1_000).fit(x[valid], truth[valid])
    assert tumour(stacked) == pytest.approx(fitted.predict_proba(x)[:, 1], abs=1e-6)
    changed = [one.table.copy() for one in two]
    for table in changed:
        table.loc[~valid, "y_true"] = table.loc[~valid, "y_true"].map({"normal": "tumour", "tumour": "normal"})
    again = ensemble([replace(one, table=table) for one, table in zip(two, changed, strict=True)], "stacking")
    assert tumour(again) == pytest.approx(tumour(stacked), abs=1e-12)


@pytest.mark.parametrize("kind", ["vote", "mean", "rank", "stacking"])
def test_an_ensemble_of_three_classes_keeps_the_contract_and_joins_with_its_members(make: Make, kind: str) -> None:
    classes = ("benign", "in situ", "invasive")
    members = [make(str(i), f"M{i}", classes=classes, noise=i) for i in range(2)]
    made = ensemble(members, kind)  # type: ignore[arg-type]
    check_predictions(made.table)
    found = compare(join([*members, made]))
    assert [result.run_id for result in found.results] == ["0", "1", f"{kind}:0+1"]


def test_samples_that_a_member_lacks_are_left_out_and_order_does_not_matter(two: list[RunPredictions]) -> None:
    shuffled = replace(two[1], table=two[1].table.iloc[::-1].iloc[:200])
    made = ensemble([two[0], shuffled], "mean")
    assert len(made.table) == 200
    whole = ensemble(two, "mean").table.set_index("sample_id")["prob_tumour"]
    own = made.table.set_index("sample_id")["prob_tumour"]
    assert own.to_dict() == pytest.approx(whole.loc[own.index].to_dict())


def test_what_is_no_ensemble_is_refused(two: list[RunPredictions], make: Make) -> None:
    cases = [
        (lambda: ensemble(two[:1], "mean"), "1 run"),
        (lambda: ensemble([two[0], two[0]], "mean"), "twice"),
        (lambda: ensemble(two, "median"), "Allowed: vote"),  # type: ignore[arg-type]
        (lambda: ensemble(two, "weighted"), "no weights"),
        (lambda: ensemble(two, "mean", [1, 1]), "was given weights"),
        (lambda: ensemble(two, "weighted", [0, 0]), "not all 0"),
        (lambda: ensemble(two, "weighted", [1, float("nan")]), "not all 0"),
        (lambda: ensemble([two[0], make("c", "C", fingerprint="e" * 64)], "mean"), "different splits"),
        (lambda: ensemble([two[0], replace(two[1], table=two[1].table.assign(sample_id="x"))], "mean"), "in common"),
        (
            lambda: ensemble([replace(r, table=r.table[r.table["split"] == "test"]) for r in two], "stacking"),
            "validation",
        ),
    ]
    for call, said in cases:
        with pytest.raises(ComparisonError, match=said):
            call()
