"""The command ``demo`` starts Home's job, says which runs it queued, and follows it to its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from histo_core.cli import demo_job as demo
from histo_core.config import DataConfig, RunConfig
from histo_core.demo.kind import KIND
from histo_core.demo.record import DemoRecord, write_record
from histo_core.demo.state import DemoState, demo_state, newest_demo
from histo_core.jobs.api import Job, job_id_of
from histo_core.jobs.state import JobFolder, JobState
from histo_core.runs.api import launch
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.steady_clock import Moment
from histo_core.workspace import Workspace

SMALL = RunConfig(data=DataConfig(dataset="phantom", options={"patches": 40, "patients": 4}))


def put(workspace: Workspace, state: JobState, error: str = "", **params: int) -> Job:
    """Write the demo's job in a state."""
    now, job_id = datetime.now(UTC), job_id_of(KIND, params)
    job = Job(job_id=job_id, kind=KIND, title="Demo", params=params, state=state, asked_at=now, asked=Moment.now())
    job = job.model_copy(update={"error": error})
    JobFolder(job_id, workspace).write(job)
    return job


def queue(workspace: Workspace, patches: int, *names: str) -> list[str]:
    configs = {name: SMALL.model_copy(update={"seed": len(name)}) for name in names}  # the same would be the same run
    runs = [launch(config, workspace, name=name, start_supervisor=False) for name, config in configs.items()]
    write_record(DemoRecord(patches=patches, run_ids=tuple(run.run_id for run in runs)), workspace)
    return [run.run_id for run in runs]


@pytest.fixture
def asked(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The jobs that the command starts; none is carried out, but each has queued its run at the second look."""
    started: list[Any] = []
    looks: list[DemoState | None] = []

    def start(kind: str, params: dict[str, int], given: Workspace) -> Job:
        started.append((kind, params))
        return put(given, "waiting", **params)

    def look(store: Store, given: Workspace) -> DemoState | None:
        found = demo_state(store, given)
        assert found is not None
        if found.job.state == "lost":  # on a busy machine, because no process of its own carries it out
            found = replace(found, job=found.job.model_copy(update={"state": "waiting"}))
        looks.append(found)
        if len(looks) == 2:
            queue(given, started[0][1].get("patches", 3000), "One")
        return found

    monkeypatch.setenv("HISTOSCOPE_HOME", str(workspace.home))
    monkeypatch.setattr(demo, "start_job", start)
    monkeypatch.setattr(demo, "demo_state", look)
    monkeypatch.setattr(demo, "POLL_SECONDS", 0)
    return started


@pytest.mark.parametrize(("words", "params"), [((), {}), (("--patches", "80"), {"patches": 80})])
def test_it_starts_the_job_and_queues_nothing_itself(
    call: Any, workspace: Workspace, asked: list[Any], words: tuple[str, ...], params: dict[str, int]
) -> None:
    queue(workspace, 400, "Of an earlier demo")
    done = call("demo", "--detach", *words)
    assert done.code == 0
    assert asked == [(KIND, params)]
    newest = next(run for run in Store.open(workspace).runs() if run.name == "One")
    assert done.out.splitlines()[0] == f"{newest.run_id}  One"
    assert done.out.splitlines()[-1].endswith(f"compare {newest.run_id}")


def test_it_follows_the_job_and_says_how_it_ended(
    call: Any, workspace: Workspace, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[str] = []
    monkeypatch.setattr(demo, "print_end", lambda run: printed.append(run.name) or 1)
    real = demo._followed

    def followed(job_id: str, given: Workspace) -> DemoState:
        put(given, "failed", "0 of 1 networks were trained.")
        return real(job_id, given)

    monkeypatch.setattr(demo, "_followed", followed)
    done = call("demo")
    assert done.code == 1
    assert printed == ["One"]
    assert done.out.splitlines()[-1] == "0 of 1 networks were trained."


def test_ctrl_c_cancels_the_job(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    looks, cancelled = iter([KeyboardInterrupt, "ended"]), []

    def watched(*_: Any) -> Any:
        if (found := next(looks)) is KeyboardInterrupt:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(demo, "_watched", watched)
    monkeypatch.setattr(demo, "cancel_job", lambda job_id, given: cancelled.append(job_id))
    assert demo._followed("demo-1", workspace) == "ended"
    assert cancelled == ["demo-1"]


def test_a_demo_that_ended_before_it_queued_anything_says_why(
    call: Any, workspace: Workspace, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "start_job", lambda kind, params, given: put(given, "failed", "The disk is full."))
    done = call("demo")
    assert done.code == 2
    assert "The demo was not begun. The disk is full." in done.err


def test_beside_a_demo_of_other_patches_none_is_started(call: Any, workspace: Workspace, asked: list[Any]) -> None:
    at_work = put(workspace, "waiting", patches=80)
    assert newest_demo(workspace) == at_work
    done = call("demo")
    assert done.code == 2
    assert "A demo with other patches is at work" in done.err
    assert asked == []
