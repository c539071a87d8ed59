import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, roc_auc_score

from histo_core.comparison.aurocs import OVERALL, auroc_results
from histo_core.comparison.join import join
from histo_core.errors import ComparisonError


def test_best_and_differences_agree_with_scikit_learn(three) -> None:
    found = auroc_results(three)
    y = three.y_true == 1
    expected = [roc_auc_score(y, probabilities[:, 1]) for probabilities in three.probabilities]
    assert [auroc.value for auroc in found.aurocs if auroc] == pytest.approx(expected)
    assert (found.best, found.names) == (1, ("Small CNN", "ResNet18", "Coin"))
    assert [(pair.first, pair.other) for pair in found.differences] == [
        ("ResNet18", "Small CNN"),
        ("ResNet18", "Coin"),
        ("Small CNN", "Coin"),
    ]
    for pair, (first, other) in zip(found.differences, [(1, 0), (1, 2), (0, 2)], strict=True):
        assert pair.difference.value == pytest.approx(expected[first] - expected[other])
    assert found.differences[1].significant
    assert "12 groups" in found.differences[1].difference.method


def test_without_patients_patches_are_independent(make) -> None:
    found = auroc_results(join([make("a1", patients=None), make("b2", patients=None, noise=1)]))
    assert found.aurocs[0] is not None
    assert "groups" not in found.aurocs[0].method
    assert "groups" not in found.differences[0].difference.method


def test_a_reference_is_never_the_best(three) -> None:
    found = auroc_results(three, reference="b2")
    assert found.best == 0
    assert [(pair.first, pair.other) for pair in found.differences] == [
        ("Small CNN", "Coin"),
        ("Small CNN", "ResNet18"),
        ("Coin", "ResNet18"),
    ]
    assert found.differences[1].difference.value < 0
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


def test_with_a_comparator_each_other_run_stands_first_and_only_these_pairs_count(three) -> None:
    found = auroc_results(three, comparator="a1")
    assert [(pair.first, pair.other) for pair in found.differences] == [
        ("ResNet18", "Small CNN"),
        ("Coin", "Small CNN"),
    ]
    assert found.differences[0].difference.value > 0 > found.differences[1].difference.value
    assert (found.best, found.comparator) == (1, "a1"), "it changes which pairs are tested, nothing else"
    both = [pair.difference.p_value for pair in found.differences]
    smaller, larger = sorted(both)
    corrected = sorted(pair.p_corrected for pair in found.differences)
    assert corrected == pytest.approx([2 * smaller, max(larger, 2 * smaller)])


def test_all_classes_are_scored_together_where_there_are_more_than_two(three, make) -> None:
    assert auroc_results(three).overall == ()
    many = join([make("a1", classes=("stroma", "lymphocytes", "tumour"), skill=2.0)])
    (overall,) = auroc_results(many, "stroma").overall
    assert set(overall) == set(OVERALL)
    called = many.probabilities[0].argmax(axis=1)
    expected = {
        "accuracy": accuracy_score(many.y_true, called),
        "balanced_accuracy": balanced_accuracy_score(many.y_true, called),
        "macro_f1": f1_score(many.y_true, called, average="macro"),
        "weighted_f1": f1_score(many.y_true, called, average="weighted"),
        "auroc": roc_auc_score(many.y_true, many.probabilities[0], multi_class="ovr", average="macro"),
    }
    assert {name: one.value for name, one in overall.items()} == pytest.approx(expected)


def test_one_class_leaves_auroc_undefined(make) -> None:
    run = make("a1")
    table = run.table[run.table["y_true"] == "tumour"]
    found = auroc_results(join([type(run)("a1", "A", table, "f", run.classes, "tumour")]))
    assert (found.best, found.aurocs, found.differences) == (None, (None,), ())
    assert len(found.curves[0].fpr) == 0


def test_names_alike_carry_the_run_id(make) -> None:
    joined = join([make("a1", "ResNet18"), make("b2", "ResNet18", noise=1), make("c3", "CNN", noise=2)])
    assert auroc_results(joined).names == ("ResNet18 (a1)", "ResNet18 (b2)", "CNN")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_of_interest": "tumor"}, "'tumor' is no class of these runs. Classes: normal, tumour"),
        ({"reference": "z9"}, "reference 'z9' is not among the runs"),
        ({"comparator": "z9"}, "comparator 'z9' is not among the runs"),
        ({"confidence": 95}, "confidence = 95"),
    ],
)
def test_wrong_arguments_are_named(three, options, message) -> None:
    with pytest.raises(ComparisonError, match=message):
        auroc_results(three, **options)
