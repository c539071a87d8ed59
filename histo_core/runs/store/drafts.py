"""Keep what a user has changed in a form of new runs, so that a reload, another page or a restart loses nothing.

Each form of a user has one draft, whichever browser tab writes it. Its revision tells a tab that another one wrote.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from histo_core.access import User
from histo_core.config import parse_config
from histo_core.config.draft import RunDraft
from histo_core.errors import ConfigError, StoreError
from histo_core.runs.store.database import Database
from histo_core.runs.store.schema import DRAFTS
from histo_core.storable import as_json

MOST = 20
"""Drafts that a user keeps; the oldest are deleted."""
AGE = timedelta(days=30)
"""Age from which a draft is not read; it is deleted when another one is written."""
LARGEST = 64 << 10
"""Characters of a draft as JSON."""

Link = Mapping[str, list[str]]


@dataclass(frozen=True)
class KeptDraft:
    """A draft as it lies in the store.

    Attributes:
        draft: the changed values.
        link: URL parameters that open its form.
        tab: the browser tab that wrote it last.
        revision: how often it was written, from 1.
        written_at: the last time, UTC.
    """

    draft: RunDraft
    link: Link
    tab: str
    revision: int
    written_at: datetime


def write_draft(database: Database, user: User, form: str, draft: RunDraft, *, link: Link, tab: str) -> KeptDraft:
    """Write a form's draft over the last one, and delete drafts that are old or too many.

    Args:
        database: the workspace's.
        user: whose draft it is.
        form: names the form: what it starts from, and its data.
        draft, link, tab: as in `KeptDraft`.

    Raises:
        StoreError: the draft is too large.
    """
    content, now = draft.model_dump(mode="json", exclude_defaults=True), datetime.now(UTC)
    if len(as_json(content)) > LARGEST:
        raise StoreError(
            "The changes of this form are too many to be kept.",
            f"At most {LARGEST:,} characters are kept.",
            "Shorten its note, or launch it now.",
        )
    mine = _of(user, form)
    with database.write() as connection:
        known = connection.execute(sa.select(DRAFTS.c.revision).where(*mine)).scalar()
        revision = (known if isinstance(known, int) else 0) + 1
        connection.execute(sa.delete(DRAFTS).where(*mine))
        connection.execute(
            sa.insert(DRAFTS).values(
                user=user.name,
                form=_hashed(form),
                link=dict(link),
                content=content,
                tab=tab,
                revision=revision,
                written_at=now,
            )
        )
        _delete_old(connection, user, now)
    return KeptDraft(draft, link, tab, revision, now)


def read_draft(database: Database, user: User, form: str) -> KeptDraft | None:
    """Return the draft of a form; None where there is none that is young enough.

    Raises:
        ConfigError: it is damaged, or another version wrote it.
    """
    fresh = DRAFTS.c.written_at > datetime.now(UTC) - AGE
    with database.read() as connection:
        row = connection.execute(sa.select(DRAFTS).where(*_of(user, form), fresh)).mappings().one_or_none()
    return None if row is None else _kept(row)


def newest_link(database: Database, user: User) -> Link | None:
    """Return the URL parameters of the form that a user changed last; None where there is none to be read."""
    query = sa.select(DRAFTS.c.link).where(DRAFTS.c.user == user.name, DRAFTS.c.written_at > datetime.now(UTC) - AGE)
    with database.read() as connection:
        link = connection.execute(query.order_by(DRAFTS.c.written_at.desc()).limit(1)).scalar()
    return link if _is_link(link) else None


def delete_draft(database: Database, user: User, form: str) -> None:
    """Delete the draft of a form, if there is one."""
    with database.write() as connection:
        connection.execute(sa.delete(DRAFTS).where(*_of(user, form)))


def _kept(row: Mapping[Any, Any]) -> KeptDraft:
    values = row["content"]
    if not isinstance(values, dict) or len(as_json(values)) > LARGEST or not _is_link(row["link"]):
        raise ConfigError("It is damaged.", "The changes of a form, as JSON, are expected.", "Change the form again.")
    revision = row["revision"] if isinstance(row["revision"], int) else 0
    return KeptDraft(
        parse_config(RunDraft, values), row["link"], row["tab"], revision, row["written_at"] or datetime.now(UTC)
    )


def _is_link(link: Any) -> bool:
    return isinstance(link, dict) and all(
        isinstance(values, list) and all(isinstance(value, str) for value in values) for values in link.values()
    )


def _delete_old(connection: sa.Connection, user: User, now: datetime) -> None:
    own = DRAFTS.c.user == user.name
    newest = sa.select(DRAFTS.c.form).where(own).order_by(DRAFTS.c.written_at.desc(), DRAFTS.c.form)
    kept = connection.execute(newest.limit(MOST)).scalars().all()
    connection.execute(sa.delete(DRAFTS).where(own, DRAFTS.c.form.not_in(kept) | (DRAFTS.c.written_at < now - AGE)))


def _of(user: User, form: str) -> tuple[sa.ColumnElement[bool], ...]:
    return DRAFTS.c.user == user.name, DRAFTS.c.form == _hashed(form)


def _hashed(form: str) -> str:
    return hashlib.sha256(form.encode(errors="replace")).hexdigest()
