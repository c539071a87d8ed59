"""A workspace with a finished run, predictions, an experiment and a job, made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from small_runs import DATA, OTHER, small_config

from histo_core.access import LOCAL
from histo_core.config.protocol import ProtocolConfig
from histo_core.data.opening import prepare_dataset
from histo_core.experiments.records import Member
from histo_core.experiments.table import ExperimentTable
from histo_core.prediction.predict import predict_with
from histo_core.private_files import private_files
from histo_core.runs.api import launch
from histo_core.runs.store.edit import set_tags
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import METADATA
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace

CONFIG = small_config()
Rows = Callable[[Workspace], dict[str, list[dict[str, Any]]]]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Workspace(tmp_path_factory.mktemp("living") / "home")
    with private_files():
        prepare_dataset(DATA, made)
        run = launch(CONFIG, made, name="Ünïcode", note="two\nlines", priority=3, start_supervisor=False)
        assert work(run.run_id, made) == 0
        set_tags(run.run_id, ["a", "b"], made)
        predict_with(run.run_id, OTHER, made)
        member = Member(0, run.run_id, "fold 1 of 1", {"split.fold": 0})
        ExperimentTable(made).add(CONFIG, ProtocolConfig(), [member], name="folds", user=LOCAL)
        made.locks.mkdir(exist_ok=True)
    return made.home


@pytest.fixture
def living(made_once: Path, workspace: Workspace) -> Workspace:
    """The workspace of the environment, with a run in it."""
    shutil.copytree(made_once, workspace.home)
    workspace.home.chmod(0o700)
    return workspace


@pytest.fixture
def run_id(living: Workspace) -> str:
    """The id of the only run."""
    (run,) = Store.open(living).runs(archived=True)
    return run.run_id


@pytest.fixture
def rows() -> Rows:
    """All rows of a workspace's database, by table."""

    def read(workspace: Workspace) -> dict[str, list[dict[str, Any]]]:
        with Store.open(workspace).database.read() as connection:
            return {
                table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
                for table in METADATA.sorted_tables
            }

    return read
