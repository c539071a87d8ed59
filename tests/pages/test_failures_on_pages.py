"""Pages say why runs failed or did not learn, and offer what helps; two pages say the same of a split."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest
from page_helpers import PHANTOM, OpenPage, small_run, texts
from PIL import Image
from streamlit.testing.v1 import AppTest
from wiring import control, controls
from wiring_queue import Call

from histo_core.config.protocol import ProtocolConfig
from histo_core.data.opening import prepare_dataset
from histo_core.experiments.api import start_experiment
from histo_core.files import append_line, write_json
from histo_core.jobs.one_batch import OneBatchParams, result_path
from histo_core.runs.api import launch
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.training.events import EpochDone, to_json
from histo_core.training.learning import EpochLearning, SetLearning, WeightsLearning, append_learning
from histo_core.workspace import Workspace
from pages.shared.cache import cache

ME = ProcessIdentity.current()
TOO_SMALL = "The patches have 50 x 14 pixels. The crop is 32. Crop less, or resize."


@pytest.fixture
def home(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace in which nothing starts by itself."""
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 1)
    prepare_dataset(PHANTOM, workspace)
    return workspace


@pytest.fixture
def stuck(home: Workspace) -> Run:
    """A finished run with one answer for all patches and a rate far too high."""
    config = small_run("cnn_narrow")
    config = config.model_copy(update={"train": config.train.model_copy(update={"learning_rate": 5.0})})
    run, store = launch(config, home, name="Stuck", start_supervisor=False), Store.open(home)
    store.claim(run.run_id, ME)
    guess = SetLearning((20, 20), (40, 0), 0.694, 0.694, 0.001, 0.0)
    folder = home.run_folder(run.run_id)
    append_learning(folder, EpochLearning(0, 90, guess, guess, WeightsLearning(1.0, 1.0, 4, 0), None))
    append_line(folder / "events.jsonl", to_json(EpochDone(0, 0.694, 0.694, 0.5, 0.5, 1.0, best=True)))
    assert store.finish(run.run_id, ME, RunStatus.SUCCEEDED)
    return store.get(run.run_id)


def _said(page: AppTest) -> str:
    assert not page.exception
    return texts(page).replace("\\", "")


def _details(open_page: OpenPage, run: Run) -> AppTest:
    page = open_page("train")
    page.session_state[f"details.{run.run_id}"] = True
    return page.run()


def test_a_run_that_did_not_learn_says_so_on_its_card(stuck: Run, open_page: OpenPage) -> None:
    (said,) = [one.value.replace("\\", "") for one in open_page("train").warning]
    assert said.startswith("Nothing was learnt: the training loss ended at 0.694.")
    assert "Likeliest cause: The learning rate of 5 is too high" in said
    page = _details(open_page, stuck)
    assert "All 40 validation patches get the same answer." in _said(page)


def test_one_batch_is_overfitted_with_the_runs_own_settings(
    stuck: Run, home: Workspace, open_page: OpenPage, calls: list[Call]
) -> None:
    params = OneBatchParams(config=stuck.config)
    page = _details(open_page, stuck)
    control(page, "Overfit one batch").click().run()
    assert calls == [("start_job", ("one_batch", params.model_dump(mode="json")), {})]
    tried = {"settings": "own", "losses": [0.69, 0.003], "correct": 32, "patches": 32, "guess": 0.693}
    write_json(result_path(params, home), {"tries": [tried]})
    (said,) = [one.value for one in _details(open_page, stuck).success]
    assert "network and loss work" in said


def test_an_experiment_says_why_its_runs_failed_and_offers_another_recipe(home: Workspace, open_page: OpenPage) -> None:
    begun = start_experiment(small_run("cnn_narrow", 3), ProtocolConfig(kind="repeats", repeats=2), home)
    store = Store.open(home)
    for member in begun.members:
        store.claim(member.run_id, ME)
        assert store.finish(member.run_id, ME, RunStatus.FAILED, TOO_SMALL)
    page = open_page("experiments", experiment=begun.experiment_id)
    said = _said(page)
    assert "All 2 runs failed: The patches have 50 x 14 pixels." in said
    assert f"All 2 runs failed: {TOO_SMALL}" in said
    assert page.dataframe[0].value["Why"].tolist() == [TOO_SMALL] * 2
    (link,) = [one.element for one in controls(page) if one.label == "Change the recipe"]
    assert link.proto.page.endswith("train")
    assert parse_qs(link.proto.query_string) == {"experiment": [begun.experiment_id]}


def test_what_helps_is_in_the_link_and_in_the_form_that_it_opens(home: Workspace, open_page: OpenPage) -> None:
    begun = start_experiment(small_run("cnn_narrow", 4), ProtocolConfig(kind="repeats", repeats=2), home)
    store = Store.open(home)
    for member in begun.members:
        store.claim(member.run_id, ME)
        why = (
            "Memory ran out with a batch size of 32. The last checkpoint is kept. Launch again with a batch size of 16."
        )
        assert store.finish(member.run_id, ME, RunStatus.FAILED, why)
    page = open_page("experiments", experiment=begun.experiment_id)
    assert "The form then begins with: Batch size 16." in _said(page)
    (link,) = [one.element for one in controls(page) if one.label == "Change the recipe"]
    given = parse_qs(link.proto.query_string)
    assert given["experiment"] == [begun.experiment_id]
    form = open_page("train", **given)
    assert "Batch size: 32 → 16" in _said(form)
    assert [one.element.value for one in controls(form) if one.label == "Batch size"] == [16]
    assert [one.element.value for one in controls(form) if one.label == "Repeats"] == [2]


def test_a_finished_experiment_can_be_changed_too(home: Workspace, open_page: OpenPage) -> None:
    begun = start_experiment(small_run("cnn_narrow", 6), ProtocolConfig(kind="repeats", repeats=2), home)
    assert not [one for one in controls(open_page("experiments")) if one.label == "Change the recipe"], "it goes on"
    store = Store.open(home)
    for member in begun.members:
        store.claim(member.run_id, ME)
        assert store.finish(member.run_id, ME, RunStatus.CANCELLED, "Cancelled.")
    page = open_page("experiments")
    assert len([one for one in controls(page) if one.label == "Change the recipe"]) == 1


def test_the_link_opens_the_form_with_the_settings_of_the_run(stuck: Run, open_page: OpenPage) -> None:
    page = open_page("train", clone=stuck.run_id)
    assert "The settings of **Stuck**, to be changed." in _said(page)
    rates = [one.element.value for one in controls(page) if one.label == "Learning rate"]
    assert 5.0 in [float(rate) for rate in rates]


def _folder(root: Path) -> dict[str, Any]:
    """Patches by class, without patients."""
    rng = np.random.default_rng(0)
    for name in ("normal", "tumour"):
        (root / name).mkdir(parents=True)
        for number in range(12):
            pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number}.png")
    return {"dataset": "folder", "root": str(root)}


@pytest.mark.parametrize("patients", [True, False])
@pytest.mark.parametrize("small", [True, False])
def test_data_and_train_say_the_same_of_a_split(
    patients: bool, small: bool, home: Workspace, tmp_path: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    del home
    if not small:
        monkeypatch.setattr("pages.shared.components.split_verdict.AT_ONCE", 3)
    data = {"dataset": "phantom", "options": json.dumps(PHANTOM.options)} if patients else _folder(tmp_path / "patches")
    page = open_page("data", **data)
    known = "No patient is on both sides" if patients else "Patients are not known"
    pixels = "no two sets share an identical patch" if small else "pixels are not compared yet"
    expected = f"{known}; {pixels}."
    assert expected in _said(page)
    assert f"**{expected}**" in _said(open_page("train", **data))
    cache.forget_data()
