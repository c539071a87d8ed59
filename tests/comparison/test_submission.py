"""Submissions of runs and ensembles for patches without labels, and the scores that a competition returned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from histo_core.comparison import submission
from histo_core.comparison.ensemble import ensemble
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.comparison.submission import keep_score, list_scores, submission_data, submission_table
from histo_core.data.export.kaggle_submission import submission_csv
from histo_core.errors import ConfigError
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from conftest import Make


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def two(make: Make) -> list[RunPredictions]:
    return [make("a-1", "A", noise=1), make("b-1", "B", noise=2)]


def _elsewhere(run: RunPredictions) -> RunPredictions:
    """Predictions of patches without labels; the run's own validation set comes with them."""
    test, valid = (run.table[run.table["split"] == name] for name in ("test", "valid"))
    ids = test["sample_id"].map("hidden {}".format)
    return replace(run, table=test.assign(sample_id=ids, y_true=None), validation=valid)


def _stored(name: str, run_id: str, data: str, *, labelled: int = 0, state: str = "s") -> Any:
    asked = {"data": {"dataset": data}, "split": None, "predict": {}}
    facts = {"samples": 9, "asked": asked, "parts": ["test"], "state": state, "run_name": run_id}
    return SimpleNamespace(
        id=name, run_id=run_id, labelled=labelled, facts=facts, data=SimpleNamespace(dataset=data, root=None)
    )


@pytest.fixture
def predicted(two: list[RunPredictions], monkeypatch: pytest.MonkeyPatch) -> None:
    """Both runs have predicted "hidden", and one of them "alone" and "labelled", too."""
    stored = [
        _stored("a-hidden", "a-1", "hidden"), _stored("a-alone", "a-1", "alone"),
        _stored("a-labelled", "a-1", "labelled", labelled=9), _stored("b-labelled", "b-1", "labelled", labelled=9),
        _stored("b-hidden", "b-1", "hidden"), _stored("b-older", "b-1", "alone", state="before"),
    ]  # fmt: skip
    by_run = {run.run_id: run for run in two}
    monkeypatch.setattr(submission, "list_predictions", lambda _, run: [one for one in stored if one.run_id == run])
    monkeypatch.setattr(submission, "get_predictions", lambda name, _: next(one for one in stored if one.id == name))
    monkeypatch.setattr(submission, "on_other_data", lambda found, _: _elsewhere(by_run[found.run_id]))


@pytest.mark.usefixtures("predicted")
@pytest.mark.parametrize(("kind", "weights"), [("mean", None), ("weighted", [3, 1]), ("stacking", None)])
def test_an_ensemble_answers_for_what_all_its_members_predicted(
    two: list[RunPredictions], workspace: Workspace, kind: Any, weights: list[float] | None
) -> None:
    entry = ensemble(two, kind, weights)
    test, hidden = submission_data(entry, workspace)
    assert (test.title, hidden.title) == ("the test set", "hidden, no labels")
    assert hidden.predictions == ("a-hidden", "b-hidden")
    found = submission_table(entry, hidden, workspace)
    own = submission_table(entry, test, workspace)
    assert found["sample_id"].tolist() == [f"hidden {name}" for name in own["sample_id"]]
    assert found["prob_tumour"].to_numpy() == pytest.approx(own["prob_tumour"].to_numpy(), abs=1e-9)
    assert submission_csv(found, "tumour").startswith(b"id,label\r\nhidden s0000,")


@pytest.mark.usefixtures("predicted")
def test_a_run_answers_for_all_that_it_predicted(two: list[RunPredictions], workspace: Workspace) -> None:
    titles = [one.title for one in submission_data(two[0], workspace)]
    assert titles == ["the test set", "hidden, no labels", "alone, no labels"]
    only = replace(two[0], table=two[0].table[two[0].table["split"] == "valid"])
    assert [one.title for one in submission_data(only, workspace)] == titles[1:]


def test_scores_are_kept_by_entry_and_data(two: list[RunPredictions], workspace: Workspace) -> None:
    (test,) = submission_data(replace(two[0], run_id="import-0123456789abcdef"), workspace)
    keep_score(two[0], test, 0.9, None, workspace)
    keep_score(two[1], test, None, 0.8, workspace)
    keep_score(two[0], test, 0.91, 0.88, workspace)
    assert {(one.entry, one.public, one.private) for one in list_scores(["a-1", "b-1"], workspace)} == {
        ("a-1", 0.91, 0.88), ("b-1", None, 0.8)
    }  # fmt: skip
    assert [one.name for one in list_scores(["b-1"], workspace)] == ["B"]
    (workspace.home / "competition" / "damaged.json").write_text("{}")
    assert len(list_scores(["a-1", "b-1"], workspace)) == 2


@pytest.mark.parametrize("given", [(None, None), (1.2, None), (0.5, -0.1), (float("nan"), 0.5)])
def test_what_is_no_score_is_refused(
    two: list[RunPredictions], workspace: Workspace, given: tuple[float | None, float | None]
) -> None:
    with pytest.raises(ConfigError, match="0 to 1"):
        keep_score(two[0], submission_data(replace(two[0], run_id="import-0123456789abcdef"), workspace)[0], *given,
                   workspace)  # fmt: skip
    assert list_scores(["a-1"], workspace) == []
