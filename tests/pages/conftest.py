"""Pages as Streamlit would run them, on an empty workspace or on one with two small finished runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.runs.launcher import launch
from histo_core.runs.records import Run
from histo_core.runs.worker import work
from histo_core.workspace import Workspace

PROJECT = Path(__file__).resolve().parents[2]
PHANTOM = DataConfig(dataset="phantom", options={"patches": 240, "patients": 12})
HOSTILE = "<script>alert(1)</script> **bold** $x$"

OpenPage = Callable[..., AppTest]


def small_run(model: str, seed: int = 0) -> RunConfig:
    """A run that takes seconds."""
    return RunConfig(
        data=PHANTOM,
        preprocess=PreprocessConfig(crop=32),
        model=ModelConfig(name=model),
        train=TrainConfig(epochs=2, batch_size=32, device="cpu", threads=1),
        seed=seed,
    )


@pytest.fixture(scope="session")
def finished_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with two finished runs on the same split, one of them with a hostile name."""
    workspace = Workspace(tmp_path_factory.mktemp("finished") / "home")
    for model, name in (("cnn_narrow", "Small CNN"), ("cnn_rnn", HOSTILE)):
        run = launch(small_run(model), workspace, name=name, start_supervisor=False)
        assert work(run.run_id, workspace) == 0
    return workspace


@pytest.fixture
def finished(finished_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The finished workspace as the one in use."""
    monkeypatch.setenv("HISTOSCOPE_HOME", str(finished_workspace.home))
    return finished_workspace


@pytest.fixture
def open_page() -> OpenPage:
    """Open a page by its name, with URL parameters."""

    def opened(name: str, **params: str | list[str]) -> AppTest:
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
        if name != "home":
            app.switch_page(f"pages/{name}.py")
        for key, value in params.items():
            app.query_params[key] = value
        return app.run()

    return opened


def texts(app: AppTest) -> str:
    """All that a page says, in one string."""
    kinds = ("title", "subheader", "markdown", "caption", "text", "info", "warning", "error")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))


def run_named(workspace: Workspace, name: str) -> Run:
    """The run of this name."""
    from histo_core.runs.store import Store

    return next(run for run in Store.open(workspace).runs() if run.name == name)
