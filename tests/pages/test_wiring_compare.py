"""Compare: each control, set to another value, changes what the core is asked, and the link says so.

A new control needs a row in `COMPARE`; without one the last test fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from page_helpers import OpenPage, newest, run_named, texts
from sklearn.metrics import average_precision_score, matthews_corrcoef
from streamlit.testing.v1 import AppTest
from wiring import as_file, control, controls, tried
from wiring_spy import Row, Spy, check

from histo_core.comparison.join import load
from histo_core.comparison.threshold import PRESETS, ThresholdRule
from histo_core.errors import ComparisonError
from histo_core.evaluation.scorecard import METRIC_NAMES
from histo_core.plots.confusion import MatrixView
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace
from pages.compare import differences_tab
from pages.compare.tabs import TABS
from pages.shared.cache import cache_runs
from pages.shared.cache.cache_runs import COLOUR_ONLY

CACHE = "pages.shared.cache.cache_runs"
QUESTIONS = (
    ("Class balance is made", False, "state the prevalence"),
    ("A miss and a false alarm cost the same", False, "net benefit"),
    ("Classes have an order", True, "knows no order"),
    ("Probabilities are acted on", True, "judges the order alone"),
    ("Decisions are about patients", True, "patients with many patches"),
)
"""Each question, another answer than the default, and words that then appear, or go where the answer is no."""
JOINED = (f"{CACHE}.joined",)
CONTROLS = "pages.compare.threshold_controls"
DRAWN, MATRICES = f"{CONTROLS}.confusion_figure", (f"{CONTROLS}._matrix",)
AUROCS, AT = (f"{CACHE}.aurocs",), "pages.compare.compare_results.at_threshold"


def _ids(arguments: Mapping[str, Any]) -> list[str]:
    return [one.run_id for one in arguments["runs"]]


def _small(home: Workspace) -> Run:
    return run_named(home, "Small CNN")


COMPARE = [
    Row(
        "multiselect: Models",
        ["{small}"],
        f"{CACHE}.join",
        _ids,
        lambda home: [_small(home).run_id],
        fresh=JOINED,
    ),
    Row("selectbox: Patches", "valid", f"{CACHE}.join", "split_set", "valid", fresh=JOINED),
    Row(
        *(
            "selectbox: Class of interest",
            "normal",
            f"{CACHE}.kept_auroc_results",
            "class_of_interest",
            "normal",
        ),
        fresh=AUROCS,
    ),
    Row(
        *("toggle: Colour-only baseline", True, f"{CACHE}.join"),
        lambda arguments: [one.run_id for one in arguments["runs"]][-1],
        COLOUR_ONLY,
        fresh=JOINED,
    ),
    Row(
        *(
            "toggle: Colour-only baseline",
            True,
            f"{CACHE}.kept_auroc_results",
            "reference",
            COLOUR_ONLY,
        ),
        fresh=AUROCS,
    ),
    Row(
        *("selectbox: Compare with", "{small}", f"{CACHE}.kept_auroc_results", "comparator"),
        lambda home: _small(home).run_id,
        fresh=AUROCS,
    ),
    *(Row("selectbox: Threshold from", str(rule), AT, "threshold", rule) for rule in PRESETS[::3]),
    Row("slider: Threshold", 0.3, AT, "threshold", ThresholdRule("number", 0.3)),
    Row("selectbox: Prevalence", "0.1", AT, "prevalence", 0.1),
    Row("button_group: Shares in a cell", "column", DRAWN, "view", MatrixView("column"), fresh=MATRICES),
    Row("toggle: Hide the diagonal", True, DRAWN, "view", MatrixView(diagonal=False), fresh=MATRICES),
    Row(
        *("selectbox: Subtract", "{small}", f"{CONTROLS}.difference_figure"),
        lambda arguments: arguments["other"].run_id,
        lambda home: _small(home).run_id,
        fresh=MATRICES,
    ),
]
COMPARE_ELSEWHERE = {
    "toggle: Add models": "test_compare_adds",
    "button_group: Picture": "test_compare_curves",
    **{
        f"toggle: {question}": "test_five_answers_mark_the_metrics_that_mislead"
        for question in ("Mark which metrics fit", *(label for label, _, _ in QUESTIONS))
    },
    "button_group: Cost": "test_compare_curves",
    "button_group: More about these models": "test_a_tab_is_drawn_when_it_is_chosen",
    "slider: Smallest difference in AUROC that matters": "test_a_margin_is_judged_when_it_is_set",
    "button: Predict its training set": "test_compare_training_set",
    "toggle: Only patches that all of them share": "test_runs_that_do_not_fit_are_joined_on_what_they_share",
    "page_link: Patches it got wrong": "test_a_link_to_wrong_patches_names_its_run_set_and_threshold",
    "download_button: HTML": "test_pages_finished and the browser's tests: what a chart gives away",
    "download_button: CSV": "test_what_compare_gives_away",
    "download_button: Download the table": "test_what_compare_gives_away",
    "download_button: Download the report": "test_what_compare_gives_away",
    "download_button: Download the reports as CSV": "test_the_classification_reports_given_away_are_of_what_is_shown",
}


@pytest.mark.parametrize("row", COMPARE, ids=lambda row: row.id)
def test_compare_asks_the_core_what_its_controls_say(
    row: Row, finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = load(newest(finished), finished)  # in the place of the baseline, which takes seconds to be fitted
    monkeypatch.setattr(f"{CACHE}.colour_only", lambda *_: replace(other, run_id=COLOUR_ONLY, name="Colour only"))
    if row.to in ("{small}", ["{small}"]):
        small = _small(finished).run_id
        row = replace(row, to=small if isinstance(row.to, str) else [small])
    check(row, "compare", open_page, monkeypatch, finished)


def test_runs_that_do_not_fit_are_joined_on_what_they_share(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from histo_core.comparison.join import join

    def strict(runs: Any, split_set: str = "test", *, shared_only: bool = False, classes: Any = None) -> Any:
        if not shared_only:
            raise ComparisonError("Their splits differ.", "One split.", "Take what they share.")
        return join(runs, split_set, shared_only=shared_only, classes=classes)

    cache_runs.joined.clear()
    monkeypatch.setattr(f"{CACHE}.join", strict)
    spy = Spy(
        f"{CACHE}.join",
        lambda arguments: (arguments["split_set"], arguments["shared_only"]),
        monkeypatch,
    )
    page = open_page("compare", split_set="valid")
    assert "Their splits differ" in page.error[0].value
    tried(page, {"Only patches that all of them share": True})
    assert not page.error
    assert spy.newest() == ("valid", True)
    assert page.query_params["shared"] == "yes"
    assert control(page, "Patches").value == "valid"


def test_a_look_counts_for_the_runs_on_the_test_set_alone(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, ...]] = []
    monkeypatch.setattr(f"{CACHE}.looks", lambda ids, *_: seen.append(ids) or "Scored twice before.")
    ids = sorted(run.run_id for run in (newest(finished), _small(finished)))
    open_page("compare", split_set="valid", runs=ids)
    assert seen == []
    page = open_page("compare", runs=ids)
    assert seen == [tuple(ids)]
    assert any("Scored twice before" in one.value for one in page.caption)


def test_a_link_to_wrong_patches_names_its_run_set_and_threshold(finished: Workspace, open_page: OpenPage) -> None:
    run = _small(finished)
    page = open_page("compare", runs=[run.run_id], split_set="valid", threshold="0.3")
    (link,) = [one.element for one in controls(page) if one.name == "page_link: Patches it got wrong"]
    asked = dict(pair.split("=") for pair in link.proto.query_string.split("&"))
    chosen_by = {"show": "wrong", "split_set": "valid", "of": "tumour", "threshold": "0.3"}
    assert asked == {"run": run.run_id, "runs": run.run_id, **chosen_by}
    assert link.proto.page.endswith("explain")


def test_what_compare_gives_away(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]
) -> None:
    reported: list[Any] = []
    monkeypatch.setattr(
        "pages.compare.compare_results.comparison_zip", lambda comparison: reported.append(comparison) or b"zip"
    )
    run = _small(finished)
    page = open_page("compare", runs=[run.run_id], threshold="0.3", split_set="valid")
    assert given["comparison.zip"]() == b"zip"
    (comparison,) = reported
    assert (comparison.rule, comparison.split_set) == (ThresholdRule("number", 0.3), "valid")
    assert [result.run_id for result in comparison.results] == [run.run_id]
    table = given["comparison.csv"]().decode()
    assert run.run_id in table
    assert comparison.results[0].name in table
    matrix = pd.read_csv(as_file(given[f"confusion-{run.run_id}.csv"]()))
    truth = load(run, finished).table.query("split == 'valid'")
    assert matrix.select_dtypes("number").to_numpy().sum() == len(truth)
    assert {"HTML", "CSV"}.isdisjoint({one.label for one in controls(page)})  # all downloads go through one function


def test_the_classification_reports_given_away_are_of_what_is_shown(
    finished: Workspace, open_page: OpenPage, given: dict[str, Any]
) -> None:
    run = _small(finished)
    chosen = {"runs": [run.run_id], "threshold": "0.3", "split_set": "valid"}
    open_page("compare", **chosen)
    assert "class-report.csv" not in given, "it is computed when it is opened"
    page = open_page("compare", **chosen, tab="Classes")
    assert {one.name for one in controls(page)} <= {row.control for row in COMPARE} | set(COMPARE_ELSEWHERE)
    report = pd.read_csv(as_file(given["class-report.csv"]()))
    table = load(run, finished).table.query("split == 'valid'")
    tumour = (table["y_true"] == "tumour").to_numpy()
    called = (table["prob_tumour"] >= 0.3).to_numpy()
    row = report[report["class"] == "tumour"].iloc[0]
    assert row["run_id"] == run.run_id
    assert row["patches"] == tumour.sum()
    assert row["recall"] == pytest.approx((called & tumour).sum() / tumour.sum())


def _tabs(page: AppTest) -> Any:
    return next(group for group in page.button_group if "Metrics" in group.options)


def test_a_tab_is_drawn_when_it_is_chosen(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("compare")
    tabs = _tabs(page)
    assert list(tabs.options) == list(TABS)
    assert list(_tabs(open_page("compare", runs=[_small(finished).run_id])).options) == list(TABS)[1:]
    before = page.header.values[-1]
    page = tabs.set_value("Metrics").run()
    assert before == "Is the best really better?"
    assert before not in page.header.values
    assert [one for one in page.dataframe if "Metric" in one.value]


def test_a_margin_is_judged_when_it_is_set(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    monkeypatch.setattr(
        differences_tab,
        "margin_table",
        lambda comparison, margin: asked.append(margin) or pd.DataFrame({"Against": []}),
    )
    page = open_page("compare")
    assert not asked
    page = next(one for one in page.slider if "that matters" in one.label).set_value(0.15).run()
    assert asked == [0.15]
    assert [one for one in page.dataframe if "Against" in one.value]


def test_all_metrics_are_of_what_is_shown(finished: Workspace, open_page: OpenPage, given: dict[str, Any]) -> None:
    run = _small(finished)
    chosen = {"runs": [run.run_id], "threshold": "0.3", "split_set": "valid"}
    page = open_page("compare", **chosen, tab="Metrics")
    assert "class-report.csv" not in given
    assert not page.exception
    assert {one.name for one in controls(page)} <= {row.control for row in COMPARE} | set(COMPARE_ELSEWHERE)
    found = pd.read_csv(as_file(given["metrics.csv"]())).set_index("metric")
    table = load(run, finished).table.query("split == 'valid'")
    tumour, p = (table["y_true"] == "tumour").to_numpy(), table["prob_tumour"].to_numpy()
    assert found.loc["auprc", "value"] == pytest.approx(average_precision_score(tumour, p))
    assert found.loc["mcc", "value"] == pytest.approx(matthews_corrcoef(tumour, p >= 0.3))
    (shown,) = [one.value for one in page.dataframe if "Metric" in one.value]
    assert shown["Metric"].tolist() == list(METRIC_NAMES.values())
    assert "too large by design" in " ".join(one.value for one in page.caption)


@pytest.mark.parametrize(("question", "answer", "words"), QUESTIONS)
def test_five_answers_mark_the_metrics_that_mislead(
    finished: Workspace, open_page: OpenPage, question: str, answer: bool, words: str
) -> None:
    page = open_page("compare", runs=[_small(finished).run_id], split_set="valid", tab="Metrics")
    assert "Fits" not in _metrics(page)
    tried(page, {"Mark which metrics fit": True})
    before = " ".join(_metrics(page)["Fits"]) + texts(page)
    tried(page, {question: answer})
    after = " ".join(_metrics(page)["Fits"]) + texts(page)
    made = question == "Class balance is made"
    assert (words in before, words in after) == ((True, False) if made else (False, True))


def _metrics(page: AppTest) -> pd.DataFrame:
    return next(one.value for one in page.dataframe if "Metric" in one.value)


@pytest.mark.parametrize(
    "params", [{}, {"split_set": "train"}, {"colour": "yes"}], ids=lambda params: "-".join(params) or "plain"
)
def test_every_control_has_a_row(finished: Workspace, open_page: OpenPage, params: dict[str, str]) -> None:
    found = {one.name for one in controls(open_page("compare", **params))}
    named = {row.control for row in COMPARE} | set(COMPARE_ELSEWHERE)
    assert found - named == set(), "add a row, or say under ELSEWHERE which test pins it"
