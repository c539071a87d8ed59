"""Intervals and differences of chosen runs are computed once, and found again only for the same predictions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from histo_core.comparison import aurocs, kept
from histo_core.comparison.aurocs import AurocResults, auroc_results
from histo_core.comparison.join import Joined, join
from histo_core.comparison.kept import kept_auroc_results
from histo_core.workspace import Workspace


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A name for each time that differences are computed."""
    calls: list[str] = []
    real = aurocs.pair_differences

    def counted(joined: Joined, *args: object, **kwargs: object) -> object:
        calls.append(" ".join(run.run_id for run in joined.runs))
        return real(joined, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(aurocs, "pair_differences", counted)
    return calls


def _same(one: AurocResults, other: AurocResults) -> None:
    for name in ("class_of_interest", "reference", "names", "aurocs", "best", "comparator", "differences", "overall"):
        assert getattr(one, name) == getattr(other, name), name
    for left, right in zip(one.curves, other.curves, strict=True):
        np.testing.assert_array_equal(left.fpr, right.fpr)


def test_the_second_comparison_is_read_and_equal(three: Joined, workspace: Workspace, computed: list[str]) -> None:
    expected = auroc_results(three)
    first, second = (kept_auroc_results(three, workspace) for _ in range(2))
    assert len(computed) == 2, "once without keeping, once to keep"
    _same(first, expected)
    _same(second, expected)


def test_of_many_classes_too(make, workspace: Workspace, computed: list[str]) -> None:
    classes = ("a", "b", "c")
    joined = join([make("r1", classes=classes), make("r2", "Other", classes=classes, noise=1)])
    first, second = (kept_auroc_results(joined, workspace, "b") for _ in range(2))
    assert len(computed) == 1
    assert second.overall
    _same(first, second)


def test_whatever_changes_the_numbers_is_computed_anew(
    three: Joined, workspace: Workspace, computed: list[str]
) -> None:
    kept_auroc_results(three, workspace)
    others = [
        replace(three, probabilities=three.probabilities[:, :, ::-1].copy()),
        replace(three, y_true=1 - three.y_true),
        replace(three, groups=None, group_kind=None),
    ]
    for other in others:
        kept_auroc_results(other, workspace)
    asked = [
        {"class_of_interest": "normal"},
        {"comparator": three.runs[0].run_id},
        {"reference": three.runs[0].run_id},
        {"confidence": 0.9},
    ]
    for one in asked:
        _same(kept_auroc_results(three, workspace, **one), auroc_results(three, **one))  # type: ignore[arg-type]
    assert len(computed) == 1 + len(others) + 2 * len(asked)


def test_a_renamed_run_has_its_new_name(three: Joined, workspace: Workspace, computed: list[str]) -> None:
    kept_auroc_results(three, workspace)
    renamed = replace(three, runs=(replace(three.runs[0], name="New name"), *three.runs[1:]))
    _same(kept_auroc_results(renamed, workspace), auroc_results(renamed))
    assert len(computed) == 2


def test_a_damaged_file_is_made_again(three: Joined, workspace: Workspace, computed: list[str]) -> None:
    kept_auroc_results(three, workspace)
    (file,) = (workspace.home / "comparisons").glob("*.json")
    file.write_text('{"aurocs": 1}')
    _same(kept_auroc_results(three, workspace), auroc_results(three))
    assert len(computed) == 3


def test_the_longest_unused_go_first(three: Joined, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 2)
    for confidence in (0.5, 0.6, 0.5, 0.7):
        kept_auroc_results(three, workspace, confidence=confidence)
    assert len(list((workspace.home / "comparisons").glob("*.json"))) == 2
    monkeypatch.setattr(aurocs, "pair_differences", lambda *_, **__: pytest.fail("it was thrown away"))
    kept_auroc_results(three, workspace, confidence=0.5)
