"""`runs show` says why a run ended without learning, and `runs overfit` whether its network can learn."""

from __future__ import annotations

import json

import pytest

from histo_core.config import RunConfig
from histo_core.files import append_line
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.training.events import EpochDone, to_json
from histo_core.training.learning import EpochLearning, SetLearning, WeightsLearning, append_learning
from histo_core.workspace import Workspace

ME = ProcessIdentity.current()
GUESS = SetLearning((20, 20), (40, 0), 0.694, 0.694, 0.001, 0.0)


@pytest.fixture
def stuck(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that succeeded with a rate far too high, and learnt nothing."""
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 1)
    store = Store.open(workspace)
    config = RunConfig.parse(
        {
            "data": {"dataset": "phantom", "options": {"patches": 60, "patients": 10}},
            "model": {"name": "cnn_narrow"},
            "preprocess": {"crop": 32},
            "train": {"epochs": 1, "learning_rate": 5.0, "device": "cpu", "threads": 1},
        }
    )
    run = store.enqueue(config, data_hash="d" * 64, split_fingerprint="f" * 64, device="cpu", name="stuck")
    store.claim(run.run_id, ME)
    folder = workspace.run_folder(run.run_id)
    append_learning(folder, EpochLearning(0, 90, GUESS, GUESS, WeightsLearning(1.0, 1.0, 4, 0), None))
    append_line(folder / "events.jsonl", to_json(EpochDone(0, 0.694, 0.694, 0.5, 0.5, 1.0, best=True)))
    assert store.finish(run.run_id, ME, RunStatus.SUCCEEDED)
    return store.get(run.run_id)


def test_show_says_what_was_found_what_is_usual_and_what_to_do(call, stuck: Run) -> None:
    shown = call("runs", "show", stuck.run_id).out
    assert "Nothing was learnt: the training loss ended at 0.694." in shown
    assert "All 40 validation patches get the same answer." in shown
    assert "The learning rate of 5 is too high" in shown
    found = json.loads(call("runs", "show", stuck.run_id, "--json").out)
    assert [one["key"] for one in found["tables"]["learning"]] == ["guessing", "one_answer", "rate_too_high"]
    assert found["sentences"][0].endswith("Launch again with 0.001.")


def test_a_loss_that_was_no_number_is_explained(call, workspace: Workspace, stuck: Run) -> None:
    store = Store.open(workspace)
    again = store.enqueue(stuck.config, data_hash="d" * 64, split_fingerprint="f" * 64, device="cpu", name="again")
    store.claim(again.run_id, ME)
    reason = "The loss became nan in epoch 1, batch 3. A finite loss is needed. Launch again."
    assert store.finish(again.run_id, ME, RunStatus.FAILED, reason)
    assert "The learning rate of 5 is too high: the loss became nan." in call("runs", "show", again.run_id).out


def test_overfit_says_whether_one_batch_can_be_learnt(call, stuck: Run) -> None:
    done = call("runs", "overfit", stuck.run_id, "--patches", "8", "--steps", "40", "--json")
    found = json.loads(done.out)
    assert found["facts"]["learnt"] is (done.code == 0)
    assert found["tables"]["tries"][0]["settings"] == "own"
    assert found["sentences"][0].startswith("One batch was")
