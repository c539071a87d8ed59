"""Starting, noticing, cancelling, adopting."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psutil
import pytest
import sqlalchemy as sa
from waiting import wait_until

from histo_core.errors import StoreError
from histo_core.runs.database import open_database
from histo_core.runs.processes import ProcessIdentity
from histo_core.runs.records import RunStatus
from histo_core.runs.schema import RUNS
from histo_core.runs.store import Held, Store
from histo_core.runs.supervisor import Supervisor, lock_file, supervise, supervisor_identity
from histo_core.workspace import Workspace


def _look_until(supervisor: Supervisor, store: Store, run_id: str, status: RunStatus) -> None:
    def seen() -> bool:
        supervisor.look()
        return store.get(run_id).status is status

    wait_until(seen)


def test_queued_runs_are_carried_out_one_a_device(supervisor: Supervisor, store: Store, enqueue) -> None:
    first, second, other = enqueue("slow"), enqueue("quick"), enqueue("slow", device="cuda:0")
    _look_until(supervisor, store, first.run_id, RunStatus.RUNNING)
    _look_until(supervisor, store, other.run_id, RunStatus.RUNNING)
    assert store.get(second.run_id).status is RunStatus.QUEUED
    for run in (first, other):
        store.request_cancel(run.run_id)
        _look_until(supervisor, store, run.run_id, RunStatus.CANCELLED)
    _look_until(supervisor, store, second.run_id, RunStatus.SUCCEEDED)
    wait_until(lambda: not supervisor.look())


def test_a_worker_that_cannot_begin_fails_its_run_once(supervisor: Supervisor, store: Store, enqueue) -> None:
    run = enqueue("broken")
    _look_until(supervisor, store, run.run_id, RunStatus.FAILED)
    assert "ended with exit code 3 before it began" in store.get(run.run_id).reason
    assert not supervisor.look()


def test_a_worker_that_cannot_be_started_fails_its_run(workspace: Workspace, store: Store, enqueue) -> None:
    run = enqueue()
    Supervisor(workspace, store, 1.0, lambda _: ["/no/such/program"]).look()
    assert store.get(run.run_id).reason.startswith("Its worker could not be started: [Errno 2]")


def test_a_killed_worker_is_lost_and_says_how(supervisor: Supervisor, store: Store, enqueue) -> None:
    run = enqueue("slow")
    _look_until(supervisor, store, run.run_id, RunStatus.RUNNING)
    os.kill(store.running()[0].worker.pid, signal.SIGKILL)
    _look_until(supervisor, store, run.run_id, RunStatus.LOST)
    assert "was killed by SIGKILL (out of memory, or by hand)" in store.get(run.run_id).reason
    store.requeue(run.run_id)
    _look_until(supervisor, store, run.run_id, RunStatus.RUNNING)


def test_a_worker_that_dies_during_a_look_says_how_too(
    supervisor: Supervisor, store: Store, enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = enqueue("slow")
    _look_until(supervisor, store, run.run_id, RunStatus.RUNNING)
    worker, running = store.running()[0].worker, store.running

    def dies_now() -> list[Held]:
        os.kill(worker.pid, signal.SIGKILL)
        wait_until(lambda: not worker.alive())
        return running()

    monkeypatch.setattr(store, "running", dies_now)
    supervisor.look()
    assert "was killed by SIGKILL" in store.get(run.run_id).reason


def test_a_worker_that_ignores_sigterm_is_killed_with_its_helpers(
    supervisor: Supervisor, store: Store, enqueue
) -> None:
    run = enqueue("stubborn")
    _look_until(supervisor, store, run.run_id, RunStatus.RUNNING)
    worker = store.running()[0].worker
    helpers = psutil.Process(worker.pid).children()
    assert len(helpers) == 1
    store.request_cancel(run.run_id)
    supervisor.look()
    time.sleep(0.2)
    supervisor.look()
    assert worker.alive(), "it has its time to stop"
    _look_until(supervisor, store, run.run_id, RunStatus.CANCELLED)
    assert "was killed by SIGKILL" in store.get(run.run_id).reason
    wait_until(lambda: ProcessIdentity.of(helpers[0].pid) is None)


def test_a_worker_of_another_boot_is_judged_by_its_heartbeat(
    workspace: Workspace, supervisor: Supervisor, store: Store, enqueue
) -> None:
    run = enqueue()
    elsewhere = replace(ProcessIdentity.current(), boot="another machine")
    store.claim(run.run_id, elsewhere)
    supervisor.look()
    assert store.get(run.run_id).status is RunStatus.RUNNING
    with open_database(workspace).write() as connection:
        connection.execute(sa.update(RUNS).values(heartbeat_at=datetime.now(UTC) - timedelta(seconds=61)))
    supervisor.look()
    assert store.get(run.run_id).status is RunStatus.LOST


def test_a_dead_supervisor_is_replaced_and_its_worker_adopted(store: Store, enqueue, start_supervisor) -> None:
    run = enqueue("slow")
    first = start_supervisor()
    wait_until(lambda: store.get(run.run_id).status is RunStatus.RUNNING)
    worker = store.running()[0].worker
    first.kill()
    first.wait()
    assert worker.alive(), "the worker goes on"
    start_supervisor()
    time.sleep(1.0)
    assert store.get(run.run_id).status is RunStatus.RUNNING
    assert store.running()[0].worker == worker, "adopted, not started again"
    os.kill(worker.pid, signal.SIGKILL)
    wait_until(lambda: store.get(run.run_id).status is RunStatus.LOST)


def test_a_second_supervisor_leaves_at_once(workspace: Workspace, start_supervisor) -> None:
    first = start_supervisor()
    wait_until(lambda: (found := supervisor_identity(workspace)) is not None and found.pid == first.pid)
    assert start_supervisor().wait(timeout=20) == 0
    assert first.poll() is None
    assert supervisor_identity(workspace).pid == first.pid


def test_an_idle_supervisor_leaves_and_takes_its_name_back(workspace: Workspace, store: Store) -> None:
    supervise(workspace, idle_exit_seconds=0.1, poll_seconds=0.02)
    assert lock_file(workspace).read_text() == ""
    assert supervisor_identity(workspace) is None


def test_a_run_queued_while_the_supervisor_leaves_is_not_lost(
    workspace: Workspace, store: Store, enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The launch sees the old supervisor's name; the row comes after its last look under the lock."""
    served = []

    def serve(*_: object) -> None:
        served.append(1)
        if len(served) == 1:
            enqueue("quick")
        else:
            store.request_cancel(store.runs()[0].run_id)

    monkeypatch.setattr("histo_core.runs.supervisor._serve", serve)
    supervise(workspace)
    assert len(served) == 2


def test_a_supervisor_leaves_when_its_workspace_is_gone(workspace: Workspace, start_supervisor) -> None:
    process = start_supervisor()
    wait_until(lambda: supervisor_identity(workspace) is not None)
    lock_file(workspace).unlink()
    assert process.wait(timeout=20) == 0


def test_a_store_that_fails_for_a_while_does_not_end_the_supervisor(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    def look(_: Supervisor) -> bool:
        looks.append(1)
        if len(looks) < 3:
            raise StoreError("The disk is full.")
        return False

    monkeypatch.setattr(Supervisor, "look", look)
    supervise(workspace, idle_exit_seconds=0.2, poll_seconds=0.02)
    assert len(looks) >= 3
