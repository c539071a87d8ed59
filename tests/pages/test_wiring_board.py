"""Home and the board of runs: each control, set to another value, arrives where it leads.

A new control needs a row in `BOARD`, or a test of its own under `ELSEWHERE`.
"""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest
from page_helpers import PHANTOM, OpenPage, press, texts
from streamlit.testing.v1 import AppTest
from wiring import control, controls, fill, tried
from wiring_queue import Call, any_run
from wiring_spy import Row, check

from histo_core.config import DataConfig
from histo_core.runs.store.edit import rename, set_tags
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.search import RunFilter
from histo_core.studies.demo import demo_configs
from histo_core.workspace import Workspace

DATA_LINK = "page_link: Phantom tissue"
FIND = "pages.train.run_board.find_runs"
BOARD = [
    Row("text_input: Find", "second", FIND, "wanted", RunFilter(text="second")),
    Row("selectbox: State", "waiting or training", FIND, "wanted.statuses", (RunStatus.QUEUED, RunStatus.RUNNING)),
    Row("selectbox: State", "cancelled", FIND, "wanted.statuses", (RunStatus.CANCELLED,)),
    Row("selectbox: Tag", "mine", FIND, "wanted", RunFilter(tag="mine")),
    Row("toggle: Show archived runs", True, FIND, "wanted", RunFilter(archived=True)),
    Row("pagination: ", 2, FIND, "offset", 2),
    Row(
        *("multiselect: Show curves of", "{two}", "pages.train.run_board._board"),
        *(lambda arguments: list(arguments["watched"]), "{two}"),
    ),
    Row("button_group: Curve", "accuracy", "pages.train.run_board._board", "measure", "accuracy"),
]


@pytest.mark.parametrize("row", BOARD, ids=lambda row: row.id)
def test_the_board_shows_what_is_asked_for(
    row: Row, queued_home: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    if row.control.startswith("pagination"):
        monkeypatch.setattr("pages.train.run_board.SHOWN", 2)
    if row.to == "{two}":
        two = [any_run(queued_home, name).run_id for name in ("First", "Third")]
        row = replace(row, to=two, value=two)
    check(row, "train", open_page, monkeypatch, queued_home)


def _opened(open_page: OpenPage, run_id: str) -> AppTest:
    page = open_page("train", archived="yes")
    page.session_state[f"details.{run_id}"] = True
    return page.run()


def test_what_is_written_on_a_run_is_kept(queued_home: Workspace, open_page: OpenPage, calls: list[Call]) -> None:
    run_id = any_run(queued_home, "Second").run_id
    page = _opened(open_page, run_id)
    fill(page, {f"name.{run_id}": "New", f"note.{run_id}": "why"})
    control(page, f"tags.{run_id}").set_value(["other"])
    control(page, f"save.{run_id}").click().run()
    assert calls == [
        ("rename", (run_id, "New"), {}),
        ("set_tags", (run_id, ["other"]), {}),
        ("set_note", (run_id, "why"), {}),
    ]


def test_a_tag_that_is_called_any_is_a_tag(queued_home: Workspace, open_page: OpenPage) -> None:
    run_id = any_run(queued_home, "First").run_id
    set_tags(run_id, ["any"], queued_home)
    shown = texts(open_page("train", tag="any"))
    set_tags(run_id, [], queued_home)
    assert "**First**" in shown
    assert "**Second**" not in shown


def test_two_who_write_on_a_run_do_not_undo_each_other(queued_home: Workspace, open_page: OpenPage) -> None:
    run_id = any_run(queued_home, "Third").run_id
    one, other = _opened(open_page, run_id), _opened(open_page, run_id)
    fill(one, {f"note.{run_id}": "of one"})
    control(one, f"save.{run_id}").click().run()
    fill(other, {f"name.{run_id}": "Of other"})
    control(other, f"save.{run_id}").click().run()
    now = Store.open(queued_home).get(run_id)
    assert (now.name, now.note) == ("Of other", "of one")
    fill(other, {f"note.{run_id}": "of other"})
    control(other, f"save.{run_id}").click().run()
    assert "Somebody else changed the note to 'of one'" in other.error[0].value.replace("\\", "")
    assert Store.open(queued_home).get(run_id).note == "of one"
    rename(run_id, "Third", queued_home)


@pytest.mark.parametrize(
    ("name", "key", "expected"),
    [
        ("First", "cancel.{}", ("cancel", ("{}",), {})),
        ("Stopped", "resume.{}", ("resume", ("{}",), {})),
        ("Third", "move.First.{}", ("move", ("{}",), {"first": True, "by": 0})),
        ("Third", "move.Up.{}", ("move", ("{}",), {"first": False, "by": -1})),
        ("Second", "move.Down.{}", ("move", ("{}",), {"first": False, "by": 1})),
        ("Stopped", "archive.{}", ("archive", ("{}",), {"on": True})),
        ("Away", "archive.{}", ("archive", ("{}",), {"on": False})),
    ],
)
def test_each_button_of_a_run_is_about_that_run(
    name: str, key: str, expected: Call, queued_home: Workspace, open_page: OpenPage, calls: list[Call]
) -> None:
    run_id = any_run(queued_home, name).run_id
    page = _opened(open_page, run_id)
    control(page, key.format(run_id)).click().run()
    assert calls == [(expected[0], tuple(one.format(run_id) for one in expected[1]), expected[2])]


@pytest.mark.parametrize(("last", "deleted"), [("really", True), ("keep", False)])
def test_deleting_asks_once_more(
    last: str, deleted: bool, queued_home: Workspace, open_page: OpenPage, calls: list[Call]
) -> None:
    run_id = any_run(queued_home, "Stopped").run_id
    page = _opened(open_page, run_id)
    control(page, f"delete.{run_id}").click().run()
    assert calls == []
    control(page, f"{last}.{run_id}").click().run()
    assert calls == ([("delete", (run_id,), {})] if deleted else [])


def test_a_clone_is_of_the_run_it_stands_on(queued_home: Workspace, open_page: OpenPage) -> None:
    run_id = any_run(queued_home, "Stopped").run_id
    page = open_page("train")
    control(page, f"clone.{run_id}").click().run()
    assert page.query_params["clone"] == run_id
    control(page, "clone.leave").click().run()
    assert "clone" not in page.query_params


def test_home_starts_the_demo_as_a_job(workspace: Workspace, open_page: OpenPage, calls: list[Call]) -> None:
    press(open_page("home"), "Start the demo")
    assert calls == [("start_job", ("demo", {}), {})]


def test_data_on_home_lead_to_the_data(queued_home: Workspace, open_page: OpenPage) -> None:
    (link,) = [one.element for one in controls(open_page("home")) if one.name.startswith(DATA_LINK)]
    asked = parse_qs(link.proto.query_string)
    assert link.proto.page.endswith("data")
    assert DataConfig(dataset=asked["dataset"][0], options=json.loads(asked["options"][0])) == PHANTOM


ELSEWHERE = {
    "home": {
        "button: Start the demo": "test_home_starts_the_demo_as_a_job",
        "button: Cancel": "test_each_button_of_a_run_is_about_that_run",
        "button: Resume": "test_each_button_of_a_run_is_about_that_run",
        "button: Clone": "test_a_clone_is_of_the_run_it_stands_on",
        "page_link: Compare": "test_pages_finished",
        "page_link: Explain": "test_pages_finished",
    },
    "train": {
        "button: Cancel": "test_each_button_of_a_run_is_about_that_run",
        "button: Resume": "test_each_button_of_a_run_is_about_that_run",
        "button: Clone": "test_a_clone_is_of_the_run_it_stands_on",
        "button: First": "test_each_button_of_a_run_is_about_that_run",
        "button: Up": "test_each_button_of_a_run_is_about_that_run",
        "button: Down": "test_each_button_of_a_run_is_about_that_run",
        "button: Archive": "test_each_button_of_a_run_is_about_that_run",
        "button: Bring back": "test_each_button_of_a_run_is_about_that_run",
        "button: Delete": "test_deleting_asks_once_more",
        "button: Overfit one batch": "test_failures_on_pages",
        "text_input: Name": "test_what_is_written_on_a_run_is_kept",
        "multiselect: Tags": "test_what_is_written_on_a_run_is_kept",
        "text_area: Note": "test_what_is_written_on_a_run_is_kept",
        "button: Save": "test_what_is_written_on_a_run_is_kept",
        "selectbox: Preset": "test_wiring_train",
        "button: Undo": "test_train_draft",
        "button: Back to the preset": "test_train_draft",
        "button: Open the data and look": "test_split_verdict",
        "button_group: Protocol": "test_wiring_train",
        "toggle: Show the table": "test_all_runs",
        "button: Estimate time and memory": "test_the_estimate_is_of_what_the_form_holds",
        "button: Train 3 models": "test_wiring_train",
        "page_link: This split has not been audited: do it now": "test_split_verdict",
    },
}
"""By page, the controls that no row has, each with the test that pins it."""


def test_the_estimate_is_of_what_the_form_holds(queued_home: Workspace, open_page: OpenPage, calls: list[Call]) -> None:
    page = open_page("train")
    tried(page, {"train.epochs": 3})
    press(page, "Estimate time and memory")
    (name, (kind, params), _) = calls[0]
    assert (name, kind) == ("start_job", "estimate")
    assert [one["train"]["epochs"] for one in params["configs"]] == [3, 3, 3]
    assert [one["model"]["name"] for one in params["configs"]] == [one.config.model.name for one in demo_configs()]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_every_control_has_a_row(name: str, queued_home: Workspace, open_page: OpenPage) -> None:
    rows = BOARD if name == "train" else []
    page = open_page(name, **({"archived": "yes"} if name == "train" else {}))
    for one in ("Stopped", "Away", "Second"):
        page.session_state[f"details.{any_run(queued_home, one).run_id}"] = True
    page.run()
    found = {one.name for one in controls(page) if not one.key.startswith("train.")}
    known = {row.control for row in rows} | set(ELSEWHERE[name])
    found = {one for one in found if not one.startswith(DATA_LINK)}  # test_data_on_home_lead_to_the_data
    assert found - known == set(), "add a row, or say under ELSEWHERE which test pins it"
