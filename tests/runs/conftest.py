"""A store with runs in it, and supervisors of fake workers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest
from left_alive import nothing_stays_alive  # noqa: F401 (used by every test here)

from histo_core.config import DataConfig, ModelConfig, Option, PreprocessConfig, RunConfig, TrainConfig
from histo_core.data.phantom.dataset import PhantomOptions, build_phantom
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.supervisor import Supervisor
from histo_core.workspace import Workspace

PROJECT = Path(__file__).resolve().parents[2]
FAKE_WORKER = Path(__file__).with_name("fake_worker.py")
PHANTOM: dict[str, Option] = {"patches": 80, "patients": 8}

SUPERVISE = """
import sys
from histo_core.runs.worker.supervisor_process import supervise
from histo_core.workspace import Workspace
worker = sys.argv[1]
supervise(Workspace.default(), idle_exit_seconds=float(sys.argv[2]), poll_seconds=0.05, grace_seconds=1.0,
          command=lambda run_id: [sys.executable, worker, run_id])
"""

Enqueue = Callable[..., Run]


@pytest.fixture
def store(workspace: Workspace) -> Store:
    return Store.open(workspace)


@pytest.fixture
def enqueue(store: Store) -> Enqueue:
    """Queue a run that differs from the others by its seed."""
    seeds = count()

    def add(name: str = "quick", device: str = "cpu", seed: int | None = None) -> Run:
        config = RunConfig(seed=next(seeds) if seed is None else seed)
        return store.enqueue(config, data_hash="d" * 64, split_fingerprint="f" * 64, device=device, name=name)

    return add


def fake_command(run_id: str) -> Sequence[str]:
    return [sys.executable, str(FAKE_WORKER), run_id]


@pytest.fixture
def supervisor(workspace: Workspace, store: Store) -> Iterator[Supervisor]:
    """One to look with by hand; its workers are killed at the end."""
    made = Supervisor(workspace, store, grace_seconds=0.5, command=fake_command)
    yield made
    for child in made._children.values():
        child.process.kill()
        child.process.wait()


@pytest.fixture
def start_supervisor(workspace: Workspace) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start supervisors of fake workers as processes of their own."""
    started: list[subprocess.Popen[bytes]] = []

    def start(idle_exit_seconds: float = 60.0) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", SUPERVISE, str(FAKE_WORKER), str(idle_exit_seconds)]
        started.append(subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(PROJECT)}))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def drawn_phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The phantom of `small_run`, drawn once."""
    return build_phantom(PhantomOptions.model_validate(PHANTOM), Workspace(tmp_path_factory.mktemp("phantom")))


@pytest.fixture
def small_run(workspace: Workspace, drawn_phantom: Path) -> Callable[..., RunConfig]:
    """A run of seconds: a small network on a few phantom patches."""
    shutil.copytree(drawn_phantom, workspace.data / drawn_phantom.name)

    def make(epochs: int = 2, seed: int = 0) -> RunConfig:
        return RunConfig(
            data=DataConfig(dataset="phantom", options=dict(PHANTOM)),
            preprocess=PreprocessConfig(crop=32),
            model=ModelConfig(name="cnn_narrow"),
            train=TrainConfig(epochs=epochs, batch_size=8, device="cpu", threads=1),
            seed=seed,
        )

    return make
