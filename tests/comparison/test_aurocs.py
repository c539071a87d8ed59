import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from histo_core.comparison.aurocs import auroc_results, holm
from histo_core.comparison.join import join
from histo_core.errors import ComparisonError


def test_best_and_differences_agree_with_scikit_learn(three) -> None:
    found = auroc_results(three)
    y = three.y_true == 1
    expected = [roc_auc_score(y, probabilities[:, 1]) for probabilities in three.probabilities]
    assert [auroc.value for auroc in found.aurocs if auroc] == pytest.approx(expected)
    assert (found.best, found.names) == (1, ("Small CNN", "ResNet18", "Coin"))
    assert [(pair.best, pair.other) for pair in found.differences] == [("ResNet18", "Small CNN"), ("ResNet18", "Coin")]
    for pair, other in zip(found.differences, (0, 2), strict=True):
        assert pair.difference.value == pytest.approx(expected[1] - expected[other])
    assert found.differences[1].apart
    assert "cluster bootstrap" in found.differences[1].difference.method


def test_without_patients_delong_is_used(make) -> None:
    found = auroc_results(join([make("a1", patients=None), make("b2", patients=None, noise=1)]))
    assert found.aurocs[0] is not None
    assert found.aurocs[0].method.startswith("DeLong")
    assert found.differences[0].difference.method.startswith("DeLong")


def test_a_reference_is_never_the_best(three) -> None:
    found = auroc_results(three, reference="b2")
    assert found.best == 0
    assert [pair.other for pair in found.differences] == ["ResNet18", "Coin"]
    assert found.differences[0].difference.value < 0
    alone = auroc_results(join([three.runs[1]]), reference="b2")
    assert alone.best == 0


def test_the_class_of_interest_can_be_chosen(three, make) -> None:
    turned = auroc_results(three, "normal")
    assert turned.aurocs[1] is not None
    assert turned.aurocs[1].value == pytest.approx(auroc_results(three).aurocs[1].value)
    many = join([make("a1", classes=("stroma", "lymphocytes", "tumour"))])
    found = auroc_results(many, "stroma")
    assert found.aurocs[0] is not None
    assert found.aurocs[0].value == pytest.approx(roc_auc_score(many.y_true == 0, many.probabilities[0, :, 0]))


def test_holm_is_the_step_down_procedure() -> None:
    # By hand: sorted 0.01, 0.02, 0.04 times 3, 2, 1, never falling.
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.04, None, 0.03]) == [pytest.approx(0.06), None, pytest.approx(0.06)]
    assert holm([]) == []


def test_one_class_leaves_auroc_undefined(make) -> None:
    run = make("a1")
    table = run.table[run.table["y_true"] == "tumour"]
    found = auroc_results(join([type(run)("a1", "A", table, "f", run.classes, "tumour")]))
    assert (found.best, found.aurocs, found.differences) == (None, (None,), ())
    assert len(found.curves[0].fpr) == 0


def test_names_alike_carry_the_run_id(make) -> None:
    joined = join([make("a1", "ResNet18"), make("b2", "ResNet18", noise=1), make("c3", "CNN", noise=2)])
    assert auroc_results(joined).names == ("ResNet18 (a1)", "ResNet18 (b2)", "CNN")


def test_the_seed_repeats_the_intervals(three) -> None:
    assert auroc_results(three, seed=4).aurocs == auroc_results(three, seed=4).aurocs
    assert not np.array_equal(auroc_results(three, seed=4).aurocs, auroc_results(three, seed=5).aurocs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_of_interest": "tumor"}, "'tumor' is no class of these runs. Classes: normal, tumour"),
        ({"reference": "z9"}, "'z9' is not among the runs"),
        ({"confidence": 95}, "confidence = 95"),
    ],
)
def test_wrong_arguments_are_named(three, options, message) -> None:
    with pytest.raises(ComparisonError, match=message):
        auroc_results(three, **options)
