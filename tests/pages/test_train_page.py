"""The Train page: from a preset or a run to a configuration, and a board on which runs are found and looked after."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
import yaml
from page_helpers import HOSTILE, OpenPage, forget_drafts, run_named, small_run, texts
from streamlit.testing.v1 import AppTest

from histo_core.errors import DataError
from histo_core.models.registry import MODELS
from histo_core.runs.api import launch
from histo_core.runs.store.records import RunProgress, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.training.dry_run import DryRun
from histo_core.workspace import Workspace


@pytest.fixture
def waiting(finished_workspace: Workspace, workspace: Workspace) -> Workspace:
    """A workspace with three runs that wait, which no supervisor starts."""
    (workspace.home).mkdir(parents=True, exist_ok=True)
    (workspace.home / "data").symlink_to(finished_workspace.home / "data")
    for seed, name in enumerate(("First", "Second", HOSTILE)):
        launch(small_run("cnn_narrow", seed), workspace, name=name, tags=["mine"] * seed, start_supervisor=False)
    return workspace


def plain(text: str) -> str:
    return text.replace("\\", "")


def said(page: AppTest) -> str:
    assert not page.exception
    return texts(page).replace("\\", "")


def control(page: AppTest, kind: str, label: str):
    return next(one for one in page.get(kind) if one.label == label)


def button(page: AppTest, label: str):
    return control(page, "button", label)


def written(page: AppTest) -> dict:
    return yaml.safe_load(page.code[0].value)


def names(workspace: Workspace) -> list[str]:
    return [run.name for run in Store.open(workspace).queue()]


def test_a_clone_begins_with_its_run_and_lists_exactly_what_changes(finished: Workspace, open_page: OpenPage) -> None:
    run = run_named(finished, "Small CNN")
    page = open_page("train", clone=run.run_id)
    assert "The settings of **Small CNN**" in said(page)
    assert "Nothing is changed yet" in said(page)
    assert written(page) == run.config.model_dump(mode="json") | {"preprocess": written(page)["preprocess"]}
    control(page, "number_input", "Epochs").set_value(5).run()
    assert "Changed against the run" in said(page)
    listed = [block.value.replace("\\", "") for block in page.markdown if block.value.startswith("- ")]
    assert listed == ["- Epochs: 2 → 5"]
    assert written(page)["train"]["epochs"] == 5


def test_a_clone_of_nothing_says_so_and_the_board_stays(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("train", clone="nonsense")
    assert not page.exception
    assert "There is no run 'nonsense'" in page.error[0].value.replace("\\", "")
    assert "Small CNN" in said(page)


def test_options_of_a_network_go_into_its_configuration_alone(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("train")
    option = next(one for one in page.checkbox if one.key.endswith("CNN-RNN.options.extra_linear"))
    option.set_value(not option.value).run()
    assert "CNN-RNN, " in said(page)
    files = [yaml.safe_load(block.value) for block in page.code if "model:" in block.value]
    assert [("extra_linear" in one["model"]["options"]) for one in files] == [False, True, False]


def test_views_at_prediction_are_asked_for_once_there_are_several(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("train")
    assert not any(one.label == "Combine views by" for one in page.selectbox)
    control(page, "selectbox", "Test-time augmentation").select("flips").run()
    control(page, "selectbox", "Combine views by").select("vote").run()
    assert "Test-time augmentation: none → flips" in said(page)
    assert written(page)["predict"]["combine"] == "vote"


def test_what_cannot_be_is_said_beside_the_form_and_bars_the_launch(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("train")
    control(page, "number_input", "Validation share").set_value(0.8).run()
    assert any("something to train on" in error.value for error in page.error)
    assert "This cannot be launched yet" in said(page)
    assert button(page, "Train 3 models").disabled
    assert "Show curves of" in [one.label for one in page.multiselect]
    control(page, "number_input", "Validation share").set_value(0.1).run()
    assert not button(page, "Train 3 models").disabled


def test_patches_too_small_for_a_network_are_refused_while_typing(finished: Workspace, open_page: OpenPage) -> None:
    page = open_page("train")
    spec = MODELS["p4m_resnet"]
    control(page, "multiselect", "Models").set_value([spec.title]).run()
    control(page, "number_input", "Centre crop").set_value(spec.smallest_input).run()
    assert "needs patches of at least" not in said(page)
    control(page, "number_input", "Centre crop").set_value(spec.smallest_input - 1).run()
    assert "needs patches of at least" in said(page)
    assert [one.disabled for one in page.button if one.label.startswith("Train ")] == [True]


def test_a_size_at_which_a_symmetry_is_not_exact_is_said_beside_the_crop(
    finished: Workspace, open_page: OpenPage
) -> None:
    page = open_page("train")
    control(page, "multiselect", "Models").set_value([MODELS["gcnn_p4"].title]).run()
    for crop, exact in ((64, True), (62, False)):
        control(page, "number_input", "Centre crop").set_value(crop).run()
        (section,) = [one for one in page.expander if one.label == "What the network gets to see"]
        warned = [plain(one.value) for one in section.warning]
        assert len(warned) == (0 if exact else 1)
    assert "At 62 pixels the symmetry is not exact. At 56 or 64 the answer" in warned[0]
    control(page, "number_input", "Resize to").set_value(72).run()
    assert not any("symmetry" in one.value for one in page.warning)
    control(page, "selectbox", "Crop rounding").set_value("down").run()
    assert written(page)["preprocess"] | {"mean": 0, "std": 0} == {
        "crop": 62,
        "crop_rounding": "down",
        "resize": 72,
        "interpolation": "smooth",
        "mean": 0,
        "std": 0,
    }


def test_an_estimate_is_said_in_one_sentence(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = DryRun(0.5, 64.0, 78, 39.0, 1.0, 400.0, 1_200_000_000, "cpu")
    monkeypatch.setattr("pages.train.run_estimate.load_estimate", lambda *_: trial)
    page = open_page("train", clone=run_named(finished, "Small CNN").run_id)
    assert "About 40 s an epoch, 7 min in total, 1.2 GB of memory." in said(page)
    assert button(page, "Measure again")
    several = open_page("train")
    assert "About 20 min in total for 3 runs, one after the other; 1.2 GB at most." in said(several)


def test_more_memory_than_there_is_gets_a_batch_size_to_try(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = DryRun(0.5, 64.0, 78, 39.0, 1.0, 400.0, 10**16, "cpu")
    monkeypatch.setattr("pages.train.run_estimate.load_estimate", lambda *_: trial)
    page = open_page("train", clone=run_named(finished, "Small CNN").run_id)
    assert "Try a batch size of 16" in said(page)


def test_waiting_runs_have_a_place_and_can_be_moved(waiting: Workspace, open_page: OpenPage) -> None:
    page = open_page("train")
    places = [bar.proto.text.replace("\\", "") for bar in page.get("progress")]
    assert places == ["Waiting: next in line", "Waiting: 2nd in line", "Waiting: 3rd in line"]
    last = run_named(waiting, HOSTILE)
    assert page.button(f"move.Down.{last.run_id}").disabled
    page.button(f"move.First.{last.run_id}").click().run()
    assert names(waiting) == [HOSTILE, "First", "Second"]
    page.button(f"move.Down.{last.run_id}").click().run()
    assert names(waiting) == ["First", HOSTILE, "Second"]
    assert HOSTILE not in texts(page)  # escaped wherever Markdown is read


def test_runs_are_found_by_text_tag_and_state(waiting: Workspace, open_page: OpenPage) -> None:
    def shown(**params: str) -> list[str]:
        page = open_page("train", **params)
        text = said(page)
        return [name for name in ("First", "Second", HOSTILE) if f"**{name}**" in text]

    assert shown(find="second") == ["Second"]
    assert shown(tag="mine") == ["Second", HOSTILE]
    assert shown(state="finished") == []
    page = open_page("train", state="failed", tag="mine")
    assert "No run is like that." in said(page)
    button(page, "Clear the filters").click().run()
    assert "**First**" in said(page)
    assert not {"state", "tag"} & set(page.query_params)
    page = open_page("train")
    page.text_input("url.find").input("first").run()
    assert page.query_params["find"] == "first"


def test_a_run_is_renamed_tagged_put_away_and_brought_back(waiting: Workspace, open_page: OpenPage) -> None:
    run = run_named(waiting, "First")
    Store.open(waiting).request_cancel(run.run_id)
    page = _with_details(open_page, run.run_id, find="First")
    page.text_input(f"name.{run.run_id}").input("Renamed")
    page.text_area(f"note.{run.run_id}").input("A note <b>")
    page.button(f"save.{run.run_id}").click().run()
    changed = Store.open(waiting).get(run.run_id)
    assert (changed.name, changed.note) == ("Renamed", "A note <b>")
    page = _with_details(open_page, run.run_id)
    page.button(f"archive.{run.run_id}").click().run()
    assert Store.open(waiting).get(run.run_id).archived_at is not None
    assert "**Renamed**" not in said(page)
    page = _with_details(open_page, run.run_id, archived="yes")
    page.button(f"archive.{run.run_id}").click().run()
    assert Store.open(waiting).get(run.run_id).archived_at is None


def test_deleting_takes_a_second_click_that_says_what_is_lost(waiting: Workspace, open_page: OpenPage) -> None:
    run = run_named(waiting, "First")
    folder: Path = waiting.run_folder(run.run_id)
    Store.open(waiting).request_cancel(run.run_id)
    page = _with_details(open_page, run.run_id)
    page.button(f"delete.{run.run_id}").click().run()
    assert "Nothing brings them back" in said(page)
    assert folder.exists()
    page.button(f"keep.{run.run_id}").click().run()
    assert "Nothing brings them back" not in said(page)
    page.button(f"delete.{run.run_id}").click().run()
    page.button(f"really.{run.run_id}").click().run()
    assert not page.error
    assert not folder.exists()
    assert "First" not in [one.name for one in Store.open(waiting).runs()]


def test_a_cancelled_run_can_be_resumed_or_cloned(
    waiting: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 0)
    run = run_named(waiting, "Second")
    page = open_page("train")
    page.button(f"cancel.{run.run_id}").click().run()
    assert Store.open(waiting).get(run.run_id).status is RunStatus.CANCELLED
    page.button(f"resume.{run.run_id}").click().run()
    assert Store.open(waiting).get(run.run_id).status is RunStatus.QUEUED


def test_a_finished_run_offers_its_history_and_its_log(finished: Workspace, open_page: OpenPage) -> None:
    run = run_named(finished, "Small CNN")
    page = _with_details(open_page, run.run_id, curve="AUROC")
    assert f"Run {run.run_id}" in said(page)
    assert any(one.label == "Download its history as CSV" for one in page.get("download_button"))
    assert "Validation AUROC is highest" in said(page)


def test_a_waiting_run_is_supervised_wherever_one_looks(
    waiting: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Workspace] = []
    monkeypatch.setattr("pages.shared.components.run_card.keep_supervised", kept.append)
    for name in ("home", "train"):
        open_page(name)
        assert kept.pop().home == waiting.home


def test_a_running_run_tells_its_loss_within_the_epoch(waiting: Workspace, open_page: OpenPage) -> None:
    store, run = Store.open(waiting), run_named(waiting, "First")
    me = ProcessIdentity(1, 0.0, "boot")
    store.claim(run.run_id, me)
    at = RunProgress("training", epoch=1, epochs=2, batch=3, batches=4, images_per_second=16.0, train_loss=0.6543)
    store.heartbeat(run.run_id, me, at)
    page = open_page("train", watch=[run.run_id])
    assert page.get("progress")[0].proto.text == "Training: epoch 2 of 2, batch 3 of 4, loss 0.654, about 2 s left"
    drawn = json.loads(page.get("plotly_chart")[0].proto.spec)["data"]
    assert [(trace["x"], trace["y"]) for trace in drawn] == [([1.75], [0.6543])]


def test_what_could_not_be_started_leaves_word_of_what_was(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(*_: object, name: str, **__: object) -> SimpleNamespace:
        if name != "Small CNN":
            raise DataError("The folder is gone.", "It was there.", "Put it back.")
        return SimpleNamespace(name=name)

    monkeypatch.setattr("pages.train.run_launch.start_experiment", start)
    monkeypatch.setattr("pages.shared.components.data_choice.opened", lambda *_: None)
    page = open_page("train", preset="demo")
    control(page, "button_group", "Protocol").set_value("folds").run()
    control(page, "button", "Train 3 models, 5 runs each").click().run()
    assert "The folder is gone." in said(page)
    assert "Started already, and going on: Small CNN. CNN-RNN and those after it were not started." in said(page)


def test_a_row_of_another_version_is_shown_with_its_reason_and_can_be_deleted(
    waiting: Workspace, open_page: OpenPage
) -> None:
    store, run = Store.open(waiting), run_named(waiting, "First")
    store.request_cancel(run.run_id)
    store.change(run.run_id, sa.true(), config={"from": "the future"})
    for name in ("home", "train"):
        assert "Its row cannot be read" in said(open_page(name))
    page = _with_details(open_page, run.run_id)
    assert not [one for one in page.button if one.key == f"clone.{run.run_id}"]
    page.button(f"delete.{run.run_id}").click().run()
    page.button(f"really.{run.run_id}").click().run()
    assert "First" not in [one.name for one in store.runs()]


def test_one_page_of_many_runs(waiting: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.train.run_board.SHOWN", 2)
    page = open_page("train", page="2")
    assert "**First**" not in said(page)
    assert "3 runs on 2 pages." in said(page)


def _with_details(open_page: OpenPage, run_id: str, **params: str) -> AppTest:
    """The page with one run's details open."""
    page = open_page("train", **params)
    page.session_state[f"details.{run_id}"] = True
    return page.run()


PHANTOM = {"dataset": "phantom", "options": json.dumps({"patches": 240, "patients": 12})}


def test_runs_of_a_preset_remember_which_of_the_studys_they_are(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    def launched(configs: list, *_: object, origins: list[str], **__: object) -> list[SimpleNamespace]:
        started.extend(origins)
        return [SimpleNamespace(run_id=f"r{number}") for number in range(len(configs))]

    monkeypatch.setattr("pages.train.run_launch.launch_many", launched)
    page = open_page("train", preset="fub_breakhis", **PHANTOM)
    control(page, "button", "Train 3 models").click().run()
    assert not page.exception
    assert started == ["fub_breakhis/resnet18", "fub_breakhis/resnext50_32x4d", "fub_breakhis/wide_resnet50_2"]
    started.clear()
    page = open_page("train", **PHANTOM)
    control(page, "button", "Train 3 models").click().run()
    assert started == ["", "", ""], "the demo is no study"


def test_a_clone_keeps_the_studys_run_and_leaves_its_experiment(
    finished: Workspace, waiting: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HISTOSCOPE_HOME", str(waiting.home))
    origin = "wpi_kpcam/cnn_narrow/Five folds"
    run = launch(small_run("cnn_narrow", 9), waiting, origin=origin, start_supervisor=False)
    started: list[str] = []

    def launched(*_: object, origins: list[str], **__: object) -> list[SimpleNamespace]:
        started.extend(origins)
        return [SimpleNamespace(run_id=run.run_id)]

    monkeypatch.setattr("pages.train.run_launch.launch_many", launched)
    page = open_page("train", clone=run.run_id)
    next(one for one in page.button if one.label.startswith("Train 1 model")).click().run()
    assert started == ["wpi_kpcam/cnn_narrow"]


def test_an_experiment_of_a_preset_is_named_as_the_studys_own_and_remembers_it(
    finished: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    def start(*_: object, origin: str, name: str, **__: object) -> SimpleNamespace:
        started.append(origin)
        return SimpleNamespace(experiment_id="e-1", name=name)

    monkeypatch.setattr("pages.train.run_launch.start_experiment", start)
    page = open_page("train", preset="wpi_kpcam", **PHANTOM)
    assert "The study's own: Five folds, which it made of cnn_rnn." in said(page)
    control(page, "button", "Train 2 models, 5 runs each").click().run()
    assert not page.exception
    assert started == ["wpi_kpcam/cnn_rnn/Five folds", "wpi_kpcam/cnn_narrow/Five folds"]
    started.clear()
    forget_drafts(finished)
    page = open_page("train", preset="wpi_kpcam", **PHANTOM)
    page.button_group[0].set_value("sweep").run()
    control(page, "selectbox", "Sweep").set_value("Activation").run()
    assert "The study's own: Activation, which it made of cnn_rnn." in said(page)
    assert control(page, "selectbox", "Selection metric").value == "valid_accuracy"
    control(page, "button", "Train 2 models, 2 runs each").click().run()
    assert started == ["wpi_kpcam/cnn_rnn/Activation", "wpi_kpcam/cnn_narrow/Activation"]
    started.clear()
    forget_drafts(finished)
    page = open_page("train", preset="wpi_kpcam", **PHANTOM)
    control(page, "number_input", "Folds").set_value(4).run()
    assert "The study's own" not in said(page)
    control(page, "button", "Train 2 models, 4 runs each").click().run()
    assert started == ["wpi_kpcam/cnn_rnn", "wpi_kpcam/cnn_narrow"]
