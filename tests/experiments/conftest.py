"""Experiments whose runs end as the test says, without any training."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from fake_runs import ME, End, predict, write_events

from histo_core.config import DataConfig, ModelConfig, Option, PreprocessConfig, RunConfig, TrainConfig
from histo_core.data.phantom.dataset import PhantomOptions, build_phantom
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace

PHANTOM: dict[str, Option] = {"patches": 80, "patients": 8}


@pytest.fixture(scope="session")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Phantom tissue, drawn once."""
    return build_phantom(PhantomOptions.model_validate(PHANTOM), Workspace(tmp_path_factory.mktemp("phantom")))


@pytest.fixture
def config(workspace: Workspace, phantom: Path, monkeypatch: pytest.MonkeyPatch) -> RunConfig:
    """A run of seconds in a workspace in which nothing starts by itself."""
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 1)
    shutil.copytree(phantom, workspace.data / phantom.name)
    return RunConfig(
        data=DataConfig(dataset="phantom", options=dict(PHANTOM)),
        preprocess=PreprocessConfig(crop=32),
        model=ModelConfig(name="cnn_narrow"),
        train=TrainConfig(epochs=2, batch_size=16, device="cpu", threads=1),
    )


@pytest.fixture
def end(workspace: Workspace) -> End:
    """End a waiting run: with predictions that are right the more often the larger ``skill`` is, or in another way."""

    def ended(
        run_id: str, skill: float = 1.0, status: RunStatus = RunStatus.SUCCEEDED, aurocs: Sequence[float] = (0.6, 0.7)
    ) -> Run:
        store = Store.open(workspace)
        run = store.claim(run_id, ME)
        write_events(run, workspace, aurocs)
        if status is RunStatus.SUCCEEDED:
            predict(run, workspace, skill)
        assert store.finish(run_id, ME, status)
        return store.get(run_id)

    return ended
