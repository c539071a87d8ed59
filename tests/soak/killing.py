"""Kill workers with SIGKILL at random moments, resume their runs each time, and compare them with runs left in peace.

Runs that were killed and runs that were not have the same configurations and number of threads, so weights, metrics
and predictions must agree bit for bit. After each kill every file of the run is read, and no finished epoch may be
lost.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml
from fork_server import ForkServer

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.data.predictions import read_predictions
from histo_core.files import sha256
from histo_core.models.weights.manifest import read_manifest
from histo_core.models.weights.tensorfile import read_tensors
from histo_core.runs.api import launch
from histo_core.runs.artifacts.events import read_events
from histo_core.runs.artifacts.manifest import is_complete
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.command import worker_command
from histo_core.runs.worker.supervisor import Supervisor
from histo_core.training.events import EpochDone, from_json
from histo_core.workspace import Workspace

_PARTS = 6
"""A kill inside a write is aimed at one of the first so many that are seen: of best weights, state or manifest."""


@dataclass(frozen=True)
class Outcome:
    """What must agree bit for bit.

    Attributes:
        last_state: SHA-256 over the last checkpoint's tensors: weights, optimiser and random states.
        best_weights, predictions: SHA-256 of the files.
        best_loss: validation loss of the best epoch.
        epochs: every number of every epoch but how long it took.
    """

    last_state: str
    best_weights: str
    best_loss: float
    predictions: str
    epochs: tuple[tuple[int, float, float, float, float | None, bool], ...]


@dataclass(frozen=True)
class Soak:
    """What came of it.

    Attributes:
        killed, in_peace: the outcome of each run, killed and not.
        kills: how often a worker was killed.
        kills_in_writes: how many of them while a file of the checkpoint was half written.
        epochs_lost: finished epochs that a kill undid.
        seconds: that all of it took.
    """

    killed: tuple[Outcome, ...]
    in_peace: tuple[Outcome, ...]
    kills: int
    kills_in_writes: int
    epochs_lost: int
    seconds: float

    @property
    def passed(self) -> bool:
        return self.killed == self.in_peace and self.epochs_lost == 0

    def __str__(self) -> str:
        equal = sum(ours == theirs for ours, theirs in zip(self.killed, self.in_peace, strict=True))
        return (
            f"{'PASS' if self.passed else 'FAIL'}: {self.kills} kills, {self.kills_in_writes} of them inside a "
            f"checkpoint's write; {equal} of {len(self.killed)} runs equal in weights, metrics and predictions; "
            f"{self.epochs_lost} finished epochs lost; every file read whole, and each epoch told once, "
            f"after each kill; {self.seconds:.0f} s"
        )


def config(seed: int, epochs: int) -> RunConfig:
    """A network with dropout, so that random states count, that trains in less than a second."""
    return RunConfig(
        data=DataConfig(dataset="phantom", options={"patches": 48, "patients": 8}),
        preprocess=PreprocessConfig(crop=32),
        model=ModelConfig(name="cnn_rnn"),
        train=TrainConfig(epochs=epochs, batch_size=8, device="cpu", threads=1),
        seed=seed,
    )


def soak(folder: Path, *, kills: int, in_writes: int, epochs: int = 3, seed: int = 0) -> Soak:
    """Carry runs out under ``folder``, one after the other, until ``kills`` kills have hit, and again in peace.

    Args:
        folder: of the two workspaces.
        kills: of workers, at random moments of their whole life.
        in_writes: how many of them at least while a checkpoint's file is half written.
        epochs: of each run.
        seed: of the moments.
    """
    begun = time.monotonic()
    peaceful, killed = Workspace(folder / "peace"), Workspace(folder / "killed")
    with ForkServer() as server:
        _undisturbed(config(0, epochs), peaceful, server)  # draws the data and warms the disk's cache
        first = time.monotonic()
        in_peace = [_undisturbed(config(1, epochs), peaceful, server)]
        killer = _Killer(server, killed, kills, in_writes, random.Random(seed), time.monotonic() - first)
        outcomes = []
        while killer.kills < kills:
            number = len(outcomes) + 1
            outcomes.append(killer.carry_out(config(number, epochs)))
            if number > 1:
                in_peace.append(_undisturbed(config(number, epochs), peaceful, server))
    seconds = time.monotonic() - begun
    return Soak(tuple(outcomes), tuple(in_peace), killer.kills, killer.in_writes, killer.epochs_lost, seconds)


def _undisturbed(run_config: RunConfig, workspace: Workspace, server: ForkServer) -> Outcome:
    run = launch(run_config, workspace, start_supervisor=False)
    server.start(run.run_id, workspace)
    if (code := server.wait()) != 0:
        raise AssertionError(f"exit code {code}: {Store.open(workspace).get(run.run_id).reason}")
    return _outcome(workspace.run_folder(run.run_id))


class _Killer:
    """Carries runs out with workers that it kills, and keeps count."""

    def __init__(
        self, server: ForkServer, workspace: Workspace, kills: int, in_writes: int, draw: random.Random, longest: float
    ) -> None:
        self._server, self._workspace, self._draw, self._longest = server, workspace, draw, longest
        self._wanted, self._wanted_in_writes = kills, in_writes
        self._store = Store.open(workspace)
        self._supervisor = Supervisor(workspace, self._store, 30.0, worker_command)
        self.kills = self.in_writes = self.epochs_lost = 0

    def carry_out(self, run_config: RunConfig) -> Outcome:
        """One run, killed and resumed until it succeeds."""
        run = launch(run_config, self._workspace, start_supervisor=False)
        folder = self._workspace.run_folder(run.run_id)
        while self._store.get(run.run_id).status is not RunStatus.SUCCEEDED:
            worker = self._server.start(run.run_id, self._workspace)
            in_write = False
            if self.kills >= self._wanted:
                self._server.wait()
                continue
            if self.in_writes * self._wanted <= self.kills * self._wanted_in_writes:
                in_write = self._stop_in_write(worker, folder / "checkpoint")
            else:
                self._server.ended(self._draw.uniform(0.0, self._longest))
            _send(worker, signal.SIGKILL)
            if self._server.wait() == -signal.SIGKILL:
                self.kills += 1
                self.in_writes += in_write
            self.epochs_lost += check_readable(run, self._workspace)
            # One that was killed before it claimed its run leaves it queued, and a look would start it elsewhere.
            if self._store.get(run.run_id).status is RunStatus.RUNNING:
                self._supervisor.poll()
            if self._store.get(run.run_id).status.resumable:
                self._store.requeue(run.run_id)
        return _outcome(folder)

    def _stop_in_write(self, worker: int, checkpoint: Path) -> bool:
        """Stop the worker while a part of a checkpoint lies there; False when it ended before."""
        left, seen = self._draw.randint(1, _PARTS), {file.name for file in checkpoint.glob(".*.part")}
        while not self._server.ended(0.0005):
            new = [file for file in checkpoint.glob(".*.part") if file.name not in seen]
            seen |= {file.name for file in new}
            left -= len(new)
            if new and left <= 0:
                _send(worker, signal.SIGSTOP)
                while not self._server.ended(0.0002) and not _stopped(worker):
                    pass
                if any(file.exists() for file in new):
                    return True
                _send(worker, signal.SIGCONT)
        return False


def check_readable(run: Run, workspace: Workspace) -> int:
    """Read all that a run has on disk, whatever moment its worker was killed at.

    Returns:
        How many epochs were told as finished that the checkpoint does not have.
    """
    folder = workspace.run_folder(run.run_id)
    assert RunConfig.parse(yaml.safe_load((folder / "config.yaml").read_text())) == run.config
    manifest = read_manifest(folder / "checkpoint")
    if manifest is not None:
        assert all((folder / "checkpoint" / name).is_file() for name in manifest.files)
        for entry in (manifest.last, manifest.previous, manifest.best):
            if entry is not None:
                read_tensors(folder / "checkpoint" / entry.file, entry.sha256)
    told = [event.epoch for line in _lines(folder) if isinstance(event := from_json(line), EpochDone)]
    assert len(told) == len(set(told)), f"epochs stand twice: {told}"
    if (folder / "predictions.parquet").exists():
        read_predictions(folder / "predictions.parquet")
    if (folder / "manifest.json").exists():
        assert is_complete(folder, run)
    with sqlite3.connect(workspace.database) as database:
        assert database.execute("PRAGMA quick_check").fetchone() == ("ok",)
    database.close()
    return max(0, len(_epochs(folder)) - (manifest.last.epoch if manifest else 0))


def _lines(folder: Path) -> list[str]:
    file = folder / "events.jsonl"
    return file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []


def _stopped(worker: int) -> bool:
    try:
        return psutil.Process(worker).status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return False


def _send(worker: int, what: signal.Signals) -> None:
    try:
        os.kill(worker, what)
    except ProcessLookupError:
        return


def _epochs(folder: Path) -> list[EpochDone]:
    return [event for event in read_events(folder) if isinstance(event, EpochDone)]


def _outcome(folder: Path) -> Outcome:
    manifest = read_manifest(folder / "checkpoint")
    assert manifest is not None
    assert manifest.best is not None
    tensors, _ = read_tensors(folder / "checkpoint" / manifest.last.file, manifest.last.sha256)
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(name.encode() + tensor.numpy().tobytes())
    epochs = tuple(
        (done.epoch, done.train_loss, done.valid_loss, done.valid_accuracy, done.valid_auroc, done.best)
        for done in _epochs(folder)
    )
    best = manifest.best
    return Outcome(digest.hexdigest(), best.sha256, best.valid_loss, sha256(folder / "predictions.parquet"), epochs)
