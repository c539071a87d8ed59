"""The test of all AUROCs at once: pROC's data, its relation to the test of a pair, and its rate of false alarms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, chi2

from histo_core.evaluation.auroc_equality import auroc_equality
from histo_core.evaluation.delong import delong_test


@pytest.fixture(scope="module")
def asah() -> pd.DataFrame:
    return pd.read_csv(Path(__file__).with_name("asah.csv"))


def test_two_models_give_the_square_of_delongs_z(asah: pd.DataFrame) -> None:
    scores = asah[["wfns", "s100b"]].to_numpy(float).T
    found = auroc_equality(asah["outcome"], scores)
    z, p = delong_test(asah["outcome"], *scores)
    assert found.statistic == pytest.approx(z**2, rel=1e-9)
    assert found.p_value == pytest.approx(p, rel=1e-9)
    assert (found.rank, found.df) == (1, np.inf)


def test_three_models_give_the_quadratic_form_of_the_published_covariance(asah: pd.DataFrame) -> None:
    """The AUROCs and covariances are those of pROC 1.18.0, in `../shared/DEFINITIONS.md`."""
    a = np.array([0.823678861788618, 0.731368563685637, 0.611957994579946])
    s = np.diag([0.00146991470882363, 0.00266868245717244, 0.0031908105493913])
    s[0, 2] = s[2, 0] = -0.000532967856762438
    s[1, 2] = s[2, 1] = -0.000756164938056579
    s[0, 1] = s[1, 0] = 0.00119615567376754
    contrast = np.array([[1, -1, 0], [0, 1, -1]])
    expected = (contrast @ a) @ np.linalg.inv(contrast @ s @ contrast.T) @ (contrast @ a)
    found = auroc_equality(asah["outcome"], asah[["wfns", "s100b", "ndka"]].to_numpy(float).T)
    assert found.statistic == pytest.approx(expected, rel=1e-9)
    assert found.p_value == pytest.approx(chi2.sf(expected, 2), rel=1e-9)


def test_a_model_that_occurs_twice_adds_nothing(asah: pd.DataFrame) -> None:
    three = asah[["wfns", "s100b", "wfns"]].to_numpy(float).T
    assert auroc_equality(asah["outcome"], three).rank == 1
    assert auroc_equality(asah["outcome"], three[[0, 2]]).p_value is None


def _made(rng: np.random.Generator, n_models: int, patients: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    groups = np.repeat(np.arange(patients), 20)
    y = rng.random(len(groups)) < 0.4
    shared, own = rng.normal(size=patients)[groups], rng.normal(size=(n_models, patients))[:, groups]
    return y, 1.5 * y + 0.6 * shared + 0.6 * own + rng.normal(size=(n_models, len(groups))), groups


@pytest.mark.parametrize(("n_models", "patients"), [(2, 12), (5, 20)])
def test_equal_models_are_seldom_called_different(n_models: int, patients: int) -> None:
    rng = np.random.default_rng(n_models)
    p_values = [auroc_equality(*_made(rng, n_models, patients)).p_value for _ in range(300)]
    false_alarms = sum(p < 0.05 for p in p_values if p is not None)
    assert binomtest(false_alarms, 300, 0.06, "greater").pvalue > 0.005
    assert max(p for p in p_values if p is not None) > 0.5


def test_a_worse_model_is_found() -> None:
    rng = np.random.default_rng(8)
    y, scores, groups = _made(rng, 3, 30)
    scores[2] = rng.normal(size=len(y))
    p = auroc_equality(y, scores, groups).p_value
    assert p is not None
    assert p < 0.001


@pytest.mark.parametrize(
    ("y", "groups", "models", "said"),
    [
        ([1, 1, 1, 1], None, 2, "a class is missing"),
        ([0, 1, 0, 1], None, 1, "one model"),
        ([0, 1, 1, 1], None, 2, "one sample"),
        ([0, 0, 1, 1], ["a", "a", "b", "b"], 2, "one group"),
        ([0, 1, 0, 1] * 2, ["a", "a", "b", "b", "c", "c", "d", "d"], 6, "degrees of freedom"),
    ],
)
def test_what_cannot_be_tested_says_why(y: list[int], groups: list[str] | None, models: int, said: str) -> None:
    found = auroc_equality(y, np.random.default_rng(0).random((models, len(y))), groups)
    assert found.p_value is None
    assert said in found.method
