"""The page of experiments, and the form of a protocol."""

from __future__ import annotations

from dataclasses import replace

import pytest
from page_helpers import HOSTILE, OpenPage, small_run, texts
from streamlit.testing.v1 import AppTest

from histo_core.config import parse_config
from histo_core.config.protocol import ProtocolConfig, SweepField
from histo_core.experiments.api import experiments, get_experiment, start_experiment
from histo_core.experiments.records import Experiment
from histo_core.experiments.results import summary
from histo_core.experiments.test_score import score_test
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace
from pages.experiments.page import _labels

SWEEP = ProtocolConfig(kind="sweep", sweep={"train.learning_rate": SweepField(values=(0.001, 0.01))})


@pytest.fixture(scope="session")
def worked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Experiment, Experiment]:
    """A workspace with finished repeats, one of two not yet, and a finished sweep with a hostile name."""
    workspace = Workspace(tmp_path_factory.mktemp("experiments") / "home")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 1)
        three = ProtocolConfig(kind="repeats", repeats=3)
        repeats = start_experiment(small_run("cnn_narrow"), three, workspace, origin="wpi_kpcam/cnn_narrow")
        sweep = start_experiment(small_run("cnn_narrow"), SWEEP, workspace, name=HOSTILE)
    for member in (*repeats.members[:2], *sweep.members):
        assert work(member.run_id, workspace) == 0
    return workspace, repeats, sweep


@pytest.fixture
def home(worked: tuple[Workspace, Experiment, Experiment], monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The workspace as the one in use; nothing starts by itself."""
    monkeypatch.setenv("HISTOSCOPE_HOME", str(worked[0].home))
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 1)
    return worked[0]


def test_repeats_show_what_is_finished_and_what_waits(
    home: Workspace, worked: tuple[Workspace, Experiment, Experiment], open_page: OpenPage
) -> None:
    del home
    page = open_page("experiments", experiment=worked[1].experiment_id)
    assert not page.exception
    assert not page.error
    said = texts(page).replace("\\", "")
    assert "on average over 2 runs" in said
    assert "1 still to come" in said
    assert "chance in training" in said
    table = page.dataframe[0].value
    assert table["State"].tolist() == ["finished", "finished", "Waiting for the device"]
    assert table["Test AUROC"].str.fullmatch(r"[01]\.\d{3}").tolist() == [True, True, False]
    assert len(page.get("plotly_chart")) == 1
    links = [link.label for link in page.get("page_link")]
    assert links == ["Change the recipe", "Compare 2 runs", "Watch the runs"]  # so short a training learns nothing


def test_what_was_made_from_a_study_stands_beside_its_numbers(
    home: Workspace, worked: tuple[Workspace, Experiment, Experiment], open_page: OpenPage
) -> None:
    page = open_page("experiments", experiment=worked[1].experiment_id)
    assert "Beside the report" in [one.value for one in page.header]
    assert "Changed against the study: split.method: random in the study, auto here" in texts(page).replace("\\", "")
    (row,) = page.table[0].value.reset_index().to_dict("records")
    shown = {name: text.replace("\\", "") for name, text in row.items()}
    found = summary(get_experiment(worked[1].experiment_id, home), home).by_metric["accuracy"]
    assert shown == {
        "Reported of": "best plain CNN",
        "Measure": "test accuracy",
        "Report": "0.6066",
        "Here": str(found.interval),
        "What it is": "test accuracy over 2 runs",
        "Doubt": "the plain CNN with the same channels scores 20 points under the CNN-RNN, which the RNN alone does "
        "not explain",
    }
    sweep = open_page("experiments", experiment=worked[2].experiment_id)
    assert "Beside the report" not in [one.value for one in sweep.header], "it comes from no study"


def test_the_number_on_show_is_kept_in_the_link(
    home: Workspace, worked: tuple[Workspace, Experiment, Experiment], open_page: OpenPage
) -> None:
    del home
    page = open_page("experiments", experiment=worked[1].experiment_id, metric="accuracy")
    assert "Test accuracy is" in texts(page)


def test_a_sweep_shows_its_curve_and_scores_the_test_set_after_a_promise(
    home: Workspace, worked: tuple[Workspace, Experiment, Experiment], open_page: OpenPage
) -> None:
    sweep = worked[2]
    page = open_page("experiments", experiment=sweep.experiment_id)
    assert not page.exception
    assert len(page.get("plotly_chart")) == 2
    assert HOSTILE in page.selectbox[0].options[0] + page.selectbox[0].options[1]
    assert "has the highest validation AUROC" in texts(page)
    assert not any(column.startswith("Test") for column in page.dataframe[0].value)
    assert [button.label for button in page.button] == []
    page.checkbox[0].check().run()
    assert [button.label for button in page.button] == ["Score the test set once"]
    score = score_test(sweep.experiment_id, home)
    page.run()
    assert "scored once" in texts(page).replace("\\", "")
    assert {metric.label: metric.value.replace("\\", "") for metric in page.metric}["AUROC"] == str(
        score.metrics["auroc"]
    )
    assert [button.label for button in page.button] == []


def test_its_runs_are_supervised_and_what_waits_has_an_end(
    home: Workspace,
    worked: tuple[Workspace, Experiment, Experiment],
    open_page: OpenPage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: list[Workspace] = []
    monkeypatch.setattr("pages.shared.components.run_card.keep_supervised", kept.append)
    monkeypatch.setattr("pages.experiments.experiment_view.seconds_left", lambda *_: 2400.0)
    page = open_page("experiments", experiment=worked[1].experiment_id)
    assert [one.home for one in kept] == [home.home]
    assert page.get("progress")[0].proto.text == "2 of 3 runs ended, about 40 min left"


def test_runs_without_a_test_set_are_compared_and_explained_on_validation(
    home: Workspace, worked: tuple[Workspace, Experiment, Experiment], open_page: OpenPage
) -> None:
    """After a sweep, whose runs never see the test set, no page opens on an error or on nothing."""
    del home
    ids = [member.run_id for member in worked[2].members]
    compared = open_page("compare", runs=ids)
    assert [title.value for title in compared.title] == ["Compare"]
    assert not compared.error
    (patches,) = [box for box in compared.selectbox if box.label == "Patches"]
    assert patches.value == "valid"
    explained = open_page("explain", run=ids[0])
    assert not explained.error
    assert "The model says" in texts(explained)
    nothing = open_page("explain", run=ids[0], split_set="test")
    assert "No patch fits these filters." in texts(nothing).replace("\\", "")
    next(one for one in nothing.button if one.label == "Clear the filters").click().run()
    assert "The model says" in texts(nothing)
    mixed = open_page("compare", runs=[*ids, worked[1].members[0].run_id], split_set="test")
    assert mixed.error
    assert [title.value for title in mixed.title] == ["Compare"]


def test_cancel_and_resume(
    home: Workspace, worked: tuple[Workspace, Experiment, Experiment], open_page: OpenPage
) -> None:
    waiting = worked[1].members[2].run_id
    page = open_page("experiments", experiment=worked[1].experiment_id)
    page.button(key=f"cancel.{worked[1].experiment_id}").click().run()
    assert Store.open(home).get(waiting).status.value == "cancelled"
    assert "cancelled" in page.info[0].value
    page.button(key=f"resume.{worked[1].experiment_id}").click().run()
    assert not page.exception
    assert Store.open(home).get(waiting).status.value == "queued"


def test_an_experiment_is_renamed_put_away_brought_back_and_deleted(
    home: Workspace, worked: tuple[Workspace, Experiment, Experiment], open_page: OpenPage
) -> None:
    both = ProtocolConfig(kind="repeats", repeats=2)
    one = start_experiment(small_run("cnn_narrow"), both, home, name="Mine").experiment_id  # both have finished before

    def opened(**params: str) -> AppTest:
        page = open_page("experiments", **params)
        page.session_state[f"details.{one}"] = True
        return page.run()

    page = opened(experiment=one)
    page.text_input(f"name.{one}").input(HOSTILE)
    page.button(f"save.{one}").click().run()
    assert get_experiment(one, home).name == HOSTILE
    page.button(f"archive.{one}").click().run()
    assert get_experiment(one, home).archived_at is not None
    assert not [label for label in open_page("experiments").selectbox[0].options if "archived" in label]
    page = opened(archived="yes", experiment=one)
    assert [label for label in page.selectbox[0].options if label.endswith("archived")]
    page.button(f"archive.{one}").click().run()
    assert get_experiment(one, home).archived_at is None
    page = opened(experiment=one)
    page.button(f"delete.{one}").click().run()
    assert "Its runs stay" in texts(page).replace("\\", "")
    page.button(f"really.{one}").click().run()
    assert not page.exception
    assert one not in [known.experiment_id for known in experiments(home, archived=True)]
    assert not any("not in this workspace" in one.value for one in page.warning)
    assert Store.open(home).get(worked[1].members[0].run_id)


def test_a_link_to_an_unknown_experiment_says_so(home: Workspace, open_page: OpenPage) -> None:
    del home
    page = open_page("experiments", experiment="nope-1")
    assert not page.exception
    assert "not in this workspace" in page.warning[0].value


def test_experiments_that_look_alike_are_told_apart_by_their_ids(
    home: Workspace, worked: tuple[Workspace, Experiment, Experiment]
) -> None:
    del home
    one, other = worked[1], replace(worked[1], experiment_id="other-1")
    labels = _labels({each.experiment_id: each for each in (one, other, worked[2])})
    assert len(set(labels.values())) == 3
    assert labels["other-1"].endswith("(other-1)")
    assert worked[2].experiment_id not in labels[worked[2].experiment_id]


def _form() -> None:
    import streamlit as st

    from histo_core.config import RunConfig
    from histo_core.config.protocol import ProtocolConfig, SweepField
    from pages.shared.components import errors
    from pages.train import experiment_form

    dropout = SweepField(values=((0.5, 0.2, 0.0), (0.1, 0.1, 0.0)))
    rate = SweepField(low=1e-4, high=1.0, log=True)
    recipe = {
        "Dropout": ProtocolConfig(kind="sweep", sweep={"model.options.dropout": dropout}, metric="valid_accuracy"),
        "Rate": ProtocolConfig(kind="sweep", sweep={"train.learning_rate": rate}, sampler="random"),
    }
    with errors.shown():
        offered = recipe if st.checkbox("recipe", key="with") else None
        st.code(experiment_form.draw(RunConfig(), offered, "x").model_dump_json(exclude_defaults=True))


@pytest.fixture
def form() -> AppTest:
    return AppTest.from_function(_form, default_timeout=60).run()


def _protocol(form: AppTest) -> ProtocolConfig:
    assert not form.exception
    return ProtocolConfig.model_validate_json(form.code[0].value)


def test_the_form_begins_with_a_single_run(form: AppTest) -> None:
    assert _protocol(form) == ProtocolConfig()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("folds", {"kind": "folds", "folds": 5}),
        ("repeats", {"kind": "repeats", "repeats": 5}),
        ("sweep", {"kind": "sweep", "sweep": {"train.learning_rate": {"values": [0.0001, 0.001, 0.01]}}}),
    ],
)
def test_each_kind_can_be_carried_out_as_it_is_offered(form: AppTest, kind: str, expected: dict) -> None:
    form.button_group[0].set_value(kind).run()
    assert _protocol(form) == parse_config(ProtocolConfig, expected)


def test_settings_are_chosen_by_name_and_values_are_typed(form: AppTest) -> None:
    form.button_group[0].set_value("sweep").run()
    form.multiselect(key="x.fields").set_value(
        ["train.learning_rate", "train.optimizer", "model.options.dropout"]
    ).run()
    form.text_input(key="x.grid.train.learning_rate").set_value("1e-3, 0.01").run()
    form.text_input(key="x.grid.model.options.dropout").set_value("0.5/0.2/0, 0.1 / 0.1 / 0").run()
    form.multiselect(key="x.grid.train.optimizer").set_value(["sgd", "adam"]).run()
    protocol = _protocol(form)
    assert {name: field.values for name, field in protocol.sweep.items()} == {
        "train.learning_rate": (0.001, 0.01),
        "train.optimizer": ("sgd", "adam"),
        "model.options.dropout": ((0.5, 0.2, 0.0), (0.1, 0.1, 0.0)),
    }
    assert protocol.size == 8


def test_ranges_are_offered_where_they_make_sense(form: AppTest) -> None:
    form.button_group[0].set_value("sweep").run()
    form.selectbox(key="x.sampler").set_value("tpe").run()
    form.number_input(key="x.tpe.train.learning_rate.high").set_value(0.5).run()
    form.checkbox(key="x.pruning").check().run()
    form.number_input(key="x.trials").set_value(30).run()
    protocol = _protocol(form)
    assert protocol.sweep["train.learning_rate"] == SweepField(low=0.0001, high=0.5, log=True)
    assert (protocol.sampler, protocol.trials, protocol.pruning, protocol.driven) == ("tpe", 30, True, True)


def test_a_sweep_of_nothing_is_refused_in_words(form: AppTest) -> None:
    form.button_group[0].set_value("sweep").run()
    form.multiselect(key="x.fields").set_value([]).run()
    assert not form.exception
    assert "at least one setting" in form.error[0].value


def test_a_recipes_sweeps_are_offered_by_name(form: AppTest) -> None:
    form.checkbox(key="with").check().run()
    form.button_group[0].set_value("sweep").run()
    assert _protocol(form).sweep["model.options.dropout"].values == ((0.5, 0.2, 0.0), (0.1, 0.1, 0.0))
    assert _protocol(form).metric == "valid_accuracy", "what the study chose by"
    form.selectbox(key="x.recipe").set_value("Rate").run()
    protocol = _protocol(form)
    assert protocol.metric == "valid_auroc"
    assert (protocol.sampler, protocol.sweep["train.learning_rate"].high) == ("random", 1.0)
