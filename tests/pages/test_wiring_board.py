"""Home, the board of runs and Experiments: each control, set to another value, arrives where it leads.

A new control needs a row in `BOARD` or `EXPERIMENTS`, or a test of its own under `ELSEWHERE`.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from page_helpers import PHANTOM, OpenPage, press, small_run
from streamlit.testing.v1 import AppTest
from wiring import control, controls, fill, tried
from wiring_spy import Row, check

from histo_core.config import DataConfig
from histo_core.config_protocol import ProtocolConfig, SweepField
from histo_core.data.base import prepare_dataset
from histo_core.evaluation.class_scores import METRICS
from histo_core.experiments.edit import archive_experiment
from histo_core.experiments.launcher import start_experiment
from histo_core.runs.edit import archive
from histo_core.runs.find import Wanted
from histo_core.runs.launcher import cancel, launch
from histo_core.runs.records import Run, RunStatus
from histo_core.runs.store import Store
from histo_core.studies.demo import demo_configs
from histo_core.workspace import Workspace


def _run(home: Workspace, name: str) -> Run:
    return next(run for run in Store.open(home).runs(archived=True) if run.name == name)


DATA_LINK = "page_link: Phantom tissue"
Call = tuple[str, tuple[Any, ...], dict[str, Any]]


@pytest.fixture(scope="module")
def queued(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with three runs that wait, one that was cancelled and one that was put away; and two experiments."""
    workspace = Workspace(tmp_path_factory.mktemp("queued") / "home")
    prepare_dataset(PHANTOM, workspace)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("histo_core.runs.launcher.ensure_supervisor", lambda _: 1)
        for seed, name in enumerate(("First", "Second", "Third", "Stopped", "Away")):
            tags = ["mine"] if name in ("Second", "Stopped") else []
            launch(small_run("cnn_narrow", seed), workspace, name=name, tags=tags, start_supervisor=False)
        for name in ("Stopped", "Away"):
            cancel(_run(workspace, name).run_id, workspace)
        archive(_run(workspace, "Away").run_id, workspace)
        config = small_run("cnn_narrow", 9)
        start_experiment(config, ProtocolConfig(kind="repeats", repeats=2), workspace, name="Repeats")
        sweep = {"train.learning_rate": SweepField(values=(0.001, 0.01))}
        start_experiment(config, ProtocolConfig(kind="sweep", sweep=sweep), workspace, name="Sweep")
        old = start_experiment(config, ProtocolConfig(kind="repeats", repeats=3), workspace, name="Old")
        archive_experiment(old.experiment_id, workspace)
    return workspace


@pytest.fixture
def home(queued: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The workspace as the one in use; nothing starts by itself."""
    monkeypatch.setenv("HISTOSCOPE_HOME", str(queued.home))
    monkeypatch.setattr("histo_core.runs.launcher.ensure_supervisor", lambda _: 1)
    return queued


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What the core is told to do, which it does not."""
    found: list[Call] = []

    def replace(name: str, result: Any = None) -> None:
        def called(*args: Any, **kwargs: Any) -> Any:
            kept = tuple(one for one in args if not isinstance(one, Workspace))
            found.append((name.rpartition(".")[2], kept, kwargs))
            return result

        monkeypatch.setattr(name, called)

    for name in ("cancel", "resume"):
        replace(f"pages.ui.runs.{name}")
    for name in ("rename", "set_tags", "set_note", "archive", "delete", "move"):
        replace(f"pages.ui.run_details.{name}")
    for name in ("cancel", "resume", "archive", "delete", "rename"):
        replace(f"pages.ui.experiment_view.{name}_experiment")
    replace("pages.ui.jobs.start_job")
    replace("pages.home.launch_many", [])
    return found


FIND = "pages.ui.run_board.find_runs"
BOARD = [
    Row("text_input: Find", "second", FIND, "wanted", Wanted(text="second")),
    Row("selectbox: State", "waiting or training", FIND, "wanted.statuses", (RunStatus.QUEUED, RunStatus.RUNNING)),
    Row("selectbox: State", "cancelled", FIND, "wanted.statuses", (RunStatus.CANCELLED,)),
    Row("selectbox: Tag", "mine", FIND, "wanted", Wanted(tag="mine")),
    Row("toggle: Show archived runs", True, FIND, "wanted", Wanted(archived=True)),
    Row("pagination: ", 2, FIND, "offset", 2),
    Row(
        *("multiselect: Show curves of", "{two}", "pages.ui.run_board._board"),
        *(lambda arguments: list(arguments["watched"]), "{two}"),
    ),
    Row("button_group: Curve", "accuracy", "pages.ui.run_board._board", "measure", "accuracy"),
]


@pytest.mark.parametrize("row", BOARD, ids=lambda row: row.id)
def test_the_board_shows_what_is_asked_for(
    row: Row, home: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    if row.control.startswith("pagination"):
        monkeypatch.setattr("pages.ui.run_board.SHOWN", 2)
    if row.to == "{two}":
        two = [_run(home, name).run_id for name in ("First", "Third")]
        row = replace(row, to=two, value=two)
    check(row, "train", open_page, monkeypatch, home)


def _opened(open_page: OpenPage, run_id: str) -> AppTest:
    page = open_page("train", archived="yes")
    page.session_state[f"details.{run_id}"] = True
    return page.run()


def test_what_is_written_on_a_run_is_kept(home: Workspace, open_page: OpenPage, calls: list[Call]) -> None:
    run_id = _run(home, "Second").run_id
    page = _opened(open_page, run_id)
    fill(page, {f"name.{run_id}": "New", f"note.{run_id}": "why"})
    control(page, f"tags.{run_id}").set_value(["mine"])
    control(page, f"save.{run_id}").click().run()
    assert calls == [
        ("rename", (run_id, "New"), {}),
        ("set_tags", (run_id, ["mine"]), {}),
        ("set_note", (run_id, "why"), {}),
    ]


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
    name: str, key: str, expected: Call, home: Workspace, open_page: OpenPage, calls: list[Call]
) -> None:
    run_id = _run(home, name).run_id
    page = _opened(open_page, run_id)
    control(page, key.format(run_id)).click().run()
    assert calls == [(expected[0], tuple(one.format(run_id) for one in expected[1]), expected[2])]


@pytest.mark.parametrize(("last", "deleted"), [("really", True), ("keep", False)])
def test_deleting_asks_once_more(
    last: str, deleted: bool, home: Workspace, open_page: OpenPage, calls: list[Call]
) -> None:
    run_id = _run(home, "Stopped").run_id
    page = _opened(open_page, run_id)
    control(page, f"delete.{run_id}").click().run()
    assert calls == []
    control(page, f"{last}.{run_id}").click().run()
    assert calls == ([("delete", (run_id,), {})] if deleted else [])


def test_a_clone_is_of_the_run_it_stands_on(home: Workspace, open_page: OpenPage) -> None:
    run_id = _run(home, "Stopped").run_id
    page = open_page("train")
    control(page, f"clone.{run_id}").click().run()
    assert page.query_params["clone"] == run_id
    control(page, "clone.leave").click().run()
    assert "clone" not in page.query_params


def test_home_starts_the_demo_as_it_is(workspace: Workspace, open_page: OpenPage, calls: list[Call]) -> None:
    opened: list[Any] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pages.ui.data_choice.prepare", lambda data, workspace, **_: opened.append(data))
        press(open_page("home"), "Start the demo")
    (name, args, kwargs) = calls[0]
    demo = demo_configs()
    assert opened == [demo[0].config.data]
    assert name == "launch_many"
    assert list(args[0]) == [one.config for one in demo]
    assert list(kwargs["names"]) == [one.name for one in demo]


def test_data_on_home_lead_to_the_data(home: Workspace, open_page: OpenPage) -> None:
    (link,) = [one.element for one in controls(open_page("home")) if one.name.startswith(DATA_LINK)]
    asked = parse_qs(link.proto.query_string)
    assert link.proto.page.endswith("data")
    assert DataConfig(dataset=asked["dataset"][0], options=json.loads(asked["options"][0])) == PHANTOM


VIEW = "pages.ui.experiment_view"
EXPERIMENTS = [
    Row("selectbox: Experiment", "{other}", f"{VIEW}.get_experiment", "experiment_id", "{other}"),
    *(
        Row("button_group: Number", name, f"{VIEW}.{function}", "metric", name)
        for name in METRICS[1:]
        for function in ("verdict", "members_figure")
    ),
    Row("button_group: Number", METRICS[1], f"{VIEW}.sweep_figure", "metric", METRICS[1]),
    Row(
        *("toggle: Show archived experiments", True, "pages.experiments._label"),
        *(lambda arguments: arguments["experiment"].name, "Old"),
    ),
]


def _experiment(home: Workspace, name: str) -> str:
    from histo_core.experiments.launcher import experiments

    return next(one.experiment_id for one in experiments(home, archived=True) if one.name == name)


@pytest.mark.parametrize("row", EXPERIMENTS, ids=lambda row: row.id)
def test_experiments_ask_the_core_what_their_controls_say(
    row: Row, home: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    other = _experiment(home, "Repeats")
    if row.to == "{other}":
        row = replace(row, to=other, value=other)
    check(row, "experiments", open_page, monkeypatch, home)


@pytest.mark.parametrize("name", ["Repeats", "Sweep"])
def test_an_experiment_is_cancelled_and_renamed_by_its_id(
    name: str, home: Workspace, open_page: OpenPage, calls: list[Call]
) -> None:
    one = _experiment(home, name)
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
def test_links_of_an_experiment_name_its_runs(name: str, home: Workspace, open_page: OpenPage) -> None:
    from histo_core.experiments.launcher import get_experiment

    one = _experiment(home, name)
    page = open_page("experiments", experiment=one)
    (link,) = [each.element for each in controls(page) if each.label == "Watch the runs"]
    members = [member.run_id for member in get_experiment(one, home).members]
    assert parse_qs(link.proto.query_string)["watch"] == members
    assert link.proto.page.endswith("train")


ELSEWHERE = {
    "home": {
        "button: Start the demo": "test_home_starts_the_demo_as_it_is",
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
        "text_input: Name": "test_what_is_written_on_a_run_is_kept",
        "multiselect: Tags": "test_what_is_written_on_a_run_is_kept",
        "text_area: Note": "test_what_is_written_on_a_run_is_kept",
        "button: Save": "test_what_is_written_on_a_run_is_kept",
        "selectbox: Preset": "test_wiring_train",
        "button: Open the data and look": "test_split_verdict",
        "button_group: Protocol": "test_wiring_train",
        "button: Estimate time and memory": "test_the_estimate_is_of_what_the_form_holds",
        "button: Train 3 models": "test_wiring_train",
        "page_link: This split has not been audited: do it now": "test_split_verdict",
    },
    "experiments": {
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
    },
}
"""By page, the controls that no row has, each with the test that pins it."""


def test_the_estimate_is_of_what_the_form_holds(home: Workspace, open_page: OpenPage, calls: list[Call]) -> None:
    page = open_page("train")
    tried(page, {"train.epochs": 3})
    press(page, "Estimate time and memory")
    (name, (kind, params), _) = calls[0]
    assert (name, kind) == ("start_job", "estimate")
    assert [one["train"]["epochs"] for one in params["configs"]] == [3, 3, 3]
    assert [one["model"]["name"] for one in params["configs"]] == [one.config.model.name for one in demo_configs()]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_every_control_has_a_row(name: str, home: Workspace, open_page: OpenPage) -> None:
    rows = {"train": BOARD, "experiments": EXPERIMENTS}.get(name, [])
    page = open_page(name, **({"archived": "yes"} if name == "train" else {}))
    for one in ("Stopped", "Away", "Second"):
        page.session_state[f"details.{_run(home, one).run_id}"] = True
    page.session_state[f"details.{_experiment(home, 'Sweep')}"] = True
    page.run()
    found = {one.name for one in controls(page) if not one.key.startswith("train.")}
    known = {row.control for row in rows} | set(ELSEWHERE[name])
    found = {one for one in found if not one.startswith(DATA_LINK)}  # test_data_on_home_lead_to_the_data
    assert found - known == set(), "add a row, or say under ELSEWHERE which test pins it"
