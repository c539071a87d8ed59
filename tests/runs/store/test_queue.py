"""Which run is started next, and moving one."""

from __future__ import annotations

import pytest

from histo_core.access import User
from histo_core.config import RunConfig, TrainConfig
from histo_core.errors import ConfigError, PermissionDeniedError, RunError
from histo_core.runs.store.queue import move, next_queued
from histo_core.runs.store.records import OPEN_DEVICE, Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.workspace import Workspace


def _add(store: Store, name: str, priority: int = 0, device: str = "cpu", devices: int = 1) -> Run:
    seed = len(store.runs())
    config = RunConfig(seed=seed, train=TrainConfig(devices=devices))
    hashes = {"data_hash": "d" * 64, "split_fingerprint": "f" * 64}
    return store.enqueue(config, **hashes, device=device, name=name, priority=priority)


def _names(store: Store) -> str:
    return "".join(run.name for run in store.queue())


def test_higher_priorities_come_first_then_who_waited_longest(store: Store) -> None:
    for name, priority in zip("abcde", (0, 5, 0, 5, -1), strict=True):
        _add(store, name, priority)
    assert _names(store) == "bdace"
    started = []
    while (run := next_queued(store, [])) is not None:
        store.claim(run.run_id, ProcessIdentity.current())
        started.append(run.name)
    assert "".join(started) == "bdace"


@pytest.mark.parametrize(
    ("run", "how", "order"),
    [
        ("d", {"first": True}, "dabc"),
        ("a", {"first": True}, "abcd"),
        ("c", {"by": -1}, "acbd"),
        ("b", {"by": 2}, "acdb"),
        ("b", {"by": -9}, "bacd"),
        ("b", {"by": 9}, "acdb"),
    ],
)
def test_a_run_is_moved_and_later_ones_come_behind_all(
    workspace: Workspace, store: Store, run: str, how: dict, order: str
) -> None:
    ids = {name: _add(store, name).run_id for name in "abcd"}
    assert move(ids[run], workspace, **how).run_id == ids[run]
    assert _names(store) == order
    _add(store, "e")
    assert _names(store) == order + "e"


def test_a_moved_run_takes_the_priority_of_its_place_and_others_keep_theirs(workspace: Workspace, store: Store) -> None:
    ids = {name: _add(store, name, priority).run_id for name, priority in zip("abcd", (5, 5, 0, 0), strict=True)}
    assert move(ids["d"], workspace, first=True).priority == 5
    assert _names(store) == "dabc"
    assert [run.priority for run in store.queue()] == [5, 5, 5, 0]
    assert move(ids["d"], workspace, by=9).priority == 0
    assert _names(store) == "abcd"
    assert move(ids["b"], workspace, by=1).priority == 0
    assert _names(store) == "acbd"


def test_runs_queued_at_the_same_moment_are_moved_too(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    import histo_core.runs.store.runs as module

    class Stopped(module.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 1, 1, tzinfo=tz)

    monkeypatch.setattr(module, "datetime", Stopped)
    for name in "abcd":
        _add(store, name)
    last = store.queue()[-1]
    move(last.run_id, workspace, by=-2)
    assert store.queue()[1].run_id == last.run_id


def test_what_cannot_be_moved(workspace: Workspace, store: Store) -> None:
    run = _add(store, "a")
    with pytest.raises(ConfigError, match="One of the two"):
        move(run.run_id, workspace)
    with pytest.raises(ConfigError):
        move(run.run_id, workspace, first=True, by=1)
    with pytest.raises(PermissionDeniedError):
        move(run.run_id, workspace, first=True, user=User("ada", "reader"))
    store.request_cancel(run.run_id)
    with pytest.raises(RunError, match="is cancelled and cannot be moved"):
        move(run.run_id, workspace, first=True)
    with pytest.raises(RunError, match="There is no run"):
        move("nope-1", workspace, first=True)


def test_a_run_of_several_devices_holds_them_all(store: Store) -> None:
    pair = _add(store, "pair", device="cuda:1", devices=2)
    assert pair.devices == {"cuda:1", "cuda:2"}
    assert _add(store, "shared", device="cpu", devices=4).devices == {"cpu"}
    assert next_queued(store, ["cpu"]) == pair
    assert next_queued(store, ["cpu", "cuda:2"]) is None


def test_a_run_that_waits_for_several_devices_is_not_passed_for_ever(store: Store) -> None:
    _add(store, "pair", device="cuda:0", devices=2)
    _add(store, "small", device="cuda:1")
    other = _add(store, "other", device="cuda:2")
    assert next_queued(store, ["cuda:0"]) == other, "cuda:1 is kept for the pair"


THREE = ["cuda:0", "cuda:1", "cuda:2"]


def test_a_run_that_left_its_gpu_open_gets_a_free_one(store: Store) -> None:
    busy: set[str] = {"cuda:1"}
    started = []
    for name in "abc":
        _add(store, name, device=OPEN_DEVICE)
    _add(store, "d")
    while (run := next_queued(store, busy, lambda: THREE)) is not None:
        assert store.claim(run.run_id, ProcessIdentity.current()).device == run.device
        busy |= run.devices
        started.append((run.name, run.device))
    assert started == [("a", "cuda:0"), ("b", "cuda:2"), ("d", "cpu")]
    (waiting,) = store.queue()
    assert (waiting.name, waiting.device) == ("c", OPEN_DEVICE)


def test_several_open_gpus_are_those_side_by_side_and_small_runs_do_not_pass(store: Store) -> None:
    pair = _add(store, "pair", device=OPEN_DEVICE, devices=2)
    small = _add(store, "small", device=OPEN_DEVICE)
    assert next_queued(store, ["cuda:1"], lambda: THREE) is None, "kept for the pair"
    found = next_queued(store, ["cuda:0"], lambda: THREE)
    assert found is not None
    assert (found.run_id, found.devices) == (pair.run_id, {"cuda:1", "cuda:2"})
    store.claim(pair.run_id, ProcessIdentity.current())
    found = next_queued(store, found.devices, lambda: THREE)
    assert found is not None
    assert (found.run_id, found.device) == (small.run_id, "cuda:0")


def test_a_run_that_is_resumed_leaves_its_gpu_open_again(store: Store) -> None:
    run, me = _add(store, "a", device=OPEN_DEVICE), ProcessIdentity.current()
    assert next_queued(store, [], lambda: ["cuda:0"]) is not None
    store.claim(run.run_id, me)
    store.finish(run.run_id, me, RunStatus.INTERRUPTED)
    assert store.requeue(run.run_id).device == OPEN_DEVICE
    assert next_queued(store, [], list) is None, "no GPU is there any more"
