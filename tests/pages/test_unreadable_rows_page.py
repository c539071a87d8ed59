"""Runs and experiments that cannot be read: named on the pages, deleted by two clicks, and in nobody's way."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from page_helpers import HOSTILE, OpenPage, texts
from wiring import control

from histo_core.access import LOCAL
from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.experiments.api import list_experiments
from histo_core.experiments.records import Member
from histo_core.experiments.table import ExperimentTable
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace


@pytest.fixture
def bad(workspace: Workspace) -> Run:
    """A damaged run beside a good one, which it is an experiment's member with; that experiment is damaged as well."""
    store = Store.open(workspace)
    runs = [
        store.enqueue(RunConfig(seed=seed), data_hash="d", split_fingerprint="f", device="cpu", name=name)
        for seed, name in enumerate(("good", HOSTILE))
    ]
    members = [Member(place, run.run_id, f"seed {place}", {"seed": place}) for place, run in enumerate(runs)]
    protocol, table = ProtocolConfig(kind="repeats", repeats=2), ExperimentTable(workspace)
    for seed, name in ((0, "whole"), (1, HOSTILE)):
        table.add(RunConfig(seed=seed), protocol, members, name=name, user=LOCAL)
    for run in runs:
        store.request_cancel(run.run_id)
    with store.database.write() as connection:
        change = sa.text('UPDATE runs SET config = \'{"train": {"l1": NaN}}\' WHERE run_id = :run_id')
        connection.execute(change, {"run_id": runs[1].run_id})
        connection.execute(sa.text("UPDATE experiments SET protocol = '{' WHERE name <> 'whole'"))
    return runs[1]


@pytest.mark.parametrize("page", ["home", "train"])
def test_a_run_that_cannot_be_read_is_named_and_deleted_from_the_page(
    page: str, bad: Run, workspace: Workspace, open_page: OpenPage
) -> None:
    shown = open_page(page)
    assert not shown.exception
    assert "Its row cannot be read" in texts(shown)
    assert "a finite number is expected" in texts(shown)
    assert "good" in texts(shown)
    control(shown, f"delete.{bad.run_id}").click().run()
    assert "also where an experiment or another run counts on it" in texts(shown)
    assert len(Store.open(workspace).runs()) == 2, "one click deletes nothing"
    control(shown, f"really.{bad.run_id}").click().run()
    assert [run.name for run in Store.open(workspace).runs()] == ["good"]
    assert "cannot be read" not in texts(shown)


def test_an_experiment_that_cannot_be_read_is_named_and_deleted_from_the_page(
    bad: Run, workspace: Workspace, open_page: OpenPage
) -> None:
    del bad
    (one,) = list_experiments(workspace).unreadable
    shown = open_page("experiments")
    assert not shown.exception
    assert "its protocol is no JSON" in texts(shown)
    assert "whole" in " ".join(shown.selectbox[0].options)
    control(shown, f"delete.{one.experiment_id}").click().run()
    control(shown, f"really.{one.experiment_id}").click().run()
    assert list_experiments(workspace).unreadable == ()
    assert [kept.name for kept in list_experiments(workspace).readable] == ["whole"]
    assert "no JSON" not in texts(shown)
