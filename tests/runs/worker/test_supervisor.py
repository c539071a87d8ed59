"""Starting, noticing, cancelling, adopting."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import sqlalchemy as sa
from waiting import wait_until

from histo_core.config import RunConfig, TrainConfig
from histo_core.errors import StoreError
from histo_core.locks import try_lock
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.run_rows import ClaimedRun
from histo_core.runs.store.runs import Store
from histo_core.runs.worker import supervisor as module
from histo_core.runs.worker.exit_words import exit_words
from histo_core.runs.worker.heartbeat import HEARTBEAT_SECONDS
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.runs.worker.supervisor import Supervisor
from histo_core.runs.worker.supervisor_process import POLL_SECONDS, lock_file, supervise, supervisor_identity
from histo_core.workspace import Workspace


def _poll_until(supervisor: Supervisor, store: Store, run_id: str, status: RunStatus) -> None:
    def seen() -> bool:
        supervisor.poll()
        return store.get(run_id).status is status

    wait_until(seen)


def test_queued_runs_are_carried_out_one_a_device(supervisor: Supervisor, store: Store, enqueue) -> None:
    first, second, other = enqueue("slow"), enqueue("quick"), enqueue("slow", device="cuda:0")
    _poll_until(supervisor, store, first.run_id, RunStatus.RUNNING)
    _poll_until(supervisor, store, other.run_id, RunStatus.RUNNING)
    assert store.get(second.run_id).status is RunStatus.QUEUED
    for run in (first, other):
        store.request_cancel(run.run_id)
        _poll_until(supervisor, store, run.run_id, RunStatus.CANCELLED)
    _poll_until(supervisor, store, second.run_id, RunStatus.SUCCEEDED)
    wait_until(lambda: not supervisor.poll())


def test_a_run_of_several_devices_keeps_them_all_busy(supervisor: Supervisor, store: Store, enqueue) -> None:
    pair = store.enqueue(
        RunConfig(seed=99, train=TrainConfig(devices=2)),
        data_hash="d" * 64,
        split_fingerprint="f" * 64,
        device="cuda:0",
        name="slow",
    )
    behind, other = enqueue("quick", device="cuda:1"), enqueue("quick", device="cuda:2")
    _poll_until(supervisor, store, other.run_id, RunStatus.SUCCEEDED)
    _poll_until(supervisor, store, pair.run_id, RunStatus.RUNNING)
    assert store.get(behind.run_id).status is RunStatus.QUEUED
    store.request_cancel(pair.run_id)
    _poll_until(supervisor, store, behind.run_id, RunStatus.SUCCEEDED)


def test_a_worker_that_cannot_begin_fails_its_run_once(supervisor: Supervisor, store: Store, enqueue) -> None:
    run = enqueue("broken")
    _poll_until(supervisor, store, run.run_id, RunStatus.FAILED)
    assert "ended with exit code 3 before it began" in store.get(run.run_id).reason
    assert not supervisor.poll()


def test_a_worker_that_cannot_be_started_fails_its_run(workspace: Workspace, store: Store, enqueue) -> None:
    run = enqueue()
    Supervisor(workspace, store, 1.0, lambda _: ["/no/such/program"]).poll()
    assert store.get(run.run_id).reason.startswith("Its worker could not be started: [Errno 2]")


def test_a_worker_that_hangs_before_it_begins_is_killed_and_its_device_is_free(
    supervisor: Supervisor, store: Store, enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging, behind = enqueue("asleep"), enqueue("quick")
    works = supervisor._command
    monkeypatch.setattr(
        supervisor, "_command", lambda run_id: ["sleep", "600"] if run_id == hanging.run_id else works(run_id)
    )
    monkeypatch.setattr(supervisor, "_start_seconds", 20.0)
    supervisor.poll()
    assert store.get(behind.run_id).status is RunStatus.QUEUED
    supervisor._at_work[next(iter(supervisor._children.values())).identity] -= 21
    _poll_until(supervisor, store, hanging.run_id, RunStatus.FAILED)
    assert store.get(hanging.run_id).reason == (
        "Its worker did not begin within 20 s, and was killed; see log.txt in its folder."
    )
    _poll_until(supervisor, store, behind.run_id, RunStatus.SUCCEEDED)


@pytest.mark.parametrize(
    ("code", "words"),
    [(3, "ended with exit code 3"), (-15, "was killed by SIGTERM"), (-35, "was killed by signal 35")],
)
def test_how_a_process_ended_in_words(code: int, words: str) -> None:
    assert exit_words(code) == words


def test_a_killed_worker_is_lost_and_says_how(supervisor: Supervisor, store: Store, enqueue) -> None:
    run = enqueue("slow")
    _poll_until(supervisor, store, run.run_id, RunStatus.RUNNING)
    os.kill(store.running()[0].worker.pid, signal.SIGKILL)
    _poll_until(supervisor, store, run.run_id, RunStatus.INTERRUPTED)
    reason = store.get(run.run_id).reason
    assert "was killed by SIGKILL (out of memory, or by hand)" in reason
    assert reason.endswith(f"If memory ran out, launch again with a batch size of {run.config.train.batch_size // 2}.")
    store.requeue(run.run_id)
    _poll_until(supervisor, store, run.run_id, RunStatus.RUNNING)


def test_a_worker_that_dies_during_a_look_says_how_too(
    supervisor: Supervisor, store: Store, enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = enqueue("slow")
    _poll_until(supervisor, store, run.run_id, RunStatus.RUNNING)
    worker, running = store.running()[0].worker, store.running

    def dies_now() -> list[ClaimedRun]:
        os.kill(worker.pid, signal.SIGKILL)
        wait_until(lambda: not worker.alive())
        return running()

    monkeypatch.setattr(store, "running", dies_now)
    supervisor.poll()
    assert "was killed by SIGKILL" in store.get(run.run_id).reason


def test_a_worker_that_ignores_sigterm_is_killed_with_its_helpers(
    supervisor: Supervisor, store: Store, enqueue
) -> None:
    run = enqueue("stubborn")
    _poll_until(supervisor, store, run.run_id, RunStatus.RUNNING)
    worker = store.running()[0].worker
    helpers = psutil.Process(worker.pid).children()
    assert len(helpers) == 1
    store.request_cancel(run.run_id)
    supervisor.poll()
    time.sleep(0.2)
    supervisor.poll()
    assert worker.alive(), "it has its time to stop"
    _poll_until(supervisor, store, run.run_id, RunStatus.CANCELLED)
    assert "was killed by SIGKILL" in store.get(run.run_id).reason
    wait_until(lambda: ProcessIdentity.of(helpers[0].pid) is None)


def test_a_worker_of_another_boot_is_judged_by_its_heartbeat(
    supervisor: Supervisor, store: Store, enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that was switched off says nothing: looked at as often as the supervisor does, by a clock of ours."""
    run = enqueue()
    elsewhere = replace(ProcessIdentity.current(), boot="another machine")
    store.claim(run.run_id, elsewhere)
    seconds = 0.0
    while store.get(run.run_id).status is RunStatus.RUNNING:
        seconds += POLL_SECONDS
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda now=seconds: now))
        supervisor.poll()
    assert store.get(run.run_id).status is RunStatus.INTERRUPTED
    assert HEARTBEAT_SECONDS * 3 < seconds <= 75


@pytest.mark.parametrize("hours", [-24, 24])
def test_the_time_of_day_of_another_machine_says_nothing_about_its_worker(
    supervisor: Supervisor, store: Store, enqueue, hours: int
) -> None:
    run = enqueue()
    elsewhere = replace(ProcessIdentity.current(), boot="another machine")
    store.claim(run.run_id, elsewhere)
    for minutes in range(3):
        wrong = datetime.now(UTC) + timedelta(hours=hours, minutes=minutes)
        store.change(run.run_id, sa.true(), heartbeat_at=wrong)
        supervisor.poll()
        assert store.get(run.run_id).status is RunStatus.RUNNING


def test_a_suspended_worker_that_was_cancelled_before_it_began_is_killed(
    supervisor: Supervisor, store: Store, enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, works = enqueue("asleep"), supervisor._command
    monkeypatch.setattr(supervisor, "_command", lambda _: ["sleep", "600"])
    supervisor.poll()
    process = next(iter(supervisor._children.values())).process
    os.kill(process.pid, signal.SIGSTOP)
    assert store.request_cancel(run.run_id).status is RunStatus.CANCELLED
    supervisor.poll()
    assert process.poll() is None, "it has its time to leave"
    time.sleep(0.6)
    supervisor.poll()
    store.requeue(run.run_id)  # just now: the worker that had to go says nothing about it
    monkeypatch.setattr(supervisor, "_command", works)
    store.change(run.run_id, sa.true(), name="quick")
    process.wait(10)
    _poll_until(supervisor, store, run.run_id, RunStatus.SUCCEEDED)


def test_a_worker_that_hangs_after_its_end_is_killed_with_what_it_started(
    supervisor: Supervisor, store: Store, enqueue
) -> None:
    run = enqueue("stubborn")
    _poll_until(supervisor, store, run.run_id, RunStatus.RUNNING)
    worker = store.running()[0].worker
    helper = psutil.Process(worker.pid).children()[0]
    store.finish(run.run_id, worker, RunStatus.CANCELLED)
    supervisor.poll()
    assert worker.alive(), "it has its time to end"
    time.sleep(0.6)
    supervisor.poll()
    wait_until(lambda: not worker.alive() and ProcessIdentity.of(helper.pid) is None)


def test_what_a_killed_worker_started_is_killed_too(supervisor: Supervisor, store: Store, enqueue) -> None:
    run = enqueue("stubborn")
    _poll_until(supervisor, store, run.run_id, RunStatus.RUNNING)
    worker = store.running()[0].worker
    helper = psutil.Process(worker.pid).children()[0]
    os.kill(helper.pid, signal.SIGSTOP)
    os.kill(worker.pid, signal.SIGKILL)
    _poll_until(supervisor, store, run.run_id, RunStatus.INTERRUPTED)
    wait_until(lambda: ProcessIdentity.of(helper.pid) is None)


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
    wait_until(lambda: store.get(run.run_id).status is RunStatus.INTERRUPTED)


def test_several_supervisors_never_start_a_run_twice(
    store: Store, enqueue, start_supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three of them, of which whoever serves is killed again and again, and eighteen runs on six devices.

    No run is claimed twice. A process may be started for nothing only where a supervisor was killed between starting
    it and its claim, which can be the case of one a device.
    """
    monkeypatch.setenv("HISTOSCOPE_TEST_STARTS", str(tmp_path / "starts"))
    runs = [enqueue("quick", device=f"cuda:{number % 6}") for number in range(18)]
    supervisors = [start_supervisor() for _ in range(3)]

    def ended() -> int:
        return len(store.runs(statuses=[RunStatus.SUCCEEDED]))

    kills = (6, 12)
    for goal in kills:
        wait_until(lambda goal=goal: ended() >= goal, seconds=120)
        for process in supervisors:  # one of them serves, the others have left
            process.kill()
            process.wait()
        supervisors = [start_supervisor() for _ in range(3)]
    wait_until(lambda: ended() == len(runs), seconds=120)
    told = [line.split() for line in (tmp_path / "starts").read_text().splitlines()]
    assert sorted(run_id for what, run_id in told if what == "claimed") == sorted(run.run_id for run in runs)
    assert sum(what == "started" for what, _ in told) <= len(runs) + len(kills) * 6


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

    monkeypatch.setattr("histo_core.runs.worker.supervisor_process._serve", serve)
    supervise(workspace)
    assert len(served) == 2


def test_a_supervisor_leaves_when_its_workspace_is_gone(workspace: Workspace, start_supervisor) -> None:
    process = start_supervisor()
    wait_until(lambda: supervisor_identity(workspace) is not None)
    lock_file(workspace).unlink()
    assert process.wait(timeout=20) == 0


@pytest.mark.parametrize("error", [StoreError("The disk is full."), KeyError("nobody thought of it")])
def test_what_fails_for_a_while_does_not_end_the_supervisor(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    polls = []

    def poll(_: Supervisor) -> bool:
        polls.append(1)
        if len(polls) < 3:
            raise error
        return False

    monkeypatch.setattr(Supervisor, "poll", poll)
    supervise(workspace, idle_exit_seconds=0.2, poll_seconds=0.02)
    assert len(polls) >= 3


def test_a_lock_that_outlives_a_killed_supervisor_is_waited_for(workspace: Workspace, store: Store) -> None:
    """A worker that was just being started holds it until it becomes another program."""
    held = try_lock(lock_file(workspace))
    assert held is not None
    threading.Timer(0.5, held.close).start()
    begun = time.monotonic()
    supervise(workspace, idle_exit_seconds=0.1, poll_seconds=0.02)
    assert time.monotonic() - begun >= 0.5, "it did not leave at once"
