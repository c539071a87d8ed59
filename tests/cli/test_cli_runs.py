"""Runs from a shell, on rows without a worker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from histo_core.cli import watch as watching
from histo_core.cli.epochs import epoch_line
from histo_core.config import RunConfig
from histo_core.files import append_line
from histo_core.runs.store.edit import rename
from histo_core.runs.store.records import Run, RunProgress, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.training.events import EpochDone, to_json
from histo_core.workspace import Workspace

ME = ProcessIdentity.current()


@pytest.fixture
def store(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 1)
    return Store.open(workspace)


@pytest.fixture
def run(store: Store) -> Run:
    return store.enqueue(RunConfig(), data_hash="d" * 64, split_fingerprint="f" * 64, device="cpu", name="mine")


def test_a_name_whose_signs_a_terminal_lacks_costs_no_list(workspace: Workspace, store: Store, run: Run) -> None:
    rename(run.run_id, "\u00e4\U0001f4a5", workspace)
    environment = os.environ | {"HISTOSCOPE_HOME": str(workspace.home), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "histo_core", "runs", "list"]
    listed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert r"\xe4\U0001f4a5" in listed.stdout


def test_list_and_show(call, store: Store, run: Run) -> None:
    listed = call("runs", "list", "--status", "queued")
    assert run.run_id in listed.out
    assert "cnn_rnn" in listed.out
    nothing = call("runs", "list", "--status", "failed", "--status", "lost").out
    assert nothing == "No run is failed or interrupted; `runs list` shows the others.\n"
    shown = call("runs", "show", run.run_id)
    assert f"run:               {run.run_id}" in shown.out
    assert run.config.to_yaml().strip() in shown.out


def test_an_unknown_run_is_one_message(call, run: Run) -> None:
    for command in ("show", "cancel", "resume", "watch", "log", "rename", "tag", "note", "archive", "delete"):
        done = call("runs", command, "nope-1", *(["text"] if command in {"rename", "note"} else []))
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("Error: There is no run 'nope-1'.")


def test_cancel_and_resume(call, store: Store, run: Run) -> None:
    assert call("runs", "cancel", run.run_id).out == f"run {run.run_id} cancelled\n"
    assert call("runs", "cancel", run.run_id).code == 2
    assert call("runs", "resume", run.run_id, "--detach").out == f"run {run.run_id} queued\n"
    store.claim(run.run_id, ME)
    assert call("runs", "cancel", run.run_id).out == f"run {run.run_id} is asked to stop\n"


def test_the_queue_is_seen_and_changed(call, store: Store, run: Run) -> None:
    behind = store.enqueue(RunConfig(seed=1), data_hash="d" * 64, split_fingerprint="f" * 64, device="cpu", name="two")
    assert call("runs", "first", behind.run_id).out == f"run {behind.run_id} is the next that starts on cpu\n"
    listed = {line.split()[0]: line for line in call("runs", "list").out.splitlines()}
    assert "queued, place 1" in listed[behind.run_id]
    assert "queued, place 2" in listed[run.run_id]
    store.request_cancel(run.run_id)
    assert "is cancelled and cannot be moved" in call("runs", "first", run.run_id).err


def test_name_tags_and_note_are_written_and_shown(call, run: Run) -> None:
    assert call("runs", "rename", run.run_id, "frozen").out == f"run {run.run_id} is now named frozen\n"
    assert call("runs", "tag", run.run_id, "paper", "fold 1").out == f"run {run.run_id} has the tags paper, fold 1\n"
    assert call("runs", "note", run.run_id, "Stain jitter was off.").code == 0
    shown = call("runs", "show", run.run_id).out
    for fact in ("name:              frozen", "tags:              paper, fold 1", "note:              Stain jitter"):
        assert fact in shown
    assert call("runs", "tag", run.run_id).out == f"run {run.run_id} has no tags\n"
    assert call("runs", "note", run.run_id, "").out == f"run {run.run_id} has no note\n"
    assert call("runs", "rename", run.run_id, " ").err.startswith("Error: The name is ''.")


def test_archive_and_delete(call, store: Store, run: Run) -> None:
    assert "cannot be deleted" in call("runs", "delete", run.run_id).err
    store.request_cancel(run.run_id)
    assert call("runs", "archive", run.run_id).out == f"run {run.run_id} is archived\n"
    assert call("runs", "list").out.startswith("No runs.")
    assert run.run_id in call("runs", "list", "--archived").out
    assert call("runs", "archive", run.run_id, "--back").out == f"run {run.run_id} is back in the lists\n"
    assert call("runs", "delete", run.run_id).out == f"run {run.run_id} is deleted\n"
    assert store.runs(archived=True) == []


def test_log_prints_the_end(call, workspace: Workspace, run: Run) -> None:
    assert call("runs", "log", run.run_id).out == "The log is empty.\n"
    folder = workspace.run_folder(run.run_id)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.txt").write_text("one\ntwo\nthree\n")
    assert call("runs", "log", run.run_id, "--lines", "2").out == "two\nthree\n"


WHOLE = EpochDone(
    1, 0.5, 0.41, 0.81, 0.82, 1.5, best=True, learning_rate=0.0005,
    train_accuracy=0.71, train_auroc=0.72, train_precision=0.73, train_recall=0.74, train_f1=0.75,
    valid_precision=None, valid_recall=0.0, valid_f1=0.85,
)  # fmt: skip


def test_show_gives_all_figures_of_all_epochs_when_asked_to(call, workspace: Workspace, run: Run) -> None:
    asked = ("runs", "show", run.run_id, "--epochs")
    assert call(*asked).out.endswith("\nNo epoch has finished yet.\n")
    folder = workspace.run_folder(run.run_id)
    folder.mkdir(parents=True, exist_ok=True)
    older = EpochDone(0, 0.7, 0.6, 0.8, None, 1.5, best=True)  # of a version that recorded less
    for event in (older, WHOLE):
        append_line(folder / "events.jsonl", to_json(event))
    shown = call(*asked).out
    assert "epochs:            2 of 10" in shown
    assert run.config.to_yaml().strip() not in shown
    head, first, second, caption = shown.splitlines()[-4:]
    assert head.split("  ")[0] == "epoch"
    names = [name.strip() for name in re.split(r"  +", head)]
    rows = [re.split(r"  +", line) for line in (first, second)]
    assert dict(zip(names, rows[0], strict=True)) == dict.fromkeys(names, "-") | {
        "epoch": "1", "train loss": "0.7000", "valid loss": "0.6000", "valid accuracy": "0.800",
    }  # fmt: skip
    assert dict(zip(names, rows[1], strict=True)) == {
        "epoch": "2 (kept)", "learning rate": "0.0005",
        "train loss": "0.5000", "train accuracy": "0.710", "train AUROC": "0.720", "train precision": "0.730",
        "train recall": "0.740", "train F1": "0.750",
        "valid loss": "0.4100", "valid accuracy": "0.810", "valid AUROC": "0.820", "valid precision": "-",
        "valid recall": "0.000", "valid F1": "0.850",
    }  # fmt: skip
    assert caption.startswith("Training figures are of the epoch's own forward passes")


def test_an_epochs_line_tells_training_too_and_names_averages_over_classes() -> None:
    assert epoch_line(replace(WHOLE, macro=True), 8) == (
        "epoch 2 of 8: train loss 0.5000, accuracy 0.710, macro AUROC 0.720; "
        "validation loss 0.4100, accuracy 0.810, macro AUROC 0.820; 1.5 s, kept so far"
    )


def test_watch_tells_each_epoch_and_the_end(
    call, workspace: Workspace, store: Store, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.claim(run.run_id, ME)
    folder = workspace.run_folder(run.run_id)
    folder.mkdir(parents=True, exist_ok=True)
    steps = iter(
        [
            lambda: store.heartbeat(run.run_id, ME, RunProgress("training", 0, 10, 3, 20, 250.0)),
            lambda: append_line(folder / "events.jsonl", to_json(EpochDone(0, 0.7, 0.6, 0.8, None, 1.5, best=True))),
            lambda: append_line(folder / "events.jsonl", to_json(EpochDone(1, 0.5, 0.7, 0.8, 0.9, 1.5, best=False))),
            lambda: store.heartbeat(run.run_id, ME, RunProgress("predicting", 10, 10, 3, 20)),
            lambda: store.finish(run.run_id, ME, RunStatus.FAILED, "The loss is no number."),
        ]
    )
    monkeypatch.setattr(watching.time, "sleep", lambda _: next(steps)())
    done = call("runs", "watch", run.run_id)
    assert done.code == 1
    assert done.out.splitlines() == [
        "epoch 1 of 10: train loss 0.7000; validation loss 0.6000, accuracy 0.800; 1.5 s, kept so far",
        "epoch 2 of 10: train loss 0.5000; validation loss 0.7000, accuracy 0.800, AUROC 0.900; 1.5 s",
        "The loss is no number.",
        f"Go on with: python -m histo_core runs resume {run.run_id}",
        f"run {run.run_id} failed",
    ]


def test_ctrl_c_asks_for_a_stop_and_says_how_to_go_on(
    workspace: Workspace, store: Store, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store.claim(run.run_id, ME)

    def interrupt() -> None:
        raise KeyboardInterrupt

    steps = iter([interrupt, lambda: store.finish(run.run_id, ME, RunStatus.CANCELLED, "Stopped on request.")])
    monkeypatch.setattr(watching.time, "sleep", lambda _: next(steps)())
    ended = watching.watch_or_cancel(run.run_id, workspace)
    assert ended.cancel_requested
    assert watching.print_end(ended) == 1
    told = capsys.readouterr().out
    assert told.startswith("Stopping at the end of the batch; its checkpoint is kept.")
    assert f"Go on with: python -m histo_core runs resume {run.run_id}" in told


def test_watching_sees_to_it_that_there_is_a_supervisor(
    store: Store, run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a run whose machine was switched off would be watched for ever."""
    looked: list[Workspace] = []

    def kept(place: Workspace) -> None:
        looked.append(place)
        store.request_cancel(run.run_id)

    monkeypatch.setattr(watching, "keep_supervised", kept)
    assert watching.watch(run.run_id, workspace).status is RunStatus.CANCELLED
    assert looked == [workspace]
