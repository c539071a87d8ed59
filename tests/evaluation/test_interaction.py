import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from histo_core.errors import DataError
from histo_core.evaluation import interaction
from histo_core.evaluation.interaction import InteractionTests, interaction_tests

Drawn = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def drawn(
    seed: int, *, skill: tuple[float, float] = (1, 1), per: int = 6, patients: int = 12, within: bool = False
) -> Drawn:
    """Two models whose scores vary between patients; half of the patients, or of each one's patches, in each slice."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(patients), per)
    y = np.tile([0, 1], patients * per // 2)
    slices = (np.arange(len(y)) // 2 % 2) if within else (group % 2)
    of_patient = rng.normal(0, 0.7, (2, patients))[:, group]
    first = np.array(skill)[slices] * y
    scores = np.stack([first, 1.0 * y]) + of_patient + rng.normal(size=(2, len(y)))
    return y, scores, slices, group


def p_values(found: InteractionTests) -> list[float | None]:
    return [one.p_value for one in found.tests]


def test_the_aurocs_of_the_slices_are_scikit_learns() -> None:
    y, scores, slices, group = drawn(0)
    scores = scores.round(1)  # ties
    unit, inverse = np.unique(np.stack([group, slices]), axis=1, return_inverse=True)
    counts = interaction._counts(y == 1, inverse, unit.shape[1])
    wins = interaction._wins(y == 1, scores, inverse, unit.shape[1])
    found = interaction._aurocs(unit[1][None], wins[0], counts, 2)[0]
    expected = [roc_auc_score(y[slices == one], scores[0, slices == one]) for one in (0, 1)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("within", [False, True])
def test_a_model_that_fails_in_one_slice_is_found_and_so_is_its_difference(within: bool) -> None:
    found = interaction_tests(*drawn(1, skill=(3.0, -0.5), per=12, within=within))
    assert found.design == ("within" if within else "between")
    first, second, pair = found.tests
    assert (pair.first, pair.second) == (0, 1)
    assert first.p_value is not None
    assert pair.p_value is not None
    assert second.p_value is not None
    assert max(first.p_value, pair.p_value) < 0.01
    assert second.p_value > 0.05
    assert first.p_corrected == pytest.approx(min(first.p_value * 3, 1), abs=0.01)


@pytest.mark.parametrize("within", [False, True])
def test_equal_slices_are_called_different_in_five_of_a_hundred(within: bool) -> None:
    """600 simulations each: 5% have a standard error of 0.9%, so that 8% is three and a half above."""
    simulated = range(600)
    found = [interaction_tests(*drawn(seed, within=within, per=4), draws=99) for seed in simulated]
    for place in range(3):
        rejected = np.mean([p_values(one)[place] <= 0.05 for one in found])
        assert 0.02 < rejected < 0.08, (place, rejected)


def test_a_relabelling_keeps_each_slices_classes() -> None:
    """Patients of one class are exchanged with each other only, so that each slice keeps both classes."""
    y = np.repeat([0, 1] * 6, 3)
    group, slices = np.repeat(np.arange(12), 3), np.repeat([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1], 3)
    found = interaction_tests(y, np.random.default_rng(0).normal(size=(1, 36)), slices, group, draws=199)
    assert found.design == "between"
    assert found.tests[0].p_value is not None


def test_samples_without_groups_are_relabelled_one_by_one() -> None:
    y, scores, slices, _ = drawn(2)
    found = interaction_tests(y, scores, slices)
    assert found.design == "between"
    assert "between samples" in found.method


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda y, scores, slices, group: (y, scores, np.zeros_like(slices), group), "fewer than two slices"),
        (lambda y, scores, slices, group: (y, scores, y, group), "fewer than two slices"),
        (lambda y, scores, slices, group: (y, scores, group, group), "each slice is of one group"),
        (lambda y, scores, slices, group: (y[:24], scores[:, :24], slices[:24], group[:24]), "fewer than 40 ways"),
    ],
)
def test_where_relabelling_says_nothing_there_is_no_p_value(change, why: str) -> None:
    found = interaction_tests(*change(*drawn(3, patients=12)))
    assert found.design == "none"
    assert why in found.method
    assert set(p_values(found)) == {None}


def test_too_many_parts_are_not_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interaction, "MOST_UNITS", 5)
    assert "more than 5" in interaction_tests(*drawn(4)).method


def test_a_number_a_sample_is_needed() -> None:
    y, scores, slices, group = drawn(5)
    with pytest.raises(DataError, match="One number a sample"):
        interaction_tests(y, scores, slices[:-1], group)


def test_the_order_of_the_models_changes_no_p_value() -> None:
    y, scores, slices, group = drawn(6)
    first, second = interaction_tests(y, scores, slices, group), interaction_tests(y, scores[::-1], slices, group)
    assert p_values(first)[:2] == p_values(second)[:2][::-1]
    assert p_values(first)[2] == p_values(second)[2]
