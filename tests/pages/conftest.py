"""Pages as Streamlit would run them, on an empty workspace or on one with two small finished runs."""

from __future__ import annotations

import pytest
from page_helpers import HOSTILE, OpenPage, opened_page, small_run

from histo_core.runs.launcher import launch
from histo_core.runs.worker import work
from histo_core.workspace import Workspace


@pytest.fixture(scope="session")
def finished_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with two finished runs on the same split, one of them with a hostile name."""
    workspace = Workspace(tmp_path_factory.mktemp("finished") / "home")
    for model, name in (("cnn_narrow", "Small CNN"), ("cnn_rnn", HOSTILE)):
        run = launch(small_run(model), workspace, name=name, start_supervisor=False)
        assert work(run.run_id, workspace) == 0
    return workspace


@pytest.fixture(autouse=True)
def no_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that tests queue stay as they are."""
    monkeypatch.setattr("pages.ui.runs.keep_supervised", lambda workspace: None)


@pytest.fixture
def finished(finished_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The finished workspace as the one in use."""
    monkeypatch.setenv("HISTOSCOPE_HOME", str(finished_workspace.home))
    return finished_workspace


@pytest.fixture
def open_page() -> OpenPage:
    """Open a page by its name, with URL parameters."""

    return opened_page
