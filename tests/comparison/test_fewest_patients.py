from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from histo_core.comparison.compare import compare
from histo_core.comparison.fewest_patients import fewest_patients
from histo_core.comparison.from_arrays import joined_arrays
from histo_core.comparison.join import Joined
from histo_core.comparison.results import Comparison


def made(seed: int = 0, patients: int = 8, *, better: float = 0.5, known: bool = True) -> Comparison:
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(patients), 8)
    y = np.tile([0, 1], len(group) // 2)
    score = rng.normal(size=(2, len(y))) + np.array([[1 + better], [1.0]]) * y
    score[0] += rng.normal(0, 0.8, patients)[group] * y
    models = {name: 1 / (1 + np.exp(-one)) for name, one in zip("ab", score, strict=True)}
    ids = [f"p{one}" for one in group] if known else None
    return compare(joined_arrays(y, models, ids, classes=("normal", "tumour"), group_kind="patient"))


def difference(comparison: Comparison, without: tuple[str, ...]) -> float:
    keep = ~np.isin(np.asarray(comparison.groups, str), without)
    first, second = (roc_auc_score(comparison.y_true[keep], one.probabilities[keep, 1]) for one in comparison.results)
    return first - second


def test_without_the_patients_the_other_model_is_better_and_nobody_fewer_was_tried() -> None:
    comparison = made(better=0.0)
    found = fewest_patients(comparison)
    assert found is not None
    assert found.order
    best = difference(comparison, ())
    assert best * difference(comparison, found.order) < 0
    assert best * difference(comparison, found.order[:-1]) >= 0


@pytest.mark.parametrize("seed", range(4))
def test_it_is_an_upper_bound_on_the_fewest_by_trying_all(seed: int) -> None:
    comparison = made(seed, 7)
    found = fewest_patients(comparison)
    assert found is not None
    names = sorted(set(np.asarray(comparison.groups, str)))
    best = np.sign(difference(comparison, ()))
    fewest = next(
        (
            size
            for size in range(1, found.tried + 1)
            if any(best * difference(comparison, some) < 0 for some in combinations(names, size))
        ),
        None,
    )
    if found.order is not None:
        assert fewest is not None
        assert fewest <= len(found.order)


def test_what_is_told_apart_no_longer_is(three: Joined) -> None:
    """The best and the second cannot be told apart; without whom they are is checked by comparing anew."""
    comparison = compare(three)
    found = fewest_patients(comparison)
    assert found is not None
    assert (found.best, found.other, found.apart) == ("ResNet18", "Small CNN", False)
    assert found.told
    keep = ~np.isin(np.asarray(comparison.groups, str), found.told)
    assert comparison.groups is not None
    again = compare(
        joined_arrays(
            comparison.y_true[keep],
            {one.run_id: one.probabilities[keep] for one in comparison.results},
            comparison.groups[keep],
            classes=comparison.classes,
            group_kind="patient",
        )
    )
    pair = next(one for one in again.differences if {one.first_id, one.other_id} == {"a1", "b2"})
    assert pair.significant
    assert "the two would be told apart" in found.sentence
    assert "upper bound" in found.sentence
    assert found.told[0] in found.sentence


def test_a_clear_verdict_that_no_removal_reverses_says_so() -> None:
    rng = np.random.default_rng(1)
    y = np.tile([0, 1], 60)
    good, coin = 0.02 * rng.uniform(size=120) + 0.49 + 0.02 * y, rng.uniform(size=120)
    ids = [f"p{one}" for one in np.repeat(np.arange(12), 10)]
    comparison = compare(joined_arrays(y, {"good": good, "coin": coin}, ids, classes=("n", "t"), group_kind="patient"))
    found = fewest_patients(comparison)
    assert found is not None
    assert (found.order, found.told) == (None, None)
    assert found.sentence.startswith("No removal of up to 6 of 12 patients")


def test_patients_must_be_known_and_two_models_compared() -> None:
    assert fewest_patients(made(known=False)) is None
    rng = np.random.default_rng(0)
    one = joined_arrays(
        np.tile([0, 1], 8), {"a": rng.uniform(size=16)}, ["p"] * 8 + ["q"] * 8, classes=None, group_kind="patient"
    )
    assert fewest_patients(compare(one)) is None
