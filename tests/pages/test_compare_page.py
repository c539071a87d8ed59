"""The controls of Compare: each reaches the core, stands in the link, and survives a visit to another page."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from page_helpers import HOSTILE, OpenPage, run_named, small_run, texts
from streamlit.testing.v1 import AppTest

from histo_core.comparison.compare import compare
from histo_core.comparison.join import join, load
from histo_core.comparison.threshold import parse_threshold, thresholds
from histo_core.config import DataConfig
from histo_core.runs.api import launch
from histo_core.runs.store.runs import Store
from histo_core.runs.store.test_set_access import scored_before
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace
from pages.compare import compare_results


def _box(page: AppTest, label: str):
    return next(box for box in page.selectbox if box.label == label)


def _said(page: AppTest) -> str:
    assert not page.exception
    assert not page.error
    return texts(page).replace("\\", "")


def test_the_best_is_judged_over_all_pairs_unless_one_is_named_beforehand(
    finished: Workspace, open_page: OpenPage
) -> None:
    page = open_page("compare")
    assert "The one pair of models was tested" in _said(page)
    small = run_named(finished, "Small CNN").run_id
    _box(page, "Compare with").set_value(small).run()
    said = _said(page)
    assert "Against Small CNN, named beforehand" in said
    assert "Each model was tested against Small CNN, named beforehand: 1 pair;" in said
    assert page.query_params["comparator"] in (small, [small])
    pairs, _ = (table.value for table in page.dataframe if "Compared" in table.value)  # AUROCs, then right calls
    assert pairs["Compared"].str.endswith(" - Small CNN").all()


def test_a_link_to_a_comparator_that_is_not_chosen_looks_for_the_best(finished: Workspace, open_page: OpenPage) -> None:
    small = run_named(finished, "Small CNN").run_id
    page = open_page("compare", comparator="nobody-1", runs=[small])
    assert "reaches an AUROC of" in _said(page)


@pytest.mark.parametrize("rule", ["validation:youden", "validation:sensitivity=0.95", "validation:specificity=0.8"])
def test_a_rule_gives_each_model_the_threshold_of_its_own_validation_set(
    finished: Workspace, open_page: OpenPage, rule: str
) -> None:
    """The last rule is no preset: a link may name it."""
    page = open_page("compare", rule=rule)
    said = _said(page)
    assert "on its own validation set" in said
    assert not [slider for slider in page.slider if slider.label == "Threshold"], "there is nothing to slide"
    runs = [run_named(finished, name) for name in page.dataframe[0].value["Model"]]
    joined = join([load(run, finished) for run in runs])
    expected = thresholds(joined, "tumour", parse_threshold(rule))
    shown = [float(cell.split(",")[0]) for cell in page.dataframe[0].value["Threshold"]]
    assert shown == pytest.approx(list(expected), abs=5e-3)


def test_choosing_a_rule_and_going_back_to_a_number(finished: Workspace, open_page: OpenPage) -> None:
    del finished
    page = open_page("compare", threshold="0.3")
    assert "Threshold: 0.3, chosen by hand." in _said(page)
    assert page.dataframe[0].value["Threshold"].tolist() == ["0.3, chosen by hand"] * 2
    _box(page, "Threshold from").set_value("validation:youden").run()
    assert page.query_params["rule"] in ("validation:youden", ["validation:youden"])
    assert "the largest Youden index on its own validation set" in _said(page)
    _box(page, "Threshold from").set_value("hand").run()
    assert "Threshold: 0.3, chosen by hand." in _said(page)


def test_a_rule_on_the_validation_set_itself_is_warned_of(finished: Workspace, open_page: OpenPage) -> None:
    del finished
    page = open_page("compare", split_set="valid", rule="validation:youden")
    assert not page.error
    assert any("chosen on these very patches" in warning.value.replace("\\", "") for warning in page.warning)


def test_a_look_is_counted_once_however_often_the_page_is_drawn(finished: Workspace, open_page: OpenPage) -> None:
    run = run_named(finished, HOSTILE)  # no other test looks at it alone
    database = Store.open(finished).database
    open_page("compare", split_set="valid", runs=[run.run_id])
    before = scored_before(database, run.test_fingerprint, "nobody")
    page = open_page("compare", runs=[run.run_id])
    assert "Beside this run, the test set was scored" in _said(page)
    after = scored_before(database, run.test_fingerprint, "nobody")
    page.slider[0].set_value(0.3).run()
    _box(page, "Class of interest").set_value("normal").run()
    open_page("compare", runs=[run.run_id])
    assert scored_before(database, run.test_fingerprint, "nobody") == after
    assert after == before + 1


def test_the_patients_of_each_class_stand_at_the_table(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("compare")
    runs = [run_named(finished, name) for name in page.dataframe[0].value["Model"]]
    basis = compare(join([load(run, finished) for run in runs])).basis
    assert " of " in basis
    assert f"95% intervals in brackets, from {basis}." in _said(page)


def test_the_report_by_class_opens_and_the_downloaded_report_holds_what_is_shown(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = run_named(finished, "Small CNN").run_id
    kept: list[bytes] = []
    monkeypatch.setattr(compare_results.layout, "download", lambda label, made, *_: kept.append(made()))
    page = open_page("compare", rule="validation:youden", comparator=small)
    with zipfile.ZipFile(io.BytesIO(next(one for one in kept if isinstance(one, bytes) and one[:2] == b"PK"))) as file:
        manifest = json.loads(file.read("comparison/manifest.json"))
    assert (manifest["threshold"], manifest["comparator"]) == ("validation:youden", small)
    assert manifest["looks"].startswith("Beside these runs")
    assert not [table for table in page.dataframe if "Recall" in table.value], "it is computed when it is opened"
    page = open_page("compare", rule="validation:youden", comparator=small, tab="Classes")
    assert not page.exception
    reports = [table.value for table in page.dataframe if "Recall" in table.value]
    assert [list(report["Class"])[-3:] for report in reports] == [
        ["micro average", "macro average", "weighted average"]
    ] * 2
    assert list(reports[0])[-2:] == ["Patches", "Patients"]


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> Workspace:
    """A workspace with a finished run on five classes."""
    config = small_run("cnn_narrow").model_copy(
        update={"data": DataConfig(dataset="phantom", options={"patches": 200, "patients": 20, "grades": True})}
    )
    run = launch(config, workspace, name="Grades", start_supervisor=False)
    assert work(run.run_id, workspace) == 0
    monkeypatch.setenv("HISTOSCOPE_HOME", str(workspace.home))
    return workspace


def test_of_many_classes_all_come_first(many: Workspace, open_page: OpenPage) -> None:
    page = open_page("compare")
    said = _said(page)
    overall, one = page.dataframe[0].value, page.dataframe[1].value
    assert list(overall) == ["Model", "Accuracy", "Balanced accuracy", "Macro F1", "Weighted F1", "Macro AUROC"]
    assert "Accuracy" not in one
    run = run_named(many, "Grades")
    found = compare(join([load(run, many)]))
    assert overall["Accuracy"][0] == str(found.results[0].overall["accuracy"])
    headings = [element.value.replace("\\", "") for element in page.header]
    assert headings[1:3] == ["All classes", f"{found.class_of_interest} against the rest"]
    assert found.basis_of_all in said
