"""Runs are found by what people remember of them, in the order in which they matter."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.search import RunFilter, all_tags, find_runs
from histo_core.runs.worker.process_identity import ProcessIdentity

ME = ProcessIdentity.current()


def write(store: Store, run: Run, **values: object) -> None:
    assert store.change(run.run_id, sa.true(), **values)


def names(store: Store, wanted: RunFilter = RunFilter(), limit: int = 50, offset: int = 0) -> list[str]:  # noqa: B008
    return [run.name for run in find_runs(store, wanted, limit=limit, offset=offset).runs]


def test_running_then_waiting_in_their_order_then_the_newest(store: Store, enqueue) -> None:
    old, new, slow, _, urgent = (enqueue(name) for name in ("old", "new", "slow", "waits", "urgent"))
    for run in (old, new, slow):
        store.claim(run.run_id, ME)
    for run in (old, new):
        store.finish(run.run_id, ME, RunStatus.SUCCEEDED)
    write(store, urgent, priority=5)
    assert names(store) == ["slow", "urgent", "waits", "new", "old"]
    assert [run.name for run in store.queue()] == ["urgent", "waits"]


def test_pages_and_their_count(store: Store, enqueue) -> None:
    for number in range(7):
        enqueue(str(number))
    found = find_runs(store, RunFilter(), limit=3, offset=3)
    assert ([run.name for run in found.runs], found.total) == (["3", "4", "5"], 7)


def test_by_text_tag_and_state(store: Store, enqueue) -> None:
    first, second, third = enqueue("First 50%"), enqueue("second"), enqueue("third")
    write(store, first, tags=["färbung", "a"])
    write(store, second, note="Reads like a Poem")
    write(store, third, tags=["a b"])
    store.request_cancel(third.run_id)
    assert names(store, RunFilter(text="FIRST")) == ["First 50%"]
    assert names(store, RunFilter(text="0%")) == ["First 50%"]
    assert names(store, RunFilter(text="%nd")) == []  # a sign of SQL's is a sign like others
    assert names(store, RunFilter(text="poem")) == ["second"]
    assert names(store, RunFilter(text=third.run_id[:8])) == ["third"]
    assert len(names(store, RunFilter(text="cnn_rnn"))) == len(names(store, RunFilter(text="phantom"))) == 3
    assert names(store, RunFilter(tag="färbung")) == ["First 50%"]
    assert names(store, RunFilter(tag="a")) == ["First 50%"]
    assert names(store, RunFilter(statuses=[RunStatus.CANCELLED])) == ["third"]
    assert names(store, RunFilter(text="third", statuses=[RunStatus.QUEUED])) == []
    assert all_tags(store) == ["a", "a b", "färbung"]


def test_what_is_put_away_is_left_out(store: Store, enqueue) -> None:
    run = enqueue("away")
    write(store, run, archived_at=datetime.now(UTC))
    assert names(store) == []
    assert names(store, RunFilter(archived=True)) == ["away"]
