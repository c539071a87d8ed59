"""Recalibration: fitted on validation, against netcal's definition and scikit-learn, applied to all sets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import log_loss

from histo_core.comparison.recalibrate import recalibrate
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.data.predictions import check_predictions
from histo_core.errors import ComparisonError
from histo_core.prediction.recalibration import fit_recalibration

if TYPE_CHECKING:
    from conftest import Make


@pytest.fixture
def steep(make: Make) -> RunPredictions:
    """A run whose logits are three times too large."""
    run = make("a1", "A", n=4_000, patients=40)
    p = expit(3 * logit(run.table["prob_tumour"].to_numpy()))
    return replace(run, table=run.table.assign(prob_tumour=p, prob_normal=1 - p))


def split_set(run: RunPredictions, name: str) -> tuple[np.ndarray, np.ndarray]:
    rows = run.table[run.table["split"] == name]
    return (rows["y_true"] == "tumour").to_numpy(), rows["prob_tumour"].to_numpy()


@pytest.mark.parametrize("method", ["temperature", "platt", "isotonic"])
def test_probabilities_of_patches_that_did_not_fit_it_become_better(steep: RunPredictions, method: str) -> None:
    made = recalibrate(steep, method)  # type: ignore[arg-type]
    check_predictions(made.table)
    y, before = split_set(steep, "test")
    _, after = split_set(made, "test")
    eps = 1e-6
    assert log_loss(y, np.clip(after, eps, 1 - eps)) < 0.9 * log_loss(y, np.clip(before, eps, 1 - eps))
    assert made.run_id == f"a1:{method}"


def test_the_temperature_is_the_one_with_the_lowest_validation_loss(steep: RunPredictions) -> None:
    y, p = split_set(steep, "valid")
    table = np.stack([1 - p, p], axis=1)
    found = logit(fit_recalibration(y.astype(int), table, "temperature")(table)[:, 1])
    temperature = float(np.median(logit(p) / found))
    grid = np.linspace(temperature - 0.2, temperature + 0.2, 41)
    losses = [log_loss(y, expit(logit(p) / t)) for t in grid]
    assert grid[int(np.argmin(losses))] == pytest.approx(temperature, abs=0.011)


def test_temperature_keeps_the_order_and_the_predicted_class(steep: RunPredictions) -> None:
    made = recalibrate(steep, "temperature")
    before, after = steep.table["prob_tumour"].to_numpy(), made.table["prob_tumour"].to_numpy()
    order = np.argsort(before)
    inside = (before[order] > 1e-5) & (before[order] < 1 - 1e-5)
    assert (np.diff(after[order][inside]) >= 0).all()
    assert ((before > 0.5) == (after > 0.5)).all()


def test_isotonic_is_scikit_learns(steep: RunPredictions) -> None:
    y, p = split_set(steep, "valid")
    _, after = split_set(recalibrate(steep, "isotonic"), "test")
    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p, y)
    assert after == pytest.approx(fitted.predict(split_set(steep, "test")[1]))


def test_three_classes_take_a_temperature_and_nothing_else(make: Make) -> None:
    run = make("a1", "A", classes=("benign", "in situ", "invasive"))
    check_predictions(recalibrate(run, "temperature").table)
    for method in ("platt", "isotonic"):
        with pytest.raises(ComparisonError, match="3 classes"):
            recalibrate(run, method)  # type: ignore[arg-type]


def test_no_validation_set_or_an_unknown_method_is_refused(make: Make) -> None:
    run = make("a1", "A")
    with pytest.raises(ComparisonError, match="validation samples"):
        recalibrate(replace(run, table=run.table[run.table["split"] == "test"]), "temperature")
    with pytest.raises(ComparisonError, match="Allowed: temperature"):
        recalibrate(run, "beta")  # type: ignore[arg-type]
    with pytest.raises(ComparisonError, match="separate"):
        fit_recalibration(np.array([0, 1]), np.array([[0.9, 0.1], [0.1, 0.9]]), "platt")
