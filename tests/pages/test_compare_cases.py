"""The tabs Cases and Slices: what they list is what the core gives, and the link says so."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest
from page_helpers import PHANTOM, OpenPage, newest, patches, press, run_named, texts
from streamlit.testing.v1 import AppTest
from test_wiring_compare import COMPARE, COMPARE_ELSEWHERE
from typer.testing import CliRunner
from wiring import as_file, control, controls, tried

from histo_core.cli import app
from histo_core.comparison.api import compare
from histo_core.comparison.case_rules import CaseRule
from histo_core.comparison.fewest_patients import fewest_patients
from histo_core.comparison.slices import METRICS
from histo_core.workspace import Workspace
from pages.compare import case_rule, cases_tab, compare_results
from pages.shared.components.text import plain

TABS_CONTROLS = {
    "selectbox: Patches that": "test_a_rule_is_chosen_and_stays_in_the_link",
    "slider: Probability of tumour": "test_a_range_of_probabilities_is_set_by_a_slider",
    "button: Previous": "test_the_arrows_step_through_the_list",
    "toggle: How few patients would reverse the verdict?": "test_the_fewest_patients_are_found_on_request",
    "button: Next": "test_the_arrows_step_through_the_list",
    "page_link: Explain Small CNN": "test_a_patch_leads_to_explain_and_back_to_the_same_list",
    "download_button: Download these patches as CSV": "test_the_list_and_its_file_are_what_the_command_prints",
    "selectbox: Slices by": "test_slices_and_their_file_are_what_the_command_prints",
    "selectbox: Metric": "test_another_column_and_metric_are_drawn",
    "download_button: Download the slices as CSV": "test_slices_and_their_file_are_what_the_command_prints",
}


def asked(workspace: Workspace, **more: str) -> dict[str, Any]:
    runs = [run_named(workspace, "Small CNN").run_id, newest(workspace).run_id]
    return {"runs": runs, "split_set": "valid", "threshold": "0.45"} | more


def printed(workspace: Workspace, *options: str) -> dict[str, Any]:
    """What the command says of the same comparison."""
    words = ["compare", *asked(workspace)["runs"], "--split-set", "valid", "--threshold", "0.45", "--json", *options]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_list_and_its_file_are_what_the_command_prints(
    finished: Workspace, open_page: OpenPage, given: dict[str, Any]
) -> None:
    small = run_named(finished, "Small CNN").run_id
    rule = f"wrong:{small}"
    page = open_page("compare", **asked(finished, tab="Cases", cases=rule))
    said = printed(finished, "--cases", rule)["cases"]
    assert said["rule"] == rule
    assert said["rows"]
    assert list(patches(page)) == [row["sample_id"] for row in said["rows"]][:48]
    table = pd.read_csv(as_file(given["cases-wrong.csv"]()))
    expected = pd.DataFrame(said["rows"])
    assert table.columns.tolist() == expected.columns.tolist()
    assert table["sample_id"].tolist() == expected["sample_id"].tolist()
    np.testing.assert_allclose(table[f"prob_{small}"], expected[f"prob_{small}"])
    first = said["rows"][0]
    note = patches(page)[first["sample_id"]]
    assert note.startswith(f"{first['y_true']}; {first[f'prob_{small}']:.2f} Small CNN; ")
    assert said["order"] in texts(page)


def test_a_rule_is_chosen_and_stays_in_the_link(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("compare", **asked(finished, tab="Cases"))
    first, other = asked(finished)["runs"]
    rule = f"right-wrong:{first},{other}"
    tried(page, {"Patches that": rule})
    assert page.query_params["cases"] == rule
    rows = printed(finished, "--cases", rule)["cases"]["rows"]
    assert list(patches(page)) == [row["sample_id"] for row in rows][:48]
    again = open_page("compare", **asked(finished, tab="Cases", cases=rule))
    assert control(again, "Patches that").value == rule
    assert patches(again) == patches(page)


def test_a_range_of_probabilities_is_set_by_a_slider(finished: Workspace, open_page: OpenPage) -> None:
    run = asked(finished)["runs"][0]
    page = open_page("compare", **asked(finished, tab="Cases", cases=f"scores:0.0..1.0@{run}"))
    control(page, "Probability of tumour").set_value((0.5, 1.0)).run()
    rule = page.query_params["cases"]
    assert rule == f"scores:0.5..1.0@{run}"
    rows = printed(finished, "--cases", rule)["cases"]["rows"]
    assert list(patches(page)) == [row["sample_id"] for row in rows][:48]
    assert all(row[f"prob_{run}"] >= 0.5 for row in rows)


def test_the_arrows_step_through_the_list(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("compare", **asked(finished, tab="Cases", cases="uncertain"))
    listed = list(patches(page))
    assert len(listed) > 2
    press(press(page, "Next"), "Next")
    assert page.query_params["patch"] == listed[2]
    assert f"{listed[2]}, patient" in texts(page)
    press(page, "Previous")
    assert page.query_params["patch"] == listed[1]
    keys = {one.label: one.proto.shortcut for one in page.button if one.label in ("Previous", "Next")}
    assert [keys[name].lower() for name in ("Previous", "Next")] == ["left", "right"]


def test_a_patch_leads_to_explain_and_back_to_the_same_list(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("compare", **asked(finished, tab="Cases", cases="uncertain"))
    sample = list(patches(page))[1]
    press(page, "Next")
    (link,) = [one.element.proto for one in controls(page) if one.name == "page_link: Explain Small CNN"]
    to = parse_qs(link.query_string)
    assert link.page.endswith("explain")
    expected = {"run": [asked(finished)["runs"][0]], "patch": [sample], "of": ["tumour"], "threshold": ["0.45"]}
    assert {name: to[name] for name in expected} == expected
    assert to["split_set"] == ["valid"]
    explain = open_page("explain", **to)
    assert sample in texts(explain)
    (back,) = [one.element.proto for one in controls(explain) if one.label == "Back to the comparison"]
    returned = parse_qs(back.query_string)
    assert (returned["tab"], returned["cases"], returned["patch"]) == (["Cases"], ["uncertain"], [sample])
    again = open_page("compare", **returned)
    assert f"{sample}, patient" in texts(again)


def test_a_clicked_cell_opens_its_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    put: dict[str, object] = {}
    monkeypatch.setattr("pages.shared.app.url_state.put", lambda name, value: put.update({name: value}))
    case_rule.open_cell({"points": []}, "a1", ("normal", "tumour"))
    assert put == {}, "the end of a selection changes nothing"
    case_rule.open_cell({"points": [{"customdata": [1, 0]}]}, "a1", ("normal", "tumour"))
    rule = CaseRule("cell", ("a1",), true="tumour", called="normal")
    assert put == {"cases": rule, "tab": "Cases", "patch": None, "cases_page": None}
    put.clear()
    case_rule.open_slice({"points": [{"customdata": ["all"]}]}, "scanner", "all")
    assert put == {}
    case_rule.open_slice({"points": [{"customdata": ["A"]}]}, "scanner", "all")
    assert put["cases"] == CaseRule("slice", column="scanner", value="A")


def test_label_errors_are_refused_in_words(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("compare", **asked(finished, tab="Cases", cases="label-errors"))
    assert "not the folds of one experiment" in page.warning[-1].value
    assert not patches(page)


@pytest.mark.parametrize("wrong", ["everything", "cell:tumour>normal@gone", "slice:scanner=Z"])
def test_a_link_that_was_changed_says_so_or_falls_back(finished: Workspace, open_page: OpenPage, wrong: str) -> None:
    page = open_page("compare", **asked(finished, tab="Cases", cases=wrong))
    assert not page.exception
    if wrong == "everything":
        assert control(page, "Patches that").value == "hardest"
    else:
        assert page.warning


def test_without_the_data_the_patches_are_listed_alone(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.compare.compared_data.data_of", lambda *_: None)
    page = open_page("compare", **asked(finished, tab="Cases", cases="uncertain"))
    assert not patches(page)
    assert any("prob_" in "".join(map(str, frame.value.columns)) for frame in page.dataframe)
    assert "without pictures" in texts(page)


def test_slices_and_their_file_are_what_the_command_prints(
    finished: Workspace, open_page: OpenPage, given: dict[str, Any]
) -> None:
    page = open_page("compare", **asked(finished, tab="Slices", slice_by="scanner"))
    assert control(page, "Slices by").value == "scanner"
    said = printed(finished)
    assert PHANTOM.dataset == "phantom"
    mine = [one for one in said["slices"] if one["column"] == "scanner"]
    table = pd.read_csv(as_file(given["slices.csv"]()))
    assert len(mine) >= 2
    assert table.groupby("value")["n"].first().to_dict() == {one["value"]: one["n"] for one in mine}
    for one in mine:
        assert one["n_groups"] == table.query("value == @one['value']")["n_groups"].iloc[0]
        for run in one["runs"]:
            row = table.query("value == @one['value'] and run_id == @run['run_id']").iloc[0]
            assert set(run["metrics"]) == set(METRICS)
            for name, known in run["metrics"].items():
                numbers = [np.nan if known[key] is None else known[key] for key in ("value", "low", "high")]
                np.testing.assert_allclose(row[[name, f"{name}_low", f"{name}_high"]].astype(float), numbers)
    (tested,) = [one for one in said["interaction"] if one["column"] == "scanner"]
    assert plain(tested["method"]) in texts(page)
    assert printed(finished, "--slice-by", "patient_id")["slices"][0]["column"] == "patient_id"


def test_another_column_and_metric_are_drawn(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("compare", **asked(finished, tab="Slices"))
    tried(page, {"Slices by": "slide_id", "Metric": "sensitivity"})
    assert (page.query_params["slice_by"], page.query_params["slice_metric"]) == ("slide_id", "sensitivity")
    assert "Sensitivity of" in texts(page)
    assert plain("by slide_id") in texts(page)


@pytest.mark.parametrize("tab", ["Cases", "Slices"])
def test_every_control_of_the_tabs_has_its_test(finished: Workspace, open_page: OpenPage, tab: str) -> None:
    run = asked(finished)["runs"][0]
    page: AppTest = open_page("compare", **asked(finished, tab=tab, cases=f"scores:0.0..1.0@{run}"))
    known = {row.control for row in COMPARE} | set(COMPARE_ELSEWHERE) | set(TABS_CONTROLS)
    assert {one.name for one in controls(page) if not one.name.startswith("page_link: Explain")} <= known


def test_the_fewest_patients_are_found_on_request(finished: Workspace, open_page: OpenPage) -> None:
    runs = asked(finished)["runs"]
    found = fewest_patients(compare(runs, finished, split_set="valid", threshold=0.45))
    assert found is not None
    page = open_page("compare", **asked(finished, tab="Cases"))
    said = plain(found.sentence)
    assert said not in page.markdown.values
    page = tried(page, {"How few patients would reverse the verdict?": True})
    assert said in page.markdown.values


def test_without_patients_nobody_can_be_named(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases_tab._reversals.clear()
    monkeypatch.setattr("pages.compare.cases_tab.fewest_patients", lambda _: None)
    said = "neither patients nor slides are known"
    page = open_page("compare", **asked(finished, tab="Cases"), reversal="yes")
    assert not any(said in one.value for one in page.caption), "they are known, so that it would be no reason"
    at_threshold = compare_results.at_threshold
    monkeypatch.setattr(
        "pages.compare.compare_results.at_threshold", lambda *given: replace(at_threshold(*given), groups=None)
    )
    page = open_page("compare", **asked(finished, tab="Cases"), reversal="yes")
    assert any(said in one.value for one in page.caption)
    cases_tab._reversals.clear()
