import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from histo_core.errors import DataError
from histo_core.review.agreement import in_words, kappa


def test_agrees_with_scikit_learn_and_a_published_table() -> None:
    rng = np.random.default_rng(0)
    a = rng.choice(["normal", "tumour", "cannot say"], 200)
    b = np.where(rng.random(200) < 0.7, a, rng.choice(["normal", "tumour", "cannot say"], 200))
    found = kappa(a.tolist(), b.tolist())
    assert found.value == pytest.approx(cohen_kappa_score(a, b))
    # Cohen's textbook case: 20 yes-yes, 5, 10, 15 no-no of 50: agreement 0.7, by chance 0.5.
    found = kappa(["y"] * 25 + ["n"] * 25, ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15)
    assert found.value == pytest.approx(0.4)
    assert found.words == "fair, 0.40"


def test_the_interval_agrees_with_resampling() -> None:
    rng = np.random.default_rng(1)
    a = rng.integers(0, 2, 300)
    b = np.where(rng.random(300) < 0.8, a, 1 - a)
    found = kappa(list(map(str, a)), list(map(str, b)))
    assert found.low is not None
    assert found.high is not None
    draws = rng.integers(0, 300, (2000, 300))
    low, high = np.quantile([cohen_kappa_score(a[rows], b[rows]) for rows in draws[:400]], [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.03)


def test_perfect_agreement_keeps_some_doubt() -> None:
    found = kappa(["y", "n"] * 10, ["y", "n"] * 10)
    observed = stats.binomtest(20, 20).proportion_ci(method="exact").low
    assert found.low == pytest.approx((observed - 0.5) / 0.5)
    assert (found.value, found.high, found.words) == (1, 1, "almost perfect, 1.00")


def test_readers_who_never_vary() -> None:
    same = kappa(["y"] * 4, ["y"] * 4)
    assert (same.value, same.words) == (None, "not defined: every answer is y")
    one = kappa(["y"] * 4, ["y", "n", "n", "y"])
    assert (one.value, one.low, one.high, one.words) == (0, None, None, "slight, 0.00")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (-0.1, "poor"),
        (0, "slight"),
        (0.2, "slight"),
        (0.21, "fair"),
        (0.6, "moderate"),
        (0.71, "substantial"),
        (0.81, "almost perfect"),
    ],
)
def test_the_words_of_landis_and_koch(value: float, word: str) -> None:
    assert in_words(value) == word


def test_answers_must_pair() -> None:
    with pytest.raises(DataError, match="1 and 2 answers"):
        kappa(["y"], ["y", "n"])
    with pytest.raises(DataError, match="An answer is missing"):
        kappa(["y", None], ["y", "n"])  # type: ignore[list-item]
