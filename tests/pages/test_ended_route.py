"""What a browser that wants notices is told: what ended since it asked last, and nothing else."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.requests import Request

from histo_core.config import RunConfig
from histo_core.errors import StoreError
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.workspace import Workspace
from pages.shared.app import ended_route


def ask(since: object = "") -> tuple[int, dict[str, Any]]:
    query = f"since={since}".encode() if since != "" else b""
    scope = {"type": "http", "method": "GET", "path": "/ended", "headers": [], "query_string": query}
    answer = asyncio.run(ended_route.ended(Request(scope)))
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, json.loads(bytes(answer.body))


@pytest.fixture
def ended(workspace: Workspace) -> str:
    """A run that ended just now."""
    store, me = Store.open(workspace), ProcessIdentity.current()
    run = store.enqueue(RunConfig(), data_hash="d" * 64, split_fingerprint="f" * 64, device="cpu", name="Mine")
    store.claim(run.run_id, me)
    assert store.finish(run.run_id, me, RunStatus.SUCCEEDED)
    return run.run_id


def test_the_first_question_tells_the_time_alone(ended: str) -> None:
    del ended
    status, answer = ask()
    assert (status, answer["ended"]) == (200, [])
    assert abs(answer["now"] - datetime.now(UTC).timestamp()) < 60


def test_what_ended_since_is_told_with_a_key_of_its_own(ended: str) -> None:
    before = (datetime.now(UTC) - timedelta(minutes=1)).timestamp()
    _, answer = ask(before)
    (one,) = answer["ended"]
    assert one["sentence"] == "Mine has finished."
    assert one["key"].startswith(ended)
    assert ask(answer["now"])[1]["ended"] == []


def test_of_a_long_absence_the_last_day_is_told(ended: str, monkeypatch: pytest.MonkeyPatch) -> None:
    del ended
    assert len(ask(0)[1]["ended"]) == 1
    monkeypatch.setattr(ended_route, "LONGEST", timedelta(0))
    assert ask(0)[1]["ended"] == []


@pytest.mark.parametrize("since", ["x", "nan", "inf", "1e400", "-1e30", "%00", "1;drop"])
def test_a_time_that_is_none_tells_nothing(ended: str, since: str) -> None:
    del ended
    status, answer = ask(since)
    assert (status, answer["ended"]) == (200, [])


def test_a_store_that_cannot_be_read_is_no_error_of_the_browser(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise StoreError("The database is locked.", "", "")

    monkeypatch.setattr(ended_route, "_found", refuse)
    status, answer = ask(1)
    assert (status, answer["ended"]) == (503, [])
