"""Kinds of columns whose rows can always be read: what is damaged in one row must not fail a statement over all."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from histo_core.storable import as_json, storable_text


class Damaged:
    """Stands for JSON in a row that cannot be read."""


DAMAGED = Damaged()


def from_json(text: Any) -> Any:
    """Read what a column of JSON holds; `DAMAGED` where it is none."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return DAMAGED


class Utc(sa.types.TypeDecorator[datetime]):
    """Times of day in UTC, also in SQLite, which keeps no time zone; None where it is damaged."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        read: Callable[[Any], Any] = super().result_processor(dialect, coltype) or (lambda value: value)  # type: ignore[assignment]

        def readable(value: Any) -> datetime | None:
            try:
                found = read(value)
            except (ValueError, TypeError):
                return None
            if not isinstance(found, datetime):
                return None
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)

        return readable


class Words(sa.types.TypeDecorator[str]):
    """Text that people or errors wrote; what no database keeps is replaced before it is written or looked for."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else storable_text(value)

    def process_result_value(self, value: Any, dialect: Any) -> str | None:
        if isinstance(value, bytes):  # SQLite keeps any kind of value in any column
            return value.decode(errors="replace")
        return None if value is None else str(value)


class Key(Words):
    """A short text by which rows are found, such as an id that somebody typed."""

    impl = sa.String
    cache_ok = True


def copy_of(*place: str, otherwise: str | int = "") -> Callable[[Any], str | int]:
    """Fill a column with what the row's configuration says at a place, when the row is written.

    So no statement needs to look into JSON, whose functions fail for all rows over one that is damaged.

    Args:
        place: keys of the configuration, one inside the other.
        otherwise: what is written where the configuration says nothing of that kind.
    """

    def filled(context: Any) -> str | int:
        value: Any = context.get_current_parameters()["config"]
        for name in place:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, dict):
            return as_json(value)
        return value if isinstance(value, type(otherwise)) else otherwise

    return filled
