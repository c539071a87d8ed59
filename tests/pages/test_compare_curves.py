"""Compare's tab Curves: each picture is of what is shown, moves with the controls, and gives its numbers away."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from page_helpers import OpenPage, run_named, texts
from sklearn.metrics import precision_recall_curve
from wiring import as_file, control, tried

from histo_core.comparison.join import load
from histo_core.plots.cost_quality import AXES
from histo_core.workspace import Workspace
from pages.compare.curves_tab import PICTURES

FILES = {
    "Precision-recall": "precision-recall.csv",
    "Reliability": "reliability.csv",
    "Scores by class": "scores.csv",
    "Decision curve": "decision-curve.csv",
    "Risk-coverage": "risk-coverage.csv",
    "Cost and quality": "cost.csv",
}


@pytest.mark.parametrize("picture", PICTURES)
def test_each_picture_is_drawn_read_and_given_away(
    finished: Workspace, open_page: OpenPage, given: dict[str, Any], picture: str
) -> None:
    page = open_page("compare", tab="Curves", picture=picture, split_set="valid", prevalence="0.1")
    assert not page.exception
    assert not page.error
    assert control(page, "Picture").value == picture
    charts = page.get("plotly_chart")
    assert len(charts) == 4, "the ROC, two matrices and the picture"
    table = pd.read_csv(as_file(given[FILES[picture]]()))
    assert table["run_id"].nunique() == 2
    assert len([caption for caption in page.caption if len(caption.value) > 80]) >= 2, "how it is read"


def test_a_picture_is_computed_when_it_is_chosen(
    finished: Workspace, open_page: OpenPage, given: dict[str, Any]
) -> None:
    page = open_page("compare", tab="Curves", split_set="valid")
    assert not set(FILES.values()) - {"precision-recall.csv"} & set(given)
    tried(page, {"Picture": "Risk-coverage"})
    assert "risk-coverage.csv" in given
    assert page.query_params["picture"] in ("Risk-coverage", ["Risk-coverage"])


def test_precision_and_recall_are_of_the_chosen_set(
    finished: Workspace, open_page: OpenPage, given: dict[str, Any]
) -> None:
    run = run_named(finished, "Small CNN")
    open_page("compare", runs=[run.run_id], tab="Curves", split_set="valid")
    found = pd.read_csv(as_file(given["precision-recall.csv"]()))
    table = load(run, finished).table.query("split == 'valid'")
    precision, recall, _ = precision_recall_curve(table["y_true"] == "tumour", table["prob_tumour"])
    assert found["precision"].tolist() == pytest.approx(precision.tolist())
    assert found["recall"].tolist() == pytest.approx(recall.tolist())


def test_the_axis_of_cost_is_chosen(finished: Workspace, open_page: OpenPage, given: dict[str, Any]) -> None:
    page = open_page("compare", tab="Curves", picture="Cost and quality", split_set="valid")
    table = pd.read_csv(as_file(given["cost.csv"]()))
    assert table[list(AXES)].notna().all(axis=None), "these runs have all of it on record"
    assert (table["parameters"] > 100).all()
    for axis in reversed(AXES):
        tried(page, {"Cost": axis})
        assert not page.exception
        assert page.query_params["cost"] in (axis, [axis])
        assert AXES[axis].split(" (")[0].lower() in texts(page).lower()


def test_a_stated_prevalence_moves_the_table_and_the_metrics_at_once_and_leaves_the_rest(
    finished: Workspace, open_page: OpenPage
) -> None:
    run = run_named(finished, "Small CNN")
    shown = []
    for prevalence in ({}, {"prevalence": "0.03"}):
        page = open_page("compare", runs=[run.run_id], split_set="valid", tab="Metrics", **prevalence)
        (table,) = [one.value for one in page.dataframe if "Sensitivity" in one.value]
        (metrics,) = [one.value.set_index("Metric") for one in page.dataframe if "Metric" in one.value]
        shown.append((table.iloc[0], metrics.iloc[:, -1]))
    (sampled, all_sampled), (stated, all_stated) = shown
    moved = {name for name in sampled.index if sampled[name] != stated[name]}
    assert moved == {"Accuracy", "Precision", "F1"}
    still = {"AUROC", "Balanced accuracy", "Sensitivity", "Specificity"}
    assert {name for name in all_sampled.index if all_sampled[name] == all_stated[name]} == still
    assert stated["Precision"] == all_stated["PPV"]
    assert "Prevalence: 3%, stated" in texts(page).replace("\\", "")
    assert control(page, "Prevalence").value == "0.03", "a link may have a prevalence that the list has not"
    nonsense = open_page("compare", runs=[run.run_id], split_set="valid", prevalence="7")
    assert control(nonsense, "Prevalence").value == "sampled"


def test_a_threshold_from_validation_shows_its_promise(finished: Workspace, open_page: OpenPage) -> None:
    run = run_named(finished, "Small CNN")
    page = open_page("compare", runs=[run.run_id], rule="validation:youden")
    (table,) = [one.value for one in page.dataframe if "Sensitivity, promised" in one.value]
    assert " to " in table["On other validation data"][0]
    assert "unstable" in texts(page)
    by_hand = open_page("compare", runs=[run.run_id])
    assert not [one for one in by_hand.dataframe if "Sensitivity, promised" in one.value]
