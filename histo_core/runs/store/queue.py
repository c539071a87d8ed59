"""Order the queue of waiting runs by priority, then by waiting time; move runs in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from histo_core.access import LOCAL, User, authorise
from histo_core.errors import ConfigError, RunError
from histo_core.runs.devices.nvidia_smi import GPUS
from histo_core.runs.store.record_file import write_run
from histo_core.runs.store.records import OPEN_DEVICE, Run, RunStatus, held_devices
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import DEVICE, DEVICE_COUNTS, QUEUE_ORDER, RUNS, WAITING
from histo_core.workspace import Workspace

Gpus = Callable[[], Sequence[str]]

_TICK = timedelta(microseconds=1)  # the smallest difference of two timestamps in the database


def gpu_names() -> Sequence[str]:
    """Return the names of all GPUs that a run may use; only the first where their number is unknown."""
    return [gpu.name for gpu in GPUS.poll()] or ["cuda:0"]


def next_queued(store: Store, busy_devices: Collection[str], gpus: Gpus = gpu_names) -> Run | None:
    """Return the first queued run whose devices are all free; a run with an open device gets the first free one.

    A run that waits for several devices reserves them, else smaller runs behind it would always start first. An
    unreadable run is ended as failed, so that it blocks nothing and can be deleted.

    Args:
        store: holds the queue.
        busy_devices: names of devices that are in use.
        gpus: returns the names of all GPUs; called only where a run waits for any of them.
    """
    query = sa.select(RUNS.c.run_id, RUNS.c.device, RUNS.c.devices).where(WAITING).order_by(*QUEUE_ORDER)
    with store.database.read() as connection:
        waiting = connection.execute(query).all()
    taken = set(busy_devices)
    for run_id, named, devices in waiting:
        if not DEVICE.fullmatch(named or "") or devices not in DEVICE_COUNTS:
            store.fail_unclaimed(run_id, None, store.get(run_id).reason or "Its row does not say how many devices.")
            continue
        places = _places(named, devices, gpus)
        free = [device for device, held in places.items() if held.isdisjoint(taken)]
        if not free:
            taken |= frozenset[str]().union(*places.values())
            continue
        run = store.get(run_id)
        if run.status is RunStatus.UNREADABLE:
            store.fail_unclaimed(run_id, None, run.reason)
        elif named != OPEN_DEVICE or (run := store.change(run_id, WAITING, device=free[0])) is not None:
            return run
    return None


def _places(named: str, count: int, gpus: Gpus) -> dict[str, frozenset[str]]:
    """Map each possible first device of a run to all devices that the run then uses."""
    if named != OPEN_DEVICE:
        return {named: held_devices(named, count)}
    known = gpus()
    places = {first: held_devices(first, count) for first in known}
    return {first: held for first, held in places.items() if held <= frozenset(known)}


def move(run_id: str, workspace: Workspace, *, first: bool = False, by: int = 0, user: User = LOCAL) -> Run:
    """Move a waiting run in the queue.

    It takes the priority of its new neighbour; the other runs keep theirs.

    Args:
        run_id: a waiting run.
        workspace: where it waits.
        first: move it to the front.
        by: places to move back, or to the front where negative; limited to the ends of the queue.
        user: who moves it.

    Raises:
        PermissionDeniedError: the user may not change runs.
        ConfigError: both or neither of ``first`` and ``by`` are given.
        RunError: the run is unknown or not waiting.
    """
    authorise(user, "run.edit", run_id)
    if first == bool(by):
        raise ConfigError(f"first is {first} and by is {by}.", "One of the two says where to.", "Give the other only.")
    return _place(run_id, workspace, lambda position: 0 if first else position + by)


def _place(run_id: str, workspace: Workspace, target: Callable[[int], int]) -> Run:
    """Move a waiting run from its position to ``target(position)``, and return the changed run."""
    store = Store.open(workspace)
    waiting = sa.select(RUNS.c.run_id, RUNS.c.priority, RUNS.c.queued_at).where(WAITING).order_by(*QUEUE_ORDER)
    with store.database.write() as connection:
        rows = [tuple(row) for row in connection.execute(waiting)]
        queue = [row for row in rows if isinstance(row[1], int) and row[2] is not None]  # the others are unreadable
        position = next((place for place, row in enumerate(queue) if row[0] == run_id), None)
        if position is not None:
            for moved, priority, queued_at in _moved(queue, position, target(position)):
                change = sa.update(RUNS).where(RUNS.c.run_id == moved).values(priority=priority, queued_at=queued_at)
                write_run(connection.execute(change.returning(RUNS)).mappings().one(), workspace)
    run = store.get(run_id)
    if position is None:
        raise RunError(
            f"{run_id} is {run.status} and cannot be moved.", "Only a run that waits has a place in the queue.", ""
        )
    return run


def _moved(queue: list[tuple[str, int, datetime]], position: int, target: int) -> list[tuple[str, int, datetime]]:
    """Return the rows of the priority that a run moves into, with timestamps that give the new order."""
    target = min(max(target, 0), len(queue) - 1)
    priority = queue[target][1]
    others = queue[:position] + queue[position + 1 :]
    ordered = [*others[:target], (queue[position][0], priority, queue[position][2]), *others[target:]]
    group = [row for row in ordered if row[1] == priority]
    # The runs exchange their own queueing times, so that runs queued later still come after all of them.
    times = sorted(row[2] for row in group)
    for place in range(1, len(times)):
        times[place] = max(times[place], times[place - 1] + _TICK)
    return [(run_id, priority, time) for (run_id, _, _), time in zip(group, times, strict=True)]
