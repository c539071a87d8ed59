"""What is chosen on one page goes along to the next: runs, class, threshold, filter, patch and model."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from page_helpers import PHANTOM, OpenPage, newest, run_named
from streamlit.testing.v1 import AppTest
from wiring import control, controls, tried

from histo_core.config import PredictConfig
from histo_core.prediction.predict import predict_with
from histo_core.workspace import Workspace


def link(page: AppTest, label: str) -> tuple[str, dict[str, list[str]]]:
    """The page that a link leads to, and its URL parameters."""
    found = [one.element.proto for one in controls(page) if one.kind == "page_link" and one.label == label]
    assert found, f"there is no link {label!r}"
    return found[0].page.rpartition("/")[2], parse_qs(found[0].query_string)


def both(workspace: Workspace) -> list[str]:
    first = run_named(workspace, "Small CNN").run_id
    other = newest(workspace).run_id
    return [first, other]


def test_from_compare_to_explain_and_back(finished: Workspace, open_page: OpenPage) -> None:
    runs = both(finished)
    asked = {"runs": runs, "threshold": "0.3", "class": "normal", "split_set": "valid", "comparator": runs[0]}
    page = open_page("compare", **asked)
    where, given = link(page, "Patches it got wrong")
    assert where == "explain"
    expected = {"runs": runs, "threshold": ["0.3"], "of": ["normal"], "split_set": ["valid"], "show": ["wrong"]}
    assert {name: given[name] for name in expected} == expected
    back = open_page("explain", **given)
    where, returned = link(back, "Back to the comparison")
    assert where == "compare"
    assert returned == {name: values if isinstance(values, list) else [values] for name, values in asked.items()}
    again = open_page("compare", **returned)
    assert [control(again, f"url.{name}").value for name in ("runs", "class", "split_set", "threshold")] == [
        runs,
        "normal",
        "valid",
        0.3,
    ]


def test_a_rule_of_the_threshold_goes_along(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("compare", runs=both(finished), rule="validation:youden")
    rule = control(page, "url.rule").value
    assert rule != "hand"
    _, given = link(page, "Patches it got wrong")
    assert given["rule"] == [rule]
    _, returned = link(open_page("explain", **given), "Back to the comparison")
    assert control(open_page("compare", **returned), "url.rule").value == rule


def test_from_explain_to_the_data_with_model_filter_and_patch(finished: Workspace, open_page: OpenPage) -> None:
    run = run_named(finished, "Small CNN")
    page = open_page(
        "explain", run=run.run_id, split_set="test", **{"class": "tumour"}, show="right", threshold="0.4", of="tumour"
    )
    where, given = link(page, "In the data")
    assert where == "data"
    assert {name: given[name][0] for name in ("run", "split_set", "class", "show", "threshold", "of", "view")} == {
        "run": run.run_id,
        "split_set": "test",
        "class": "tumour",
        "show": "right",
        "threshold": "0.4",
        "of": "tumour",
        "view": "gallery",
    }
    assert given["dataset"] == ["phantom"]
    assert json.loads(given["options"][0]) == run.config.data.options
    assert given["patch"][0] in [one.value for one in page.text], "the patch that is shown"
    data = open_page("data", **given)
    assert not data.exception
    assert not data.error
    assert control(data, "url.class").value == "tumour"


def test_from_explain_to_other_pages_with_the_model(finished: Workspace, open_page: OpenPage) -> None:
    run = run_named(finished, "Small CNN").run_id
    page = open_page("explain", run=run)
    assert link(page, "Compare") == ("compare", {"runs": [run]})
    assert link(page, "Predict other patches") == ("predict", {"run": [run]})


def test_from_predict_with_the_filters_of_its_table(finished: Workspace, open_page: OpenPage) -> None:
    run = run_named(finished, "Small CNN")
    predict_with(run.run_id, PHANTOM, finished, predict=PredictConfig(), device="cpu")
    asked = {"split_set": "all", "show": "wrong", "says": "tumour"}
    page = open_page("predict", run=run.run_id, dataset="phantom", options=json.dumps(PHANTOM.options), **asked)
    assert not page.exception
    for label, where in (("In the data", "data"), ("Explain", "explain")):
        led, given = link(page, label)
        assert led == where
        assert (given["run"], given["show"], given["says"]) == ([run.run_id], ["wrong"], ["tumour"])
    tried(page, {"url.show": "all"})
    assert link(page, "In the data")[1]["show"] == ["all"], "the filter on show, not that of the first drawing"
    assert link(page, "Compare") == ("compare", {"runs": [run.run_id], "split_set": ["all"]})
