"""The demo's job: what it makes, what it says on the way, and that it goes on after any interruption."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO

import pytest
from PIL import Image

from histo_core.auditing.report import load_audit
from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, SplitConfig, TrainConfig
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.demo import make
from histo_core.demo.kind import KIND, DemoParams
from histo_core.demo.record import map_file, read_record
from histo_core.demo.state import DemoState, demo_state
from histo_core.errors import CancelledError, RunError
from histo_core.jobs.api import Job, job_id_of
from histo_core.jobs.kinds import JOBS, NICENESS
from histo_core.jobs.state import JobFolder, JobState
from histo_core.runs.api import cancel
from histo_core.runs.store.queue import next_queued
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.steady_clock import Moment
from histo_core.runs.worker.worker import work
from histo_core.studies.recipes import NamedConfig
from histo_core.workspace import Workspace

DATA = DataConfig(dataset="phantom", options={"patches": 80, "patients": 20})


def _member(name: str, seed: int) -> NamedConfig:
    config = RunConfig(
        data=DATA,
        preprocess=PreprocessConfig(crop=32),
        model=ModelConfig(name="cnn_narrow"),
        train=TrainConfig(epochs=1, batch_size=32, device="cpu", threads=1),
        seed=seed,
    )
    return NamedConfig(name, config, "")


@pytest.fixture(autouse=True)
def _two_small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "demo_configs", lambda patches: (_member("One", 0), _member("Two", 1)))
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", lambda workspace: 1)


@pytest.fixture
def worked(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Carry out a waiting run at each look, in place of the supervisor; yields the runs' ids."""
    ids: list[str] = []

    def look(_: Workspace) -> None:
        run = next_queued(Store.open(workspace), set())
        if run is not None:
            ids.append(run.run_id)
            assert work(run.run_id, workspace) == 0

    monkeypatch.setattr(make, "keep_supervised", look)
    yield ids
    assert len(ids) == len(set(ids)), "no network was trained twice"


def _job(workspace: Workspace, state: JobState = "running", **values: int) -> DemoState:
    """The state of the demo beside a job in this state."""
    now, job_id = datetime.now(UTC), job_id_of(KIND, {})
    job = Job(
        job_id=job_id, kind=KIND, title="Demo", params={}, state=state, asked_at=now, asked=Moment.now(), **values
    )  # fmt: skip
    JobFolder(job_id, workspace).write(job)
    found = demo_state(Store.open(workspace), workspace)
    assert found is not None
    return found


def _said(state: DemoState) -> dict[str, tuple[int, int, bool]]:
    return {step.name: (step.done, step.total, step.begun) for step in state.steps}


def test_the_demo_draws_audits_trains_and_maps_once(workspace: Workspace, worked: list[str]) -> None:
    counts: list[tuple[int, int]] = []
    make.make_demo(workspace, lambda done, total: counts.append((done, total)), poll_seconds=0)
    assert counts[0] == (0, 80)
    assert counts[-1] == (2, 2)
    dataset = open_dataset(DATA, workspace)
    assert load_audit(dataset, make_split(dataset, SplitConfig(), workspace), workspace) is not None
    assert [run.name for run in map(Store.open(workspace).get, worked)] == ["One", "Two"]
    record = read_record(workspace)
    assert record is not None
    assert (list(record.run_ids), record.patches, record.audited) == (worked, 80, True)
    assert record.first_map is not None
    assert record.first_map.run_id == worked[0]
    assert record.first_map.words
    assert Image.open(BytesIO(map_file(workspace).read_bytes())).format == "PNG"

    make.make_demo(workspace, poll_seconds=0)
    assert len(Store.open(workspace).runs()) == 2
    assert read_record(workspace) == record


def test_the_first_map_is_there_before_the_second_network(workspace: Workspace, worked: list[str]) -> None:
    maps: list[bool] = []

    def progress(done: int, total: int) -> None:
        if total == 2:
            maps.append(map_file(workspace).exists())
            assert not maps[-1] or done > 1, "the second look comes after the first map"

    make.make_demo(workspace, progress, poll_seconds=0)
    assert maps == [False, True]
    assert len(worked) == 2


def test_stopped_while_it_draws_it_queues_nothing(workspace: Workspace, worked: list[str]) -> None:
    def progress(done: int, total: int) -> None:
        del done, total
        raise CancelledError("stop")

    with pytest.raises(CancelledError):
        make.make_demo(workspace, progress)
    assert Store.open(workspace).runs() == []
    assert worked == []


def test_stopped_while_networks_wait_it_cancels_them_and_goes_on_when_started_again(
    workspace: Workspace, worked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def progress(done: int, total: int) -> None:
        if (done, total) == (1, 2):
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        make.make_demo(workspace, progress, poll_seconds=0)
    first, second = reversed(Store.open(workspace).runs())
    assert (first.status, second.status) == (RunStatus.SUCCEEDED, RunStatus.CANCELLED)
    make.make_demo(workspace, poll_seconds=0)
    assert worked == [first.run_id, second.run_id]
    assert {run.status for run in Store.open(workspace).runs()} == {RunStatus.SUCCEEDED}


def test_killed_before_it_wrote_down_its_runs_it_finds_them(workspace: Workspace, worked: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(make, "write_record", lambda record, workspace: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make.make_demo(workspace)
    make.make_demo(workspace, poll_seconds=0)
    assert len(worked) == len(Store.open(workspace).runs()) == 2


def test_a_network_that_was_not_trained_is_named(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(_: Workspace) -> None:
        for run in Store.open(workspace).queue():
            cancel(run.run_id, workspace)

    monkeypatch.setattr(make, "keep_supervised", look)
    with pytest.raises(RunError, match=r"0 of 2 networks were trained\. One cancelled: .*; Two cancelled: .*again"):
        make.make_demo(workspace)


def test_the_state_names_each_step(workspace: Workspace, worked: list[str]) -> None:
    assert demo_state(Store.open(workspace), workspace) is None
    waiting = (0, 0, False)
    drawing = _job(workspace, "waiting", done=32, total=80)
    assert _said(drawing) == {
        "draw": (32, 80, True), "audit": waiting, "train": waiting, "intervals": waiting, "map": waiting
    }  # fmt: skip
    seen: list[dict[str, tuple[int, int, bool]]] = []

    def progress(done: int, total: int) -> None:
        if total == 2:
            seen.append(_said(_job(workspace, "waiting", done=done, total=total)))

    make.make_demo(workspace, progress, poll_seconds=0)
    assert seen[0] == {
        "draw": (80, 80, True),
        "audit": (1, 1, True),
        "train": (1, 2, True),
        "intervals": (1, 2, True),
        "map": (0, 1, True),
    }
    assert _job(workspace, "waiting").finished is False
    ended = _job(workspace, "succeeded")
    assert ended.finished
    assert [run.run_id for run in ended.runs] == worked


def test_the_demo_is_no_background_work() -> None:
    assert JOBS[KIND].niceness == 0, "somebody waits for it"
    assert {JOBS[name].niceness for name in ("audit", "check", "convert", "map")} == {NICENESS}
    assert JOBS[KIND].action == "run.launch"
    assert DemoParams().patches is None
