"""Search thousands of runs: the database filters, orders and counts them, a page at a time."""

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
ORDER = (
    sa.case((RUNS.c.status == RunStatus.RUNNING.value, 0), (_WAITS, 1), else_=2),
    sa.case((_WAITS, -RUNS.c.priority), else_=0),
    sa.case((_WAITS, RUNS.c.queued_at), else_=None),
    RUNS.c.created_at.desc(),
    RUNS.c.run_id,
)
"""Running runs, then waiting ones in starting order, then the rest, newest first."""


@dataclass(frozen=True)
class RunFilter:
    """A filter of runs.

    Attributes:
        text: a substring of the name, note, id, network or data set, in any case; empty for any.
        tag: a tag that the runs have; empty for any.
        statuses: allowed states; empty for any.
        archived: include archived runs.
    """

    text: str = ""
    tag: str = ""
    statuses: Collection[RunStatus] = ()
    archived: bool = False


@dataclass(frozen=True)
class Found:
    """A page of runs, and the number of runs on all pages."""

    runs: tuple[Run, ...]
    total: int


def find_runs(store: Store, wanted: RunFilter, *, limit: int, offset: int = 0) -> Found:
    """Find runs: active ones first (waiting ones in starting order), then the newest.

    Args:
        store: where to search.
        wanted: the filter.
        limit: the largest number of runs to return.
        offset: how many runs to skip.
    """
    condition = sa.and_(sa.true(), *conditions(wanted))
    query = sa.select(RUNS).where(condition).order_by(*ORDER).limit(limit).offset(offset)
    with store.database.read() as connection:
        total = connection.execute(sa.select(sa.func.count()).select_from(RUNS).where(condition)).scalar_one()
        runs = tuple(to_run(row) for row in connection.execute(query).mappings())
    # An unreadable run has another state in the database and must not match that state.
    return Found(tuple(run for run in runs if not wanted.statuses or run.status in wanted.statuses), total)


def runs_by_id(store: Store, run_ids: Collection[str]) -> dict[str, Run]:
    """Return the runs with these ids that exist, in the order of the ids; one query."""
    with store.database.read() as connection:
        rows = connection.execute(sa.select(RUNS).where(RUNS.c.run_id.in_(run_ids))).mappings()
        found = {row["run_id"]: to_run(row) for row in rows}
    return {run_id: found[run_id] for run_id in run_ids if run_id in found}


def all_tags(store: Store) -> list[str]:
    """Return all tags in use, in alphabetical order."""
    with store.database.read() as connection:
        kinds = [from_json(kind) for kind in connection.execute(sa.select(_TAGS).distinct()).scalars()]
    readable = (tag for kind in kinds if isinstance(kind, list) for tag in kind)
    return sorted({tag for tag in readable if isinstance(tag, str)}, key=str.casefold)


def conditions(wanted: RunFilter) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of a filter on rows of `RUNS`."""
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
