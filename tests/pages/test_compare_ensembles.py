"""Compare's tab Ensembles: made, named, shown beside their members, submitted, listed and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from page_helpers import OpenPage, newest, press, run_named, texts
from streamlit.testing.v1 import AppTest
from wiring import as_file, control, controls, tried

from histo_core.cli.compare_json import comparison_json
from histo_core.comparison.api import compare
from histo_core.comparison.join import load
from histo_core.comparison.kept_ensembles import delete_ensemble, get_ensemble, list_ensembles
from histo_core.comparison.submission import list_scores
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.compare import chooser

MODELS, ADD, TAB = "Models", "Add to the comparison", "Ensembles"
CONTROLS = {
    "selectbox: Kind": "test_a_vote_and_a_mean_stand_beside_their_members",
    "multiselect: Members": "test_members_weights_and_name_are_kept",
    "text_input: Name": "test_members_weights_and_name_are_kept",
    "number_input: Weight of Small CNN": "test_members_weights_and_name_are_kept",
    "button: Add to the comparison": "each test here",
    "selectbox: Submit": "test_an_ensemble_is_submitted_and_the_competitions_scores_stand_apart",
    "selectbox: Patches to submit": "test_an_ensemble_is_submitted_and_the_competitions_scores_stand_apart",
    "download_button: Submission to Kaggle": "test_an_ensemble_is_submitted_and_the_competitions_scores_stand_apart",
    "number_input: Public score by the competition": "test_an_ensemble_is_submitted...",
    "number_input: Private score by the competition": "test_an_ensemble_is_submitted...",
    "button: Keep these scores": "test_an_ensemble_is_submitted...",
}
"""The tab's controls, and the tests that pin where each of them leads."""


@pytest.fixture
def two(finished: Workspace) -> Iterator[list[Run]]:
    yield [run_named(finished, "Small CNN"), newest(finished)]
    for one in list_ensembles(finished):
        delete_ensemble(one.id, finished)
    for file in (finished.home / "competition").glob("*.json"):
        file.unlink()


def _opened(open_page: OpenPage, two: list[Run], **params: Any) -> AppTest:
    # On the validation set, because other tests count the looks at the test set.
    page = open_page("compare", runs=[run.run_id for run in two], tab=TAB, **({"split_set": "valid"} | params))
    return _sound(page)


def _sound(page: AppTest) -> AppTest:
    assert not page.exception
    assert not page.error, page.error[0].value
    return page


def _warned(page: AppTest) -> str:
    return " ".join(warning.value for warning in page.warning).replace("\\", "")


def _metrics(page: AppTest) -> pd.DataFrame:
    return next(one.value for one in page.dataframe if "Sensitivity" in one.value)


def test_a_vote_and_a_mean_stand_beside_their_members(finished: Workspace, two: list[Run], open_page: OpenPage) -> None:
    """Their numbers are those of ``compare --json``, and of the members' stored predictions."""
    page = tried(_opened(open_page, two), {"Kind": "vote"})
    press(page, ADD)
    tried(_sound(page), {"Kind": "mean"})
    press(page, ADD)
    mean, vote = sorted(list_ensembles(finished), key=lambda one: one.recipe.kind)
    assert (vote.recipe.kind, mean.recipe.kind) == ("vote", "mean")
    ids = [run.run_id for run in two]
    assert vote.recipe.members == mean.recipe.members == tuple(ids)
    assert list(control(_sound(page), MODELS).value) == [*ids, vote.id, mean.id]
    assert page.query_params["runs"] == [*ids, vote.id, mean.id]
    said = comparison_json(compare(ids, finished, split_set="valid", ensembles=["vote", "mean"]))
    shown = _metrics(page)
    assert len(shown) == 4
    assert [one["kind"] for one in said["ensembles"]] == ["vote", "mean"]
    assert [one["members"] for one in said["ensembles"]] == [tuple(ids)] * 2
    for row, one in enumerate(said["runs"]):
        found = one["metrics"]["auroc"]
        assert shown["AUROC"].iloc[row] == f"{found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})"
        found = one["metrics"]["sensitivity"]
        assert shown["Sensitivity"].iloc[row].startswith(f"{found['value']:.3f}")
    for one, run in zip(said["ensembles"], said["runs"][2:], strict=True):
        assert (one["id"], one["name"], one["metrics"]) == (run["run_id"], run["name"], run["metrics"])
    assert len(page.get("plotly_chart")) == 5, "the ROC curves, and a matrix of each"
    tables = [load(run, finished).table.query("split == 'valid'") for run in two]
    p = np.mean([table["prob_tumour"] for table in tables], axis=0)
    right = ((p >= 0.5) == (tables[0]["y_true"] == "tumour").to_numpy()).mean()
    assert shown["Accuracy"].iloc[3].startswith(f"{right:.3f}")
    differences = tried(page, {"More about these models": "Differences"})
    (frame,) = (one.value for one in differences.dataframe if "Told apart" in one.value)
    assert len(frame) == 6, "all pairs of four models"


def test_members_weights_and_name_are_kept(finished: Workspace, two: list[Run], open_page: OpenPage) -> None:
    page = _opened(open_page, two)
    tried(page, {"Kind": "weighted"})
    control(page, f"compare.ensemble.weight.{two[0].run_id}").set_value(0.7)
    control(page, f"compare.ensemble.weight.{two[1].run_id}").set_value(0.3)
    tried(page, {"Name": "**Ours**"})
    press(page, ADD)
    (kept,) = list_ensembles(finished)
    assert (kept.name, kept.recipe.weights) == ("**Ours**", (0.7, 0.3))
    (frame,) = (one.value for one in _sound(page).dataframe if "Weights" in one.value)
    assert frame[["Ensemble", "Kind", "Weights"]].to_numpy().tolist() == [["**Ours**", "Weighted mean", "0.7, 0.3"]]
    assert list(control(page, "Members").options) == [run.name for run in two], "an ensemble is no member of another"
    tried(page, {"Members": [two[0].run_id]})
    assert next(button for button in page.button if button.label == ADD).disabled


def test_what_cannot_be_computed_is_not_kept(finished: Workspace, two: list[Run], open_page: OpenPage) -> None:
    page = _opened(open_page, two)
    tried(page, {"Kind": "weighted"})
    for run in two:
        control(page, f"compare.ensemble.weight.{run.run_id}").set_value(0.0)
    press(page, ADD)
    assert "not all 0" in page.error[0].value
    assert list_ensembles(finished) == []


def test_an_ensemble_is_submitted_and_the_competitions_scores_stand_apart(
    finished: Workspace, two: list[Run], open_page: OpenPage, given: dict[str, Any]
) -> None:
    page = tried(_opened(open_page, two), {"Kind": "vote"})
    press(page, ADD)
    (kept,) = list_ensembles(finished)
    tried(_sound(page), {"Submit": kept.id})
    assert list(control(page, "Patches to submit").options) == ["the test set"]
    submission = pd.read_csv(as_file(given[f"submission-{kept.id}.csv"]()), dtype={"id": str})
    assert list(submission) == ["id", "label"]
    tables = [load(run, finished).table.query("split == 'test'").set_index("sample_id") for run in two]
    votes = sum((table["prob_tumour"] > 0.5).astype(float) for table in tables) / 2
    assert submission.set_index("id")["label"].to_dict() == pytest.approx(votes.to_dict())
    assert next(button for button in page.button if button.label == "Keep these scores").disabled
    tried(page, {"Public score by the competition": 0.91, "Private score by the competition": 0.89})
    press(page, "Keep these scores")
    (score,) = list_scores([kept.id], finished)
    assert (score.entry, score.data, score.public, score.private) == (kept.id, "the test set", 0.91, 0.89)
    (frame,) = (one.value for one in _sound(page).dataframe if "Public score" in one.value)
    assert frame["Private score"].tolist() == [0.89]
    assert "by the competition" in texts(page)
    assert not [one for one in page.dataframe if "Model" in one.value and 0.91 in one.value.get("AUROC", [])]


def test_it_is_listed_added_and_deleted_like_a_model(
    finished: Workspace, two: list[Run], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _opened(open_page, two)
    press(page, ADD)
    (kept,) = list_ensembles(finished)
    page = _opened(open_page, two)
    page.session_state["compare.add"] = True
    tried(page.run(), {"compare.add.from": chooser.ENSEMBLES})
    (frame,) = (one.value for one in page.dataframe if "Made" in one.value)
    assert frame["Members"].tolist() == [", ".join(run.name for run in two)]
    monkeypatch.setattr(chooser, "_ticked", lambda rows, *_: list(rows))
    page.run()
    press(page, "Add the ticked 1")
    assert list(control(_sound(page), MODELS).value) == [*(run.run_id for run in two), kept.id]
    for other in ("explain", "predict"):  # a link from Compare carries all that is compared, for the way back
        carried = _sound(open_page(other, run=two[0].run_id, runs=[two[0].run_id, kept.id]))
        assert "Not among the finished runs" not in _warned(carried)
    press(page, "Delete the ticked 1")
    assert list_ensembles(finished) == []
    assert list(control(_sound(page), MODELS).value) == [run.run_id for run in two]
    gone = _sound(open_page("compare", runs=[two[0].run_id, kept.id], split_set="valid"))
    assert kept.id in _warned(gone)


def test_a_member_that_is_gone_is_said(finished: Workspace, two: list[Run], open_page: OpenPage) -> None:
    page = _opened(open_page, two)
    press(page, ADD)
    (kept,) = list_ensembles(finished)
    file = finished.home / "ensembles" / f"{kept.id}.json"
    file.write_text(file.read_text().replace(two[1].run_id, "0123456789ab-1"))
    assert get_ensemble(kept.id, finished).recipe.members[1] == "0123456789ab-1"
    page = _sound(open_page("compare", runs=[two[0].run_id, kept.id], split_set="valid"))
    assert "lacks its member 0123456789ab-1" in _warned(page)
    assert list(control(page, MODELS).value) == [two[0].run_id]


def test_every_control_has_a_test(finished: Workspace, two: list[Run], open_page: OpenPage) -> None:
    plain = open_page("compare", runs=[run.run_id for run in two], split_set="valid")
    before = {one.name for one in controls(plain)}
    page = tried(_opened(open_page, two), {"Kind": "weighted"})
    found = {one.name.replace(two[1].name, "Small CNN").replace("\\", "") for one in controls(page)} - before
    weights = {name for name in found if name.startswith("number_input: Weight of")}
    assert found - weights - set(CONTROLS) == set(), "name the test that pins it"


def test_on_the_training_set_none_is_made(finished: Workspace, two: list[Run], open_page: OpenPage) -> None:
    from pages.compare import ensembles_tab

    class Shown:
        class joined:  # noqa: N801
            split_set = "train"

    del finished, two, open_page
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ensembles_tab.st, "caption", said.append)
        ensembles_tab.draw(Shown())  # type: ignore[arg-type]
    assert "held-out predictions" in said[0]
