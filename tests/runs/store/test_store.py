"""One row a run, changed by compare-and-set."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from histo_core.config import PredictConfig, RunConfig
from histo_core.errors import RunError
from histo_core.runs.store.delete import delete
from histo_core.runs.store.queue import next_queued
from histo_core.runs.store.records import RunProgress, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import RUNS
from histo_core.runs.store.search import RunFilter, find_runs
from histo_core.runs.store.test_set_access import record_score, scored_before, scored_in_words
from histo_core.runs.worker.process_identity import ProcessIdentity, boot_id
from histo_core.workspace import Workspace

PROJECT = Path(__file__).resolve().parents[3]
ME = ProcessIdentity.current()
OTHER = replace(ME, started=ME.started + 1)

ENQUEUE_TOGETHER = """
import sys, time
from histo_core.config import RunConfig
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace
print("ready", flush=True)
sys.stdin.readline()
for seed in range(10):
    run = Store.open(Workspace.default()).enqueue(
        RunConfig(seed=seed), data_hash="d" * 64, split_fingerprint="f" * 64, device="cpu", name="")
    print(run.run_id)
"""


def test_the_same_configuration_gives_the_same_run_while_active(store: Store, enqueue) -> None:
    first = enqueue(seed=7)
    assert enqueue(seed=7) == first
    store.claim(first.run_id, ME)
    assert enqueue(seed=7).status is RunStatus.RUNNING
    store.finish(first.run_id, ME, RunStatus.SUCCEEDED)
    second = enqueue(seed=7)
    assert (second.run_id, second.attempt) == (f"{first.config_hash[:12]}-2", 2)
    assert first.run_id == f"{RunConfig(seed=7).hash('d' * 64)[:12]}-1"


def test_identical_launches_at_once_give_one_run_each(workspace: Workspace) -> None:
    """Also when the database does not exist yet, so that the first migration is raced for too."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ENQUEUE_TOGETHER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
        )
        for _ in range(5)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate()[0].split() for process in processes]
    assert all(answer == answers[0] for answer in answers)
    assert len(set(answers[0])) == 10
    assert len(Store.open(workspace).runs()) == 10


def test_fifty_threads_give_one_run(store: Store, enqueue) -> None:
    with ThreadPoolExecutor(50) as pool:
        runs = list(pool.map(lambda _: enqueue(seed=1), range(50)))
    assert len({run.run_id for run in runs}) == 1
    assert len(store.runs()) == 1


def test_a_run_is_claimed_once(store: Store, enqueue) -> None:
    run = enqueue()
    claimed = store.claim(run.run_id, ME)
    assert (claimed.status, claimed.pid) == (RunStatus.RUNNING, ME.pid)
    with pytest.raises(RunError, match="is running and cannot be started"):
        store.claim(run.run_id, OTHER)


def test_only_its_worker_writes_progress_and_end(store: Store, enqueue) -> None:
    run = store.claim(enqueue().run_id, ME)
    progress = RunProgress("training", 1, 3, 5, 20, 412.5)
    assert store.heartbeat(run.run_id, OTHER, progress) is None
    assert store.finish(run.run_id, OTHER, RunStatus.FAILED, "not mine") is None
    written = store.heartbeat(run.run_id, ME, progress)
    assert written is not None
    assert written.progress == progress
    ended = store.finish(run.run_id, ME, RunStatus.FAILED, "a reason")
    assert ended is not None
    assert (ended.status, ended.reason, ended.pid) == (RunStatus.FAILED, "a reason", None)
    assert store.heartbeat(run.run_id, ME) is None, "an ended run is nobody's"


def test_cancelling_waits_for_the_worker_only_when_there_is_one(store: Store, enqueue) -> None:
    queued, running = enqueue(), store.claim(enqueue().run_id, ME)
    assert store.request_cancel(queued.run_id).status is RunStatus.CANCELLED
    asked = store.request_cancel(running.run_id)
    assert asked.cancel_requested
    assert asked.status is RunStatus.RUNNING
    assert store.request_cancel(running.run_id) == asked, "asking twice changes nothing"
    store.finish(running.run_id, ME, RunStatus.CANCELLED)
    with pytest.raises(RunError, match="is cancelled and cannot be cancelled"):
        store.request_cancel(running.run_id)


def test_an_ended_run_is_queued_again_behind_the_others(store: Store, enqueue) -> None:
    run = store.claim(enqueue().run_id, ME)
    waiting = enqueue()
    with pytest.raises(RunError, match="is running and cannot be resumed"):
        store.requeue(run.run_id)
    store.request_cancel(run.run_id)
    store.finish(run.run_id, ME, RunStatus.CANCELLED, "stopped")
    again = store.requeue(run.run_id)
    assert (again.status, again.reason, again.cancel_requested, again.ended_at) == (RunStatus.QUEUED, "", False, None)
    first = next_queued(store, [])
    assert first is not None
    assert first.run_id == waiting.run_id
    assert next_queued(store, ["cpu"]) is None


def test_a_run_is_not_resumed_beside_its_next_attempt(store: Store, enqueue) -> None:
    run = store.claim(enqueue(seed=1).run_id, ME)
    store.finish(run.run_id, ME, RunStatus.FAILED)
    enqueue(seed=1)
    with pytest.raises(RunError, match="no other active run of the same configuration"):
        store.requeue(run.run_id)


def test_a_worker_that_never_began_fails_its_run_but_not_one_that_was_resumed(store: Store, enqueue) -> None:
    unclaimed, resumed = enqueue(), store.claim(enqueue().run_id, ME)
    assert store.fail_unclaimed(unclaimed.run_id, ME.pid, "exit code 3") is not None
    store.finish(resumed.run_id, ME, RunStatus.CANCELLED)
    store.requeue(resumed.run_id)
    assert store.fail_unclaimed(resumed.run_id, ME.pid, "exit code 0") is None
    assert store.get(resumed.run_id).status is RunStatus.QUEUED


def test_runs_are_newest_first_and_filtered(store: Store, enqueue) -> None:
    runs = [enqueue() for _ in range(3)]
    store.claim(runs[1].run_id, ME)
    assert [run.run_id for run in store.runs()] == [run.run_id for run in reversed(runs)]
    assert [run.run_id for run in store.runs(statuses=[RunStatus.RUNNING])] == [runs[1].run_id]
    assert [held.worker for held in store.running()] == [ME]
    assert len(store.runs(limit=2)) == 2
    assert store.runs(statuses=[]) == []
    assert store.any_active()


def test_times_are_utc(store: Store, enqueue) -> None:
    created = enqueue().created_at
    assert created.utcoffset() is not None
    assert store.runs()[0].created_at == created


def test_an_unknown_run_names_a_close_one(store: Store, enqueue) -> None:
    run = enqueue()
    with pytest.raises(RunError, match=run.run_id):
        store.get(run.run_id[:-1] + "9")


def _spoil(store: Store, run_id: str) -> None:
    """Give a run's row a key that this version does not know, as after a change of versions."""
    config = RunConfig().model_dump(mode="json") | {"colour": "blue"}
    with store.database.write() as connection:
        connection.execute(sa.update(RUNS).where(RUNS.c.run_id == run_id).values(config=config))


def test_a_run_from_before_crops_were_rounded_to_even_keeps_its_crop(store: Store, enqueue) -> None:
    run = enqueue()
    config = RunConfig.parse({"preprocess": {"crop": 32}}).model_dump(mode="json")
    assert config["preprocess"].pop("crop_rounding") == "half_even"
    with store.database.write() as connection:
        connection.execute(sa.update(RUNS).where(RUNS.c.run_id == run.run_id).values(config=config))
    assert store.get(run.run_id).config.preprocess.crop_rounding == "down"


def test_a_row_that_cannot_be_read_stops_nobody(workspace: Workspace, store: Store, enqueue) -> None:
    spoilt, waiting = enqueue(), enqueue()
    _spoil(store, spoilt.run_id)
    found = store.get(spoilt.run_id)
    assert (found.status, found.status.active, found.status.resumable) == (RunStatus.UNREADABLE, False, False)
    assert "colour is not a known field" in found.reason
    assert {run.run_id for run in store.runs()} == {spoilt.run_id, waiting.run_id}
    assert [run.run_id for run in store.queue()] == [waiting.run_id]
    assert [run.run_id for run in store.runs(statuses=[RunStatus.QUEUED])] == [waiting.run_id]
    assert find_runs(store, RunFilter(), limit=5).total == 2
    assert [run.run_id for run in find_runs(store, RunFilter(statuses=[RunStatus.QUEUED]), limit=5).runs] == [
        waiting.run_id
    ]
    assert next_queued(store, []) == waiting
    store.request_cancel(waiting.run_id)
    assert not store.any_active(), "the one that cannot be read was ended, so that a supervisor may leave"
    delete(spoilt.run_id, workspace)
    assert [run.run_id for run in store.runs()] == [waiting.run_id]


def test_a_waiting_run_that_cannot_be_read_is_deleted_without_a_supervisor(
    workspace: Workspace, store: Store, enqueue
) -> None:
    spoilt = enqueue()
    _spoil(store, spoilt.run_id)
    delete(spoilt.run_id, workspace)
    assert store.runs() == []


def test_progress_of_another_version_is_passed_over(store: Store, enqueue) -> None:
    run = enqueue()
    store.claim(run.run_id, ME)
    store.change(run.run_id, RUNS.c.run_id == run.run_id, progress={"phase": "training", "mood": "good"})
    found = store.get(run.run_id)
    assert (found.status, found.progress) == (RunStatus.RUNNING, None)


def test_who_looks_at_a_test_set_is_counted(store: Store) -> None:
    part = {"data_hash": "d" * 64, "split_fingerprint": "f" * 64, "test_fingerprint": "t" * 64, "device": "cpu"}

    def ended(config: RunConfig, status: RunStatus) -> str:
        run = store.enqueue(config, **part, name="")
        store.claim(run.run_id, ME)
        store.finish(run.run_id, ME, status)
        return run.run_id

    first = ended(RunConfig(seed=1), RunStatus.SUCCEEDED)
    ended(RunConfig(seed=2), RunStatus.FAILED)
    ended(RunConfig(seed=3, predict=PredictConfig(parts=("valid",))), RunStatus.SUCCEEDED)
    assert scored_before(store.database, "t" * 64, "e1") == 1
    for _ in range(2):  # of one and the same the first time counts
        with store.database.write() as connection:
            record_score(connection, "t" * 64, "e1")
    assert scored_before(store.database, "t" * 64, "e1") == 1
    assert scored_before(store.database, "t" * 64, "e2") == 2
    assert scored_before(store.database, "t" * 64, first) == 0, "others looked later"
    assert scored_before(store.database, "u" * 64, "e2") == 0
    assert scored_in_words(2).startswith("scored 2 times before; ")
    assert scored_in_words(0) == "not scored before."


def test_a_worker_that_started_at_a_whole_second_gets_its_own_run(store: Store, enqueue) -> None:
    """One process in a hundred does; SQLite's RETURNING gives the whole number, and the run was unreadable."""
    run = enqueue()
    claimed = store.claim(run.run_id, ProcessIdentity(os.getpid(), 7.0, boot_id()))
    assert (claimed.status, claimed.config) == (RunStatus.RUNNING, run.config)
    assert [held.worker.started for held in store.running()] == [7.0]
