"""Pages as Streamlit would run them: on an empty workspace, on drawn tissue, or on one with two small finished runs."""

from __future__ import annotations

from typing import Any

import pytest
from page_helpers import HOSTILE, PHANTOM, OpenPage, forget_drafts, opened_page, small_run
from wiring_queue import calls, queued_home, queued_workspace  # noqa: F401 - fixtures

from histo_core.data.opening import prepare_dataset
from histo_core.runs.api import launch
from histo_core.runs.worker.worker import work
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
    monkeypatch.setattr("pages.shared.components.run_card.keep_supervised", lambda workspace: None)


@pytest.fixture
def finished(finished_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The finished workspace as the one in use, without what other tests left in forms."""
    forget_drafts(finished_workspace)
    monkeypatch.setenv("HISTOSCOPE_HOME", str(finished_workspace.home))
    return finished_workspace


@pytest.fixture(scope="session")
def phantom_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace in which the phantom lies and nothing was trained."""
    workspace = Workspace(tmp_path_factory.mktemp("phantom") / "home")
    prepare_dataset(PHANTOM, workspace)
    return workspace


@pytest.fixture
def phantom_home(phantom_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The workspace with the phantom as the one in use, without what other tests left in forms."""
    forget_drafts(phantom_workspace)
    monkeypatch.setenv("HISTOSCOPE_HOME", str(phantom_workspace.home))
    return phantom_workspace


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """The jobs that pages start, kind and parameters of each; none is carried out."""
    jobs: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        "pages.shared.components.job_card.start_job",
        lambda kind, params, workspace, user: jobs.append((kind, dict(params))),
    )
    return jobs


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What each download of a page would give, by its file's name."""
    found: dict[str, Any] = {}
    monkeypatch.setattr(
        "pages.shared.components.layout.download", lambda label, content, name, mime: found.update({name: content})
    )
    return found


@pytest.fixture
def open_page() -> OpenPage:
    """Open a page by its name, with URL parameters."""

    return opened_page
