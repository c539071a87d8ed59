"""The card of a job in each of its states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from histo_core.jobs import api as core
from histo_core.jobs.state import Job, JobFolder
from histo_core.runs.worker.steady_clock import Moment
from histo_core.workspace import Workspace
from pages.shared.components import job_card

PARAMS = {"data": {"dataset": "phantom"}}


def _page() -> None:
    import streamlit as st

    from pages.shared.components.job_card import job_card

    job_card(
        "check",
        {"data": {"dataset": "phantom"}},
        "Check all files",
        then="All files were read.",
        forget=lambda: st.session_state.update(told=True),
        note="Reads each file once.",
    )


def _job(**changes: object) -> Job:
    values = {
        "job_id": core.job_id_of("check", PARAMS),
        "kind": "check",
        "title": "Check of all files: phantom",
        "params": PARAMS,
        "state": "waiting",
        "asked_at": datetime.now(UTC),
        "asked": Moment.now(),
    }
    return Job.model_validate(values | changes)


def _written(workspace: Workspace, **changes: object) -> Job:
    job = _job(**changes)
    JobFolder(job.job_id, workspace).path.mkdir(parents=True, exist_ok=True)
    JobFolder(job.job_id, workspace).write(job)
    return job


def _open() -> AppTest:
    return AppTest.from_function(_page).run()


def test_one_that_was_never_started_is_a_button(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    monkeypatch.setattr(job_card, "start_job", lambda kind, params, workspace, user: started.append((kind, params)))
    page = _open()
    assert page.caption[0].value == "Reads each file once\\."
    page.button[0].click().run()
    assert [button.label for button in page.button] == ["Check all files"]
    assert started == [("check", PARAMS)]
    assert not page.exception


def test_an_active_one_shows_how_far_it_is_and_can_be_cancelled(workspace: Workspace) -> None:
    job = _written(workspace)
    page = _open()
    assert [button.label for button in page.button] == ["Cancel"]
    page.button[0].click().run()
    assert JobFolder(job.job_id, workspace).stop_asked()
    assert page.button[0].disabled
    assert not page.exception


def test_a_failed_one_says_why_and_can_be_tried_again(workspace: Workspace) -> None:
    _written(workspace, state="failed", error="<script>alert(1)</script> is not there.")
    page = _open()
    assert "<script>" not in page.error[0].value
    assert "alert(1)" in page.error[0].value.replace("\\", "")
    assert [button.label for button in page.button] == ["Try again"]


def test_a_cancelled_one_can_be_started(workspace: Workspace) -> None:
    _written(workspace, state="cancelled", error="It was stopped on request.")
    page = _open()
    assert "stopped on request" in page.caption[0].value
    assert [button.label for button in page.button] == ["Check all files"]


def test_the_page_is_drawn_again_when_it_has_succeeded(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    running, done = _job(), _job(state="succeeded")
    looks = iter([running, done, done, done])
    monkeypatch.setattr(job_card, "find_job", lambda *_: next(looks))
    page = _open()
    assert page.session_state["told"]
    assert [toast.value for toast in page.toast] == ["All files were read\\."]
    assert [button.label for button in page.button] == ["Check all files"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "starting"),
        ({"state": "running"}, "reading the data"),
        ({"state": "running", "done": 10, "total": 1000}, "10 of 1,000"),
        ({"state": "running", "done": 250, "total": 1000, "counting_since": 10}, "250 of 1,000, about 30 s left"),
        ({"state": "running", "done": 250, "total": 1000, "counting_since": 1}, "250 of 1,000"),
        (
            {"kind": "download", "state": "running", "done": 1_500_000_000, "total": 8_000_000_000},
            "1.5 GB of 8.0 GB",
        ),
        ({"state": "running", "cancel_asked": True}, "stopping"),
    ],
)
def test_words(changes: dict[str, object], said: str) -> None:
    if isinstance(seconds := changes.get("counting_since"), int):
        changes = changes | {"counting_since": datetime.now(UTC) - timedelta(seconds=seconds)}
    assert job_card.words(_job(**changes)) == said


def test_a_fraction_is_one_whatever_the_task_counts() -> None:
    assert job_card.fraction(_job(done=5, total=0)) == 0.0
    assert job_card.fraction(_job(done=5, total=10)) == 0.5
    assert job_card.fraction(_job(done=15, total=10)) == 1.0
