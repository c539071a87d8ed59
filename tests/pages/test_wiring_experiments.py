"""Experiments: each control, set to another value, arrives where it leads.

A new control needs a row in `ROWS`, or a test of its own under `ELSEWHERE`.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from page_helpers import OpenPage
from wiring import control, controls, fill
from wiring_queue import Call
from wiring_spy import Row, check

from histo_core.evaluation.class_scores import METRICS
from histo_core.experiments.api import experiments, get_experiment
from histo_core.workspace import Workspace

VIEW = "pages.experiments.experiment_view"
ROWS = [
    Row("selectbox: Experiment", "{other}", f"{VIEW}.get_experiment", "experiment_id", "{other}"),
    *(Row("button_group: Metric", name, f"{VIEW}.verdict", "metric", name) for name in METRICS[1:]),
    Row("button_group: Metric", METRICS[1], f"{VIEW}.members_figure", "metric", METRICS[1]),
    Row("button_group: Metric", METRICS[1], f"{VIEW}.sweep_figure", "metric", METRICS[1]),
    Row(
        *("toggle: Show archived experiments", True, "pages.experiments.page._labels"),
        *(lambda arguments: {one.name for one in arguments["known"].values()}, {"Old", "Sweep", "Repeats"}),
    ),
]


def _experiment(queued_home: Workspace, name: str) -> str:
    return next(one.experiment_id for one in experiments(queued_home, archived=True) if one.name == name)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_experiments_ask_the_core_what_their_controls_say(
    row: Row, queued_home: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = _experiment(queued_home, "Repeats")
    if row.to == "{other}":
        row = replace(row, to=other, value=other)
    check(row, "experiments", open_page, monkeypatch, queued_home)


@pytest.mark.parametrize("name", ["Repeats", "Sweep"])
def test_an_experiment_is_cancelled_and_renamed_by_its_id(
    name: str, queued_home: Workspace, open_page: OpenPage, calls: list[Call]
) -> None:
    one = _experiment(queued_home, name)
    page = open_page("experiments", experiment=one)
    control(page, f"cancel.{one}").click().run()
    assert calls == [("cancel_experiment", (one,), {})]
    page = open_page("experiments", experiment=one)
    page.session_state[f"details.{one}"] = True
    page.run()
    fill(page, {f"name.{one}": "New"})
    control(page, f"save.{one}").click().run()
    assert calls[1:] == [("rename_experiment", (one, "New"), {})]


@pytest.mark.parametrize("name", ["Repeats", "Sweep"])
def test_links_of_an_experiment_name_its_runs(name: str, queued_home: Workspace, open_page: OpenPage) -> None:
    one = _experiment(queued_home, name)
    page = open_page("experiments", experiment=one)
    (link,) = [each.element for each in controls(page) if each.label == "Watch the runs"]
    members = [member.run_id for member in get_experiment(one, queued_home).members]
    assert parse_qs(link.proto.query_string)["watch"] == members
    assert link.proto.page.endswith("train")


ELSEWHERE = {
    "button: Cancel the experiment": "test_an_experiment_is_cancelled_and_renamed_by_its_id",
    "button: Resume the experiment": "test_experiments_page",
    "page_link: Watch the runs": "test_links_of_an_experiment_name_its_runs",
    "text_input: Name": "test_an_experiment_is_cancelled_and_renamed_by_its_id",
    "button: Save": "test_an_experiment_is_cancelled_and_renamed_by_its_id",
    "button: Archive": "test_experiments_page",
    "button: Delete": "test_experiments_page",
    "download_button: HTML": "a chart's own",
    "download_button: CSV": "a chart's own",
    "download_button: Download the table": "test_experiments_page",
}
"""The controls that no row has, each with the test that pins it."""


def test_every_control_has_a_row(queued_home: Workspace, open_page: OpenPage) -> None:
    one = _experiment(queued_home, "Sweep")
    page = open_page("experiments", experiment=one)
    page.session_state[f"details.{one}"] = True
    found = {control.name for control in controls(page.run())}
    assert found - {row.control for row in ROWS} - set(ELSEWHERE) == set(), "add a row, or say which test pins it"
