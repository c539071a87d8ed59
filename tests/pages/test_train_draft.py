"""What is changed in the form of new runs stays: in a new session, on another page, after a launch, beside others."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from page_helpers import PHANTOM, OpenPage, opened_page, press, small_run, texts
from streamlit.testing.v1 import AppTest
from wiring import control, has, tried

from histo_core.access import LOCAL
from histo_core.config.draft import RunDraft
from histo_core.config.protocol import ProtocolConfig, SweepField
from histo_core.data.opening import prepare_dataset
from histo_core.experiments.api import start_experiment
from histo_core.experiments.records import Experiment
from histo_core.runs.store.drafts import read_draft
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import DRAFTS
from histo_core.studies.demo import demo_configs
from histo_core.workspace import Workspace

FORM = "train.demo.None"
OWN = f"{FORM}.{demo_configs()[0].config.model.name}"
RATE, EPOCHS, CROP = f"{OWN}.train.learning_rate", f"{OWN}.train.epochs", f"{OWN}.preprocess.crop"
NOTE, SEED = f"{FORM}.text", f"{FORM}.seed"


def said(page: AppTest) -> str:
    assert not page.exception
    return texts(page).replace("\\", "")


def value(page: AppTest, key: str) -> Any:
    """The value of a control, whichever generation of the form it belongs to."""
    if has(page, key):
        return control(page, key).value
    again = key.replace(FORM, f"{FORM}.1")
    return control(page, again).value


def lines(page: AppTest) -> list[str]:
    return [one.value.replace("\\", "")[2:] for one in page.markdown if one.value.startswith("- ")]


def drafts(workspace: Workspace) -> int:
    with Store.open(workspace).database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(DRAFTS)).scalar() or 0


@pytest.fixture
def started(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace, in which a launch queues nothing."""
    monkeypatch.setattr("pages.shared.components.data_choice.opened", lambda *_, **__: None)
    monkeypatch.setattr("pages.train.run_launch.launch_many", lambda *_, **__: [])
    return workspace


def test_a_form_that_nobody_changed_writes_nothing(workspace: Workspace, open_page: OpenPage) -> None:
    page = open_page("train")
    tried(page, {"url.preset": "wpi_kpcam"})
    assert drafts(workspace) == 0
    assert not has(page, "draft.reset")


def test_what_is_typed_is_there_in_a_new_session(workspace: Workspace, open_page: OpenPage) -> None:
    page = open_page("train")
    assert control(page, EPOCHS).value != 7
    tried(page, {EPOCHS: 7, CROP: 48, NOTE: "why", SEED: 3})
    again = open_page("train")
    assert [value(again, key) for key in (EPOCHS, CROP, NOTE, SEED)] == [7, 48, "why", 3]
    assert "As you left it" in said(again)
    tried(again, {EPOCHS: 8})
    assert "As you left it" not in said(again)
    assert value(open_page("train"), EPOCHS) == 8


def test_a_launch_leaves_the_form_as_it_was(started: Workspace, open_page: OpenPage) -> None:
    page = open_page("train")
    tried(page, {"url.preset": "wpi_kpcam"})
    epochs = next(str(one.key) for one in page.number_input if str(one.key).endswith(".train.epochs"))
    tried(page, {epochs: 9})
    button = next(one for one in page.button if one.label.startswith("Train "))
    button.click().run()
    assert control(page, "url.preset").value == "wpi_kpcam"
    assert control(page, epochs).value == 9


def test_a_link_without_a_form_opens_the_one_that_was_left(workspace: Workspace, open_page: OpenPage) -> None:
    page = open_page("train")
    tried(page, {"url.preset": "wpi_kpcam"})
    epochs = next(str(one.key) for one in page.number_input if str(one.key).endswith(".train.epochs"))
    tried(page, {epochs: 9})
    again = open_page("train", watch=["some-run"])
    assert control(again, "url.preset").value == "wpi_kpcam"
    assert control(again, epochs).value == 9
    assert control(open_page("train", preset="demo"), "url.preset").value == "demo"


def test_a_draft_of_other_data_or_another_preset_is_not_shown(workspace: Workspace, open_page: OpenPage) -> None:
    tried(open_page("train"), {EPOCHS: 7})
    others = [
        open_page("train", preset="demo", dataset="phantom", options='{"patches": 77}'),
        open_page("train", preset="wpi_kpcam"),
    ]
    for page in others:
        assert "As you left it" not in said(page)
        assert not [line for line in lines(page) if line.startswith("Epochs")]


def test_one_change_is_undone_and_the_others_stay(workspace: Workspace, open_page: OpenPage) -> None:
    page = open_page("train")
    before = control(page, EPOCHS).value
    tried(page, {EPOCHS: 7, SEED: 3})
    assert [line.partition(":")[0] for line in lines(page)] == ["Epochs", "Seed"]
    control(page, "draft.undo.0").click().run()
    assert [line.partition(":")[0] for line in lines(page)] == ["Seed"]
    assert value(page, EPOCHS) == before
    assert value(open_page("train"), SEED) == 3


def test_all_settings_go_back_at_once_and_the_note_stays(workspace: Workspace, open_page: OpenPage) -> None:
    page = open_page("train")
    before = [control(page, key).value for key in (EPOCHS, CROP, SEED)]
    tried(page, {EPOCHS: 7, CROP: 48, SEED: 3, NOTE: "why"})
    tried(page, {"protocol.demo.kind": "folds"})
    assert "Protocol: Single run → Folds" in lines(page)
    press(page, "Back to the preset")
    assert [value(page, key) for key in (EPOCHS, CROP, SEED)] == before
    assert value(page, NOTE) == "why"
    assert lines(page) == []
    again = open_page("train")
    assert [value(again, key) for key in (EPOCHS, CROP, SEED)] == before


def test_a_setting_that_was_hidden_comes_back_with_its_own_value(workspace: Workspace, open_page: OpenPage) -> None:
    optimizer = f"{OWN}.train.optimizer"
    page = open_page("train")
    tried(page, {optimizer: "sgd"})
    tried(page, {f"{OWN}.train.momentum": 0.5})
    tried(page, {optimizer: "adam"})
    again = open_page("train")
    tried(again, {optimizer: "sgd"})
    assert control(again, f"{OWN}.train.momentum").value == 0.5


def test_changed_controls_are_marked(workspace: Workspace, open_page: OpenPage) -> None:
    page = open_page("train")
    tried(page, {EPOCHS: 7})
    (style,) = [one.proto.body for one in page.get("html") if "stWidgetLabel" in one.proto.body]
    assert f"st-key-{EPOCHS.replace('.', '-')} " in style
    assert "learning_rate" not in style


def test_every_kind_of_change_comes_back(workspace: Workspace, open_page: OpenPage) -> None:
    first, second = (member.name for member in demo_configs()[:2])
    page = open_page("train")
    tried(page, {f"{FORM}.models": [first, second]})
    tried(
        page,
        {
            f"{OWN}.model.{second}.output": "sigmoid",
            f"{OWN}.model.{first}.options.extra_linear": True,
            f"{FORM}.note": "Ours:",
            f"{FORM}.priority": 5,
            f"{OWN}.split.valid": 0.3,
            f"{OWN}.augment.quarter_turns": False,
            f"{OWN}.predict.tta": "flips",
            f"{FORM}.phantom.patches": 800,
        },
    )
    tried(page, {"protocol.demo.kind": "sweep"})
    tried(page, {"protocol.demo.grid.train.learning_rate": "0.1, 0.2"})
    again = open_page("train")
    assert value(again, f"{FORM}.models") == [first, second]
    assert value(again, f"{OWN}.model.{second}.output") == "sigmoid"
    assert value(again, f"{OWN}.model.{first}.options.extra_linear") is True
    assert value(again, f"{FORM}.note") == "Ours:"
    assert value(again, f"{FORM}.priority") == 5
    assert value(again, f"{OWN}.split.valid") == 0.3
    assert value(again, f"{OWN}.augment.quarter_turns") is False
    assert value(again, f"{OWN}.predict.tta") == "flips"
    assert value(again, f"{FORM}.phantom.patches") == 800
    assert control(again, "protocol.demo.kind").value == "sweep"
    assert control(again, "protocol.demo.grid.train.learning_rate").value == "0.1, 0.2"


@pytest.mark.parametrize(
    "content", ['{"sections": {"train": {"epochs": -1}}}', "no JSON", '{"data": {"dataset": "x"}}']
)
def test_a_damaged_draft_is_dropped_with_a_sentence(workspace: Workspace, open_page: OpenPage, content: str) -> None:
    page = open_page("train")
    before = control(page, EPOCHS).value
    tried(page, {EPOCHS: 7})
    with Store.open(workspace).database.write() as connection:
        connection.execute(sa.text("UPDATE drafts SET content = :content"), {"content": content})
    again = open_page("train")
    assert "cannot be read, and was dropped" in said(again)
    assert control(again, EPOCHS).value == before
    assert "cannot be read" not in said(open_page("train"))


def test_two_tabs_tell_each_other(workspace: Workspace, open_page: OpenPage) -> None:
    left, right = open_page("train"), open_page("train")
    tried(left, {EPOCHS: 7})
    assert "Another tab" not in said(left)
    tried(right, {SEED: 3})
    assert "Another tab changed this form" in said(right)
    assert value(right, SEED) == 3, "what was just typed stays"
    press(right, "Take those of the other tab")
    assert (value(right, EPOCHS), "Another tab" in said(right)) == (7, False)
    left.run()
    assert "Another tab changed this form" in said(left)
    press(left, "Keep these")
    assert "Another tab" not in said(left)
    assert value(left, EPOCHS) == 7
    kept = read_draft(Store.open(workspace).database, LOCAL, "demo ")
    assert kept is not None
    assert kept.draft == RunDraft(sections={"train": {"epochs": 7}})


SWEEP = ProtocolConfig(
    kind="sweep",
    sweep={
        "train.learning_rate": SweepField(low=0.001, high=0.1, log=True),
        "train.batch_size": SweepField(values=(16, 64)),
    },
    sampler="tpe",
    trials=7,
    pruning=True,
    metric="valid_loss",
)
PROTOCOLS = [
    ProtocolConfig(kind="folds", folds=4, repeats=2, metric="valid_loss"),
    ProtocolConfig(kind="repeats", repeats=3, new="splits"),
    ProtocolConfig(kind="sweep", sweep={"train.epochs": SweepField(values=(2, 3))}, folds=3),
    SWEEP,
]


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda one: f"{one.kind}-{one.sampler}")
def test_an_untouched_form_gives_the_protocol_that_it_starts_with(protocol: ProtocolConfig) -> None:
    def page(start: str) -> None:
        import streamlit as st

        from histo_core.config import RunConfig
        from histo_core.config.protocol import ProtocolConfig
        from pages.train import experiment_form

        st.session_state["held"] = experiment_form.draw(
            RunConfig(), None, "form", ProtocolConfig.model_validate_json(start)
        )

    drawn = AppTest.from_function(page, args=(protocol.model_dump_json(),), default_timeout=60).run()
    assert not drawn.exception
    assert drawn.session_state["held"] == protocol


@pytest.fixture
def experiment(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 1)
    prepare_dataset(PHANTOM, workspace)
    protocol = ProtocolConfig(kind="repeats", repeats=3, new="splits")
    return start_experiment(small_run("cnn_narrow", 5), protocol, workspace, name="Three")


def test_an_experiment_is_changed_as_a_whole(
    experiment: Experiment, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr("pages.train.run_launch._experiments", lambda *args: calls.append(args) or [experiment])
    page = open_page("train", experiment=experiment.experiment_id)
    assert "The settings of the experiment **Three**, to be changed." in said(page)
    assert "launched like this, the same experiment is trained once more" in said(page)
    press(page, "Train 1 model, 3 runs each")
    wanted, protocol, _, _ = calls[0]
    assert protocol == experiment.protocol
    assert [member.config for member in wanted.members] == [experiment.config]


def test_a_link_proposes_a_change_once(experiment: Experiment, open_page: OpenPage) -> None:
    link = {"experiment": experiment.experiment_id, "change": json.dumps({"train.learning_rate": 0.5})}
    page = open_page("train", **link)
    assert next(line for line in lines(page) if line.startswith("Learning rate")).endswith("→ 0.5")
    control(page, "draft.undo.0").click().run()
    assert not [line for line in lines(page) if line.startswith("Learning rate")]
    again = open_page("train", **link)
    assert not [line for line in lines(again) if line.startswith("Learning rate")], "it was undone"
    other = open_page("train", **link | {"change": json.dumps({"train.epochs": 9})})
    assert [line for line in lines(other) if line.startswith("Epochs")]


@pytest.mark.parametrize("change", ["[1]", "{", '{"train.nope": 1}', '{"train.epochs": "many"}', '{"x": 1}'])
def test_a_proposal_that_was_changed_by_hand_is_refused_in_words(
    experiment: Experiment, open_page: OpenPage, change: str
) -> None:
    page = open_page("train", experiment=experiment.experiment_id, change=change)
    assert not page.exception
    assert len(page.error) == 1
    assert "reference" not in page.error[0].value


def test_a_preset_takes_the_place_of_an_experiment(experiment: Experiment, open_page: OpenPage) -> None:
    page = open_page("train", experiment=experiment.experiment_id)
    tried(page, {str(next(one.key for one in page.number_input if str(one.key).endswith("epochs"))): 9})
    press(page, "Use a preset instead")
    assert control(page, "url.preset").value == "demo"


def test_an_unknown_experiment_is_said(workspace: Workspace) -> None:
    page = opened_page("train", experiment="nonsense")
    assert "There is no experiment 'nonsense'" in page.error[0].value.replace("\\", "")
