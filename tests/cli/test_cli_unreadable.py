"""Runs and experiments that cannot be read, from a shell: listed with the reason, and deleted."""

from __future__ import annotations

import sqlalchemy as sa

from histo_core.access import LOCAL
from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.experiments.table import ExperimentTable
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace


def test_runs_that_cannot_be_read_are_listed_and_deleted(call, workspace: Workspace) -> None:
    store = Store.open(workspace)
    bad, good = (
        store.enqueue(RunConfig(seed=seed), data_hash="d", split_fingerprint="f", device="cpu", name="")
        for seed in range(2)
    )
    with store.database.write() as connection:
        change = sa.text('UPDATE runs SET config = \'{"train": {"l1": NaN}}\' WHERE run_id = :run_id')
        connection.execute(change, {"run_id": bad.run_id})
    listed = call("runs", "list")
    assert listed.code == 0
    assert good.run_id in listed.out
    assert f"{bad.run_id}: Its row cannot be read" in listed.out
    assert "wrote it: train.l1 = nan: a finite number is expected." in listed.out
    assert f"Delete it: python -m histo_core runs delete {bad.run_id}" in listed.out
    assert call("runs", "delete", bad.run_id).out == f"run {bad.run_id} is deleted\n"
    assert "cannot be read" not in call("runs", "list").out


def test_more_runs_than_a_database_counts_are_not_asked_for(call) -> None:
    done = call("runs", "list", "--limit", "9" * 30)
    assert done.code == 2
    assert "1000000" in done.err


def test_experiments_that_cannot_be_read_are_listed_and_deleted(call, workspace: Workspace) -> None:
    table = ExperimentTable(workspace)
    one = table.add(RunConfig(), ProtocolConfig(), (), name="E", user=LOCAL).experiment_id
    with Store.open(workspace).database.write() as connection:
        connection.execute(sa.text("UPDATE experiments SET config = 'x'"))
    listed = call("experiments", "list")
    assert (listed.code, listed.out.startswith(f"Experiment {one} (E) cannot be read: its config is no JSON.")) == (
        0,
        True,
    )
    assert "Delete it: python -m histo_core experiments delete" in listed.out
    shown = call("experiments", "show", one)
    assert shown.code == 2
    assert shown.err.startswith(f"Error: Experiment {one} cannot be read: its config is no JSON.")
    assert call("experiments", "delete", one).out == f"experiment {one} is deleted\n"
    assert call("experiments", "list").out.startswith("No experiments.")
    assert call("experiments", "delete", one).code == 2
