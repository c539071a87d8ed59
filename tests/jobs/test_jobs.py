"""Jobs in processes of their own: one at a time for one piece of work, with an explicit end whatever happens."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from waiting import wait_until

from histo_core.access import User
from histo_core.errors import (
    ConfigError,
    DataNotFoundError,
    PathNotAllowedError,
    PermissionDeniedError,
    RunError,
    UnknownNameError,
)
from histo_core.jobs import api, state
from histo_core.jobs.api import Job, cancel_job, find_job, start_job
from histo_core.jobs.state import JobFolder, kill_stubborn_jobs
from histo_core.locks import is_locked
from histo_core.runs.api import supervisor_alive
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.runs.worker.supervisor import Supervisor
from histo_core.workspace import Workspace

FAKE_JOB = Path(__file__).with_name("fake_job.py")

Start = Callable[..., Job]


@pytest.fixture(autouse=True)
def _test_kind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A kind of job that the tests steer, here and in the job's process."""
    import fake_job

    monkeypatch.setattr(api, "command", lambda job_id: [sys.executable, str(FAKE_JOB), job_id])
    fake_job.register()
    yield
    fake_job.forget()


def _end(workspace: Workspace, **params: object) -> Job:
    wait_until(lambda: not _now(workspace, **params).active)
    return _now(workspace, **params)


def _now(workspace: Workspace, **params: object) -> Job:
    job = find_job("steered", params, workspace)
    assert job is not None
    return job


def test_a_job_runs_to_its_end_and_says_how_far_it_came(workspace: Workspace) -> None:
    assert find_job("steered", {"steps": 3}, workspace) is None
    started = start_job("steered", {"steps": 3}, workspace)
    assert (started.state, started.title) == ("waiting", "Steered: work of 3")
    ended = _end(workspace, steps=3)
    assert (ended.state, ended.done, ended.total, ended.error) == ("succeeded", 3, 3, "")
    assert ended.started_at is not None
    assert ended.ended_at is not None
    assert started.asked_at <= ended.started_at <= ended.ended_at
    # The process writes the end, then ends: its lock dies with it.
    wait_until(lambda: not is_locked(workspace.home / "jobs" / ended.job_id / "lock"))


def test_progress_is_seen_while_it_runs_and_the_same_work_is_the_same_job(workspace: Workspace) -> None:
    first = start_job("steered", {"steps": 10_000, "seconds": 0.02}, workspace)
    wait_until(lambda: _now(workspace, steps=10_000, seconds=0.02).done > 0)
    again = start_job("steered", {"seconds": 0.02, "steps": 10_000}, workspace)
    assert again.job_id == first.job_id
    assert again.state == "running"
    assert again.total == 10_000
    other = start_job("steered", {"steps": 1}, workspace)
    assert other.job_id != first.job_id
    assert [job.job_id for job in api.jobs(workspace)] == [other.job_id, first.job_id]
    assert cancel_job(first.job_id, workspace).cancel_asked
    ended = _end(workspace, steps=10_000, seconds=0.02)
    assert (ended.state, ended.error) == ("cancelled", "It was stopped on request.")
    assert ended.done < ended.total


def test_of_many_starts_at_once_one_process_comes_up(workspace: Workspace, tmp_path: Path) -> None:
    params = {"steps": 20, "seconds": 0.02, "note": str(tmp_path / "began")}
    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(lambda _: start_job("steered", params, workspace), range(8)))
    assert len({job.job_id for job in started}) == 1
    assert _end(workspace, **params).state == "succeeded"
    assert (tmp_path / "began").read_text() == "began\n"


def test_one_that_ended_is_started_afresh(workspace: Workspace) -> None:
    start_job("steered", {"steps": 1}, workspace)
    first = _end(workspace, steps=1)
    second = start_job("steered", {"steps": 1}, workspace)
    assert (second.state, second.job_id) == ("waiting", first.job_id)
    assert _end(workspace, steps=1).started_at != first.started_at


def test_a_known_error_is_its_own_sentences_and_an_unknown_one_line_with_the_log(workspace: Workspace) -> None:
    start_job("steered", {"fail": "known"}, workspace)
    start_job("steered", {"fail": "unknown"}, workspace)
    known = _end(workspace, fail="known")
    assert (known.state, known.error) == ("failed", "Found this. That is allowed. Do the other.")
    unknown = _end(workspace, fail="unknown")
    log = workspace.home / "jobs" / unknown.job_id / "log.txt"
    assert unknown.error == f"Unexpected error: ZeroDivisionError: two lines. The details are in {log}."
    assert "Traceback" in log.read_text()
    assert "Traceback" not in unknown.error


def test_one_whose_process_was_killed_is_lost_and_can_be_tried_again(workspace: Workspace) -> None:
    params = {"steps": 10_000, "seconds": 0.02}
    start_job("steered", params, workspace)
    wait_until(lambda: _now(workspace, **params).state == "running")
    process = _now(workspace, **params).process
    assert process is not None
    os.kill(process.pid, 9)
    lost = _end(workspace, **params)
    assert lost.state == "lost"
    assert "is gone" in lost.error
    assert start_job("steered", params, workspace).state == "waiting"
    wait_until(lambda: _now(workspace, **params).done > 0)


def test_one_that_does_not_stop_is_killed_by_a_later_look(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = {"deaf": True, "note": str(tmp_path / "began")}
    job = start_job("steered", params, workspace)
    wait_until((tmp_path / "began").exists)
    cancel_job(job.job_id, workspace)
    time.sleep(0.3)
    assert _now(workspace, **params).state == "running"
    monkeypatch.setattr(state, "GRACE_SECONDS", 0.2)
    ended = _end(workspace, **params)
    assert (ended.state, ended.error) == ("cancelled", "It was stopped on request.")


def test_one_that_never_came_up_is_lost_after_a_while(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "command", lambda _: [sys.executable, "-c", "pass"])
    waiting = start_job("steered", {}, workspace)
    assert _now(workspace).state == "waiting"
    folder = JobFolder(waiting.job_id, workspace)
    assert waiting.asked is not None
    earlier = replace(waiting.asked, seconds=waiting.asked.seconds - 120)
    folder.write(waiting.model_copy(update={"asked": earlier}))
    assert "never came up" in _now(workspace).error
    cancel_job(waiting.job_id, workspace)  # one that has ended stays as it is
    assert _now(workspace).state == "lost"


@pytest.mark.parametrize("hours", [-24, 24])
def test_a_clock_that_is_set_neither_kills_a_job_nor_spares_it(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """The time of day moves before the job comes up, and after it was asked to stop."""
    moved = timedelta(hours=hours)
    steady, plain = time.monotonic, time.time

    def set_clock() -> None:
        monkeypatch.setattr(state, "datetime", SimpleNamespace(now=lambda zone: datetime.now(zone) + moved))
        shifted = SimpleNamespace(monotonic=steady, time=lambda: plain() + moved.total_seconds(), sleep=time.sleep)
        monkeypatch.setattr(state, "time", shifted)

    params = {"deaf": True, "note": str(tmp_path / "began")}
    job = start_job("steered", params, workspace)
    set_clock()
    assert _now(workspace, **params).active
    wait_until((tmp_path / "began").exists)
    cancel_job(job.job_id, workspace)
    assert _now(workspace, **params).state == "running", "it has its time to stop"
    monkeypatch.setattr(state, "GRACE_SECONDS", 0.2)
    assert _end(workspace, **params).state == "cancelled"


def test_the_supervisor_kills_a_suspended_job_that_nobody_looks_at(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = {"deaf": True, "note": str(tmp_path / "began")}
    job = start_job("steered", params, workspace)
    wait_until((tmp_path / "began").exists)
    process = _now(workspace, **params).process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    cancel_job(job.job_id, workspace)
    wait_until(lambda: supervisor_alive(workspace) is not None)
    monkeypatch.setattr(state, "GRACE_SECONDS", 0.2)
    supervisor = Supervisor(workspace, Store.open(workspace), 0.2, api.command, beside=kill_stubborn_jobs)
    time.sleep(0.3)
    supervisor.poll()
    wait_until(lambda: not process.alive())


def test_a_full_disk_does_not_keep_a_job_from_being_stopped(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    params = {"deaf": True, "note": str(tmp_path / "began")}
    job = start_job("steered", params, workspace)
    wait_until((tmp_path / "began").exists)
    with monkeypatch.context() as patched:
        patched.setattr(state, "write_json", full)
        assert cancel_job(job.job_id, workspace).cancel_asked
    monkeypatch.setattr(state, "GRACE_SECONDS", 0.2)
    assert _end(workspace, **params).state == "cancelled"


def test_a_job_that_comes_up_or_ends_during_a_look_is_not_lost(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a look at the file and one at the lock a process may take the lock, or write its end and be gone."""
    monkeypatch.setattr(api, "start_detached", lambda *_, **__: None)
    waiting = start_job("steered", {}, workspace)
    folder, held = JobFolder(waiting.job_id, workspace), []
    running = waiting.model_copy(update={"state": "running", "process": ProcessIdentity.current()})
    plain = state.is_locked

    def comes_up(lock: Path) -> bool:
        free = plain(lock)
        if not held:
            held.append(folder.lock())
            folder.write(running)
        return free

    monkeypatch.setattr(state, "is_locked", comes_up)
    assert _now(workspace).state == "running"

    def ends(lock: Path) -> bool:
        if not held[0].closed:
            folder.write(running.model_copy(update={"state": "succeeded"}))
            held[0].close()
        return plain(lock)

    monkeypatch.setattr(state, "is_locked", ends)
    assert _now(workspace).state == "succeeded"


@pytest.mark.parametrize("field", ["asked_at", "ended_at"])
def test_a_job_whose_time_has_no_zone_keeps_no_other_from_being_listed_or_started(
    workspace: Workspace, field: str
) -> None:
    for steps in (2, 3):
        start_job("steered", {"steps": steps}, workspace)
        _end(workspace, steps=steps)
    file = workspace.home / "jobs" / _now(workspace, steps=2).job_id / "job.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {field: "2026-01-01T00:00:00"}))
    assert [job.params["steps"] for job in api.jobs(workspace)] == [3]
    start_job("steered", {"steps": 4}, workspace)
    assert _end(workspace, steps=4).state == "succeeded"


def test_a_file_that_cannot_be_read_is_no_job(workspace: Workspace) -> None:
    start_job("steered", {"steps": 1}, workspace)
    ended = _end(workspace, steps=1)
    (workspace.home / "jobs" / ended.job_id / "job.json").write_text("{")
    (workspace.home / "jobs" / "my notes").mkdir()
    (workspace.home / "jobs" / "my notes" / "job.json").write_text("{}")
    assert find_job("steered", {"steps": 1}, workspace) is None
    assert api.jobs(workspace) == []


@pytest.mark.parametrize("job_id", ["../../evil", "steered", "steered-xyz", ""])
def test_an_id_that_is_none_is_refused(job_id: str, workspace: Workspace) -> None:
    with pytest.raises(RunError, match="is not a job's id"):
        cancel_job(job_id, workspace)


def test_an_unknown_job_cannot_be_cancelled(workspace: Workspace) -> None:
    with pytest.raises(RunError, match="There is no job"):
        cancel_job("steered-0123456789abcdef", workspace)


def test_wrong_kinds_and_parameters_are_refused_before_anything_is_written(workspace: Workspace) -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown kind of job 'chekc'.*Did you mean 'check'"):
        start_job("chekc", {}, workspace)
    with pytest.raises(ConfigError, match="nonsense is not a known field"):
        start_job("steered", {"nonsense": 1}, workspace)
    with pytest.raises(ConfigError, match="data"):
        start_job("check", {}, workspace)
    assert not (workspace.home / "jobs").exists()


def test_a_reader_neither_starts_nor_cancels(workspace: Workspace) -> None:
    reader = User("Ann", "reader")
    with pytest.raises(PermissionDeniedError, match=r"Ann \(reader\) may not do data.build on work of 1"):
        start_job("steered", {"steps": 1}, workspace, user=reader)
    with pytest.raises(PermissionDeniedError, match=r"job\.cancel"):
        cancel_job("steered-0123456789abcdef", workspace, user=reader)


def test_folders_lie_under_the_allowed_roots(workspace: Workspace, tmp_path: Path) -> None:
    data = {"dataset": "folder", "root": "/etc"}
    with pytest.raises(PathNotAllowedError, match="/etc lies outside"):
        start_job("check", {"data": data}, workspace)
    with pytest.raises(DataNotFoundError):
        start_job("check", {"data": {"dataset": "folder", "root": str(tmp_path / "none")}}, workspace)
    with pytest.raises(PathNotAllowedError):
        start_job("download", {"dataset": "pcam", "folder": "/somewhere/new"}, workspace)
    (tmp_path / "link").symlink_to("/etc")
    with pytest.raises(PathNotAllowedError):
        start_job("download", {"dataset": "pcam", "folder": str(tmp_path / "link" / "new")}, workspace)


def test_a_relative_folder_names_the_same_job_as_its_absolute_one(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = [
        api.job_id_of("check", {"data": {"dataset": "folder", "root": root}}) for root in ("a", str(tmp_path / "a"))
    ]
    assert names[0] == names[1]


def test_old_ended_jobs_are_forgotten_when_another_starts(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    ages = {
        "old": timedelta(days=31),
        "young": timedelta(days=29),
        "lost": timedelta(days=40),
        "held": timedelta(days=40),
    }
    folders = {}
    for number, (name, age) in enumerate(ages.items()):
        folders[name] = JobFolder(f"steered-{number:016x}", workspace)
        job = Job(
            job_id=folders[name].path.name,
            kind="steered",
            title=name,
            params={},
            state="running" if name == "lost" else "failed",
            asked_at=now - age,
            ended_at=None if name == "lost" else now - age,
        )
        folders[name].write(job)
    (workspace.home / "jobs" / ".steered-9.part").mkdir()
    monkeypatch.setattr(api, "start_detached", lambda *_, **__: None)
    with folders["held"].lock() or pytest.fail("it is free"):
        begun = start_job("steered", {}, workspace)
    left = {folder.name for folder in (workspace.home / "jobs").iterdir()}
    assert left == {begun.job_id, folders["young"].path.name, folders["held"].path.name}
