from dataclasses import replace

import pytest

from histo_core.comparison.compare import Comparison, compare
from histo_core.comparison.join import RunPredictions, join
from histo_core.comparison.verdict import listed, verdict


def judged(*runs: RunPredictions, reference: str | None = None, **options) -> Comparison:
    return compare(join(runs), reference=reference, **options)


def test_one_run(make) -> None:
    found = judged(make(name="ResNet18"))
    assert found.verdict == f"ResNet18 reaches an AUROC of {found.results[0].auroc} on these 12 patients."


def test_the_best_cannot_be_told_apart_from_one_alike(make) -> None:
    run = make("a1", "ResNet18", noise=2)
    shifted = run.table.assign(prob_tumour=(run.table["prob_tumour"] + 0.004 * (run.table.index % 3)).clip(0, 1))
    alike = replace(run, run_id="b2", name="ResNeXt50", table=shifted.assign(prob_normal=1 - shifted["prob_tumour"]))
    found = judged(run, alike)
    best, other = sorted(found.results, key=lambda result: -result.auroc.value)
    assert found.verdict == (
        f"{best.name} has the highest AUROC, {best.auroc}; it cannot be told apart from {other.name} on these "
        "12 patients."
    )


def test_better_than_one_and_level_with_another(three) -> None:
    found = compare(three)
    first, second, third = found.differences
    level = replace(found, differences=(replace(first, significant=False), second, third))
    assert verdict(level).endswith(
        "; it is better than Coin but cannot be told apart from Small CNN on these 12 patients."
    )
    both = replace(found, differences=tuple(replace(pair, significant=True) for pair in found.differences))
    assert verdict(both).endswith("; it is better than Small CNN and Coin on these 12 patients.")


def test_the_same_scores_share_the_first_place(make) -> None:
    run = make("a1", "A")
    assert judged(run, replace(run, run_id="b2", name="B")).verdict.startswith("A and B share the same AUROC, ")
    found = judged(run, replace(run, run_id="b2", name="B"), make("c3", "Coin", skill=0, noise=5))
    assert found.verdict.startswith("A and B share the highest AUROC, ")
    assert found.verdict.endswith("; they are better than Coin on these 12 patients.")


def test_a_reference_is_named_as_one(make) -> None:
    strong, weak = make("a1", "ResNet18", skill=3, noise=1), make("b2", "Colour alone", skill=0.2, noise=2)
    found = judged(strong, weak, reference="b2")
    assert found.verdict == (
        f"ResNet18 reaches an AUROC of {found.results[0].auroc}; it is better than the reference Colour alone on "
        "these 12 patients."
    )
    turned = judged(strong, weak, reference="a1").verdict
    assert turned.startswith("Colour alone reaches an AUROC of ")
    assert turned.endswith("; it is worse than the reference ResNet18 on these 12 patients.")


def test_without_patients_patches_are_counted(make) -> None:
    assert judged(make(patients=None)).verdict.endswith(" on these 120 test patches.")
    assert judged(make(patients=1)).verdict.endswith(" on this one patient.")


def test_several_classes_name_the_one_of_interest(make) -> None:
    found = judged(make(classes=("stroma", "lymphocytes", "tumour")), class_of_interest="stroma")
    assert " an AUROC for stroma against the rest of 0." in found.verdict


@pytest.mark.parametrize(("kept", "share"), [("tumour", "every one"), ("normal", "none")])
def test_one_class_leaves_nothing_to_say(make, kept: str, share: str) -> None:
    run = make()
    table = run.table[run.table["y_true"] == kept]
    n = int((table["split"] == "test").sum())
    assert judged(replace(run, table=table)).verdict == (
        f"AUROC is not defined here: of the {n} test patches {share} is tumour."
    )


def test_long_lists_are_counted() -> None:
    assert listed(["A"]) == "A"
    assert listed(["A", "B"]) == "A and B"
    assert listed(["A", "B", "C", "D"]) == "A, B, C and D"
    assert listed(["A", "B", "C", "D", "E"]) == "A, B, C and 2 others"


def test_against_a_run_named_beforehand(three) -> None:
    found = compare(three, comparator="a1")
    better, worse = (replace(pair, significant=True) for pair in found.differences)
    auroc = found.results[0].auroc
    assert verdict(replace(found, differences=(better, worse))) == (
        f"Against Small CNN, named beforehand (AUROC {auroc}), ResNet18 is better and Coin is worse on these "
        "12 patients."
    )
    level = tuple(replace(pair, significant=False) for pair in found.differences)
    assert verdict(replace(found, differences=level)).endswith(
        ", ResNet18 and Coin cannot be told apart from it on these 12 patients."
    )


def test_nothing_is_better_without_a_p_value(three, monkeypatch) -> None:
    """Even where the interval leaves out 0."""
    from histo_core.comparison import pairs

    original = pairs.model_pairs
    monkeypatch.setattr(
        pairs,
        "model_pairs",
        lambda *args, **kept: [replace(pair, p_corrected=None) for pair in original(*args, **kept)],
    )
    found = compare(three)
    assert found.differences[0].difference.low > 0 or found.differences[1].difference.low > 0
    assert not any(pair.significant for pair in found.differences)
    assert "better" not in found.verdict
    assert "cannot be told apart from Small CNN and Coin" in found.verdict
