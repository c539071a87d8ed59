"""A workspace of runs and experiments that wait, and a core that is told what to do and does nothing."""

from __future__ import annotations

from typing import Any

import pytest
from page_helpers import PHANTOM, small_run

from histo_core.access import LOCAL
from histo_core.config.protocol import ProtocolConfig, SweepField
from histo_core.data.opening import prepare_dataset
from histo_core.experiments.api import start_experiment
from histo_core.experiments.edit import archive_experiment
from histo_core.runs.api import cancel, launch
from histo_core.runs.store.edit import archive
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace


def any_run(home: Workspace, name: str) -> Run:
    """The run of this name, archived or not."""
    return next(run for run in Store.open(home).runs(archived=True) if run.name == name)


Call = tuple[str, tuple[Any, ...], dict[str, Any]]


@pytest.fixture(scope="session")
def queued_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with three runs that wait, one that was cancelled and one that was archived; and two experiments."""
    workspace = Workspace(tmp_path_factory.mktemp("queued") / "home")
    prepare_dataset(PHANTOM, workspace)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 1)
        for seed, name in enumerate(("First", "Second", "Third", "Stopped", "Away")):
            tags = ["mine"] if name in ("Second", "Stopped") else []
            launch(small_run("cnn_narrow", seed), workspace, name=name, tags=tags, start_supervisor=False)
        for name in ("Stopped", "Away"):
            cancel(any_run(workspace, name).run_id, workspace)
        archive(any_run(workspace, "Away").run_id, workspace)
        config = small_run("cnn_narrow", 9)
        start_experiment(config, ProtocolConfig(kind="repeats", repeats=2), workspace, name="Repeats")
        sweep = {"train.learning_rate": SweepField(values=(0.001, 0.01))}
        start_experiment(config, ProtocolConfig(kind="sweep", sweep=sweep), workspace, name="Sweep")
        old = start_experiment(config, ProtocolConfig(kind="repeats", repeats=3), workspace, name="Old")
        archive_experiment(old.experiment_id, workspace)
    return workspace


@pytest.fixture
def queued_home(queued_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The workspace as the one in use; nothing starts by itself."""
    monkeypatch.setenv("HISTOSCOPE_HOME", str(queued_workspace.home))
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 1)
    return queued_workspace


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What the core is told to do, which it does not."""
    found: list[Call] = []

    def replace(name: str, result: Any = None) -> None:
        def called(*args: Any, **kwargs: Any) -> Any:
            assert kwargs.pop("user") == LOCAL, "every action names its user"
            kept = tuple(one for one in args if not isinstance(one, Workspace))
            found.append((name.rpartition(".")[2], kept, kwargs))
            return result

        monkeypatch.setattr(name, called)

    for name in ("cancel", "resume"):
        replace(f"pages.shared.components.run_card.{name}")
    for name in ("rename", "set_tags", "set_note", "archive", "delete", "move"):
        replace(f"pages.train.run_details.{name}")
    for name in ("cancel", "resume", "archive", "delete", "rename"):
        replace(f"pages.experiments.experiment_view.{name}_experiment")
    replace("pages.shared.components.job_card.start_job")
    for name in ("start_job", "cancel_job"):
        replace(f"pages.home.demo_panel.{name}")
    return found
