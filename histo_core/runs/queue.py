"""The order in which waiting runs are started: by priority, then by how long they wait; and changing it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from histo_core.access import LOCAL, User, authorise
from histo_core.errors import ConfigError, RunError
from histo_core.runs.records import Run
from histo_core.runs.schema import QUEUE_ORDER, RUNS, WAITING
from histo_core.runs.store import Store
from histo_core.workspace import Workspace

_TICK = timedelta(microseconds=1)  # the least by which two times of the database differ


def move(run_id: str, workspace: Workspace, *, first: bool = False, by: int = 0, user: User = LOCAL) -> Run:
    """Move a waiting run in the queue.

    It takes the priority of the run beside which it comes to stand; the others keep theirs.

    Args:
        run_id: a run that waits.
        workspace: where it waits.
        first: to the front.
        by: places further back, negative ones further to the front; it goes no further than the queue does.
        user: who asks.

    Raises:
        PermissionDeniedError: the user may not change runs.
        ConfigError: both or neither of ``first`` and ``by`` are given.
        RunError: the run is unknown or does not wait.
    """
    authorise(user, "run.edit", run_id)
    if first == bool(by):
        raise ConfigError(f"first is {first} and by is {by}.", "One of the two says where to.", "Give the other only.")
    return _place(run_id, workspace, lambda position: 0 if first else position + by)


def _place(run_id: str, workspace: Workspace, target: Callable[[int], int]) -> Run:
    """Move a waiting run from its position to ``target(position)``, and give it as it is then."""
    store = Store.open(workspace)
    waiting = sa.select(RUNS.c.run_id, RUNS.c.priority, RUNS.c.queued_at).where(WAITING).order_by(*QUEUE_ORDER)
    with store.database.write() as connection:
        queue = [tuple(row) for row in connection.execute(waiting)]
        position = next((place for place, row in enumerate(queue) if row[0] == run_id), None)
        if position is not None:
            for moved, priority, queued_at in _moved(queue, position, target(position)):
                connection.execute(
                    sa.update(RUNS).where(RUNS.c.run_id == moved).values(priority=priority, queued_at=queued_at)
                )
    run = store.get(run_id)
    if position is None:
        raise RunError(
            f"{run_id} is {run.status} and cannot be moved.", "Only a run that waits has a place in the queue.", ""
        )
    return run


def _moved(queue: list[tuple[str, int, datetime]], position: int, target: int) -> list[tuple[str, int, datetime]]:
    """The rows of the priority that one run moves into, with the times that give the new order."""
    target = min(max(target, 0), len(queue) - 1)
    priority = queue[target][1]
    others = queue[:position] + queue[position + 1 :]
    ordered = [*others[:target], (queue[position][0], priority, queue[position][2]), *others[target:]]
    group = [row for row in ordered if row[1] == priority]
    # The runs share out the times at which they were queued, so that later ones still come behind them all.
    times = sorted(row[2] for row in group)
    for place in range(1, len(times)):
        times[place] = max(times[place], times[place - 1] + _TICK)
    return [(run_id, priority, time) for (run_id, _, _), time in zip(group, times, strict=True)]
