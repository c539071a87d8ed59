"""Kill a run's worker with SIGKILL at random moments, resume it each time, and compare it with one left in peace.

    python -m scripts.soak_kill --kills 20

Both runs have one configuration and the same number of threads, so that weights, metrics and predictions must agree
bit for bit, and no finished epoch may be lost. Every other kill waits until a checkpoint is being written.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.files import sha256
from histo_core.models.manifest import read_manifest
from histo_core.models.tensorfile import read_tensors
from histo_core.runs.events import read_events
from histo_core.runs.launcher import launch
from histo_core.runs.processes import ProcessIdentity
from histo_core.runs.records import RunStatus
from histo_core.runs.store import Store
from histo_core.runs.supervisor import child_environment, worker_command
from histo_core.runs.worker import work
from histo_core.training.events import EpochDone
from histo_core.workspace import Workspace


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
    """The two outcomes, how often the worker was killed, how often during a write, and epochs lost by kills."""

    in_peace: Outcome
    killed: Outcome
    kills: int
    kills_in_writes: int
    epochs_lost: int

    @property
    def passed(self) -> bool:
        return self.in_peace == self.killed and self.epochs_lost == 0

    def __str__(self) -> str:
        weights = f"{self.killed.last_state[:12]} against {self.in_peace.last_state[:12]}"
        return (
            f"{'PASS' if self.passed else 'FAIL'}: {self.kills} kills, {self.kills_in_writes} of them while a "
            f"checkpoint was written; final state {weights}, "
            f"predictions {'equal' if self.killed.predictions == self.in_peace.predictions else 'DIFFER'}, "
            f"curves {'equal' if self.killed.epochs == self.in_peace.epochs else 'DIFFER'}, "
            f"{self.epochs_lost} finished epochs lost"
        )


def config(patches: int, epochs: int) -> RunConfig:
    """A network small enough that many of its moments can be hit in minutes."""
    return RunConfig(
        data=DataConfig(dataset="phantom", options={"patches": patches, "patients": 8}),
        preprocess=PreprocessConfig(crop=32),
        model=ModelConfig(name="cnn_rnn"),
        train=TrainConfig(epochs=epochs, batch_size=8, device="cpu", threads=1),
    )


def soak(folder: Path, *, kills: int, patches: int, epochs: int, longest_wait: float = 1.5, seed: int = 0) -> Soak:
    """Run the same configuration twice under ``folder``: once in peace, once killed ``kills`` times.

    Args:
        folder: of the two workspaces.
        kills: how many; give enough epochs that the run does not end before.
        patches: to draw.
        epochs: to train.
        longest_wait: seconds after a worker began to train at which it is killed at the latest.
        seed: of the moments.
    """
    in_peace, _ = _run(Workspace(folder / "peace"), config(patches, epochs), [])
    draw = random.Random(seed)  # noqa: S311
    moments = [(draw.uniform(0.0, longest_wait), number % 2 == 1) for number in range(kills)]
    killed, (in_writes, lost) = _run(Workspace(folder / "killed"), config(patches, epochs), moments)
    return Soak(in_peace, killed, kills, in_writes, lost)


def _run(
    workspace: Workspace, run_config: RunConfig, moments: list[tuple[float, bool]]
) -> tuple[Outcome, tuple[int, int]]:
    store = Store.open(workspace)
    run = launch(run_config, workspace, start_supervisor=False)
    folder, in_writes, lost = workspace.run_folder(run.run_id), 0, 0
    for delay, in_write in moments:
        worker = _start(run.run_id, workspace)
        claimed = _identity(worker)
        in_writes += _wait_for_the_moment(worker, folder, delay, in_write)
        finished = len(_epochs(folder))
        worker.kill()
        worker.wait()
        if store.get(run.run_id).status is RunStatus.RUNNING:
            store.finish(run.run_id, claimed, RunStatus.LOST, "killed by the soak test")
        manifest = read_manifest(folder / "checkpoint")
        lost += max(0, finished - (manifest.last.epoch if manifest else 0))
        if store.get(run.run_id).status is RunStatus.SUCCEEDED:
            raise SystemExit("The run ended before its last kill: give it more --epochs.")
        if store.get(run.run_id).status is RunStatus.LOST:
            store.requeue(run.run_id)
    if work(run.run_id, workspace) != 0:  # here, where PyTorch is loaded already
        raise SystemExit(f"The run did not succeed: {store.get(run.run_id).reason}")
    return _outcome(folder), (in_writes, lost)


def _wait_for_the_moment(worker: subprocess.Popen[bytes], folder: Path, delay: float, in_write: bool) -> bool:
    """Wait until the worker trains and ``delay`` seconds more, or until it writes a checkpoint; whether it does."""
    events, before = folder / "events.jsonl", _size(folder / "events.jsonl")
    while _size(events) == before and worker.poll() is None:
        time.sleep(0.002)
    if not in_write:
        time.sleep(delay)
        return False
    while worker.poll() is None:
        if any((folder / "checkpoint").glob(".*.part")):
            return True
        time.sleep(0.0005)
    return False


def _start(run_id: str, workspace: Workspace) -> subprocess.Popen[bytes]:
    log = workspace.run_folder(run_id) / "log.txt"
    with log.open("ab") as output:
        return subprocess.Popen(
            worker_command(run_id), stdout=output, stderr=output, env=child_environment(workspace), cwd=workspace.home
        )


def _identity(worker: subprocess.Popen[bytes]) -> ProcessIdentity:
    identity = ProcessIdentity.of(worker.pid)
    if identity is None:
        raise SystemExit("The worker ended at once: read log.txt.")
    return identity


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _epochs(folder: Path) -> list[EpochDone]:
    return [event for event in read_events(folder) if isinstance(event, EpochDone)]


def _outcome(folder: Path) -> Outcome:
    manifest = read_manifest(folder / "checkpoint")
    if manifest is None or manifest.best is None:
        raise SystemExit(f"{folder} has no checkpoint.")
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--patches", type=int, default=240)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory(prefix="soak-kill-") as folder:
        done = soak(Path(folder), kills=given.kills, patches=given.patches, epochs=given.epochs, seed=given.seed)
    print(done)
    sys.exit(not done.passed)


if __name__ == "__main__":
    main()
