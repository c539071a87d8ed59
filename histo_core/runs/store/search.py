"""Finding runs among thousands: filtered, ordered and counted by the database, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from histo_core.runs.store.columns import from_json
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import RUNS, to_run
from histo_core.storable import storable_text

_TAGS = sa.cast(RUNS.c.tags, sa.Text)
_WAITS = RUNS.c.status == RunStatus.QUEUED.value
_ORDER = (
    sa.case((RUNS.c.status == RunStatus.RUNNING.value, 0), (_WAITS, 1), else_=2),
    sa.case((_WAITS, -RUNS.c.priority), else_=0),
    sa.case((_WAITS, RUNS.c.queued_at), else_=None),
    RUNS.c.created_at.desc(),
    RUNS.c.run_id,
)
"""What is running, then what waits in its starting order, then the rest, newest first."""


@dataclass(frozen=True)
class RunFilter:
    """Which runs.

    Attributes:
        text: part of the name, note, id, network or data set, whatever its case; empty for any.
        tag: one that they bear; empty for any.
        statuses: their states; empty for any.
        archived: also those that were archived.
    """

    text: str = ""
    tag: str = ""
    statuses: Collection[RunStatus] = ()
    archived: bool = False


@dataclass(frozen=True)
class Found:
    """A page of runs, and how many there are on all pages."""

    runs: tuple[Run, ...]
    total: int


def find_runs(store: Store, wanted: RunFilter, *, limit: int, offset: int = 0) -> Found:
    """Runs that are active first (waiting ones in the order in which they start), then the newest.

    Args:
        store: where to look.
        wanted: which.
        limit: at most so many.
        offset: how many to pass over.
    """
    condition = sa.and_(sa.true(), *_conditions(wanted))
    query = sa.select(RUNS).where(condition).order_by(*_ORDER).limit(limit).offset(offset)
    with store.database.read() as connection:
        total = connection.execute(sa.select(sa.func.count()).select_from(RUNS).where(condition)).scalar_one()
        runs = tuple(to_run(row) for row in connection.execute(query).mappings())
    # In the database a run that cannot be read has a state of its own, which it must not be taken for.
    return Found(tuple(run for run in runs if not wanted.statuses or run.status in wanted.statuses), total)


def all_tags(store: Store) -> list[str]:
    """Every tag that some run bears, in the alphabet's order."""
    with store.database.read() as connection:
        kinds = [from_json(kind) for kind in connection.execute(sa.select(_TAGS).distinct()).scalars()]
    readable = (tag for kind in kinds if isinstance(kind, list) for tag in kind)
    return sorted({tag for tag in readable if isinstance(tag, str)}, key=str.casefold)


def _conditions(wanted: RunFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [] if wanted.archived else [RUNS.c.archived_at.is_(None)]
    if wanted.statuses:
        found.append(RUNS.c.status.in_([status.value for status in wanted.statuses]))
    if wanted.tag:
        found.append(_TAGS.contains(json.dumps(wanted.tag), autoescape=True))
    if wanted.text:
        places = (RUNS.c.name, RUNS.c.note, RUNS.c.run_id, RUNS.c.model, RUNS.c.dataset)
        text = storable_text(wanted.text)
        found.append(sa.or_(*(place.icontains(text, autoescape=True) for place in places)))
    return found
