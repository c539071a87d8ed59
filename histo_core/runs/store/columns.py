"""Define column types that can always be read: one damaged row must not fail a statement over all rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from histo_core.storable import as_json, storable_text


class Damaged:
    """A placeholder for JSON that cannot be read."""


DAMAGED = Damaged()


def from_json(text: Any) -> Any:
    """Parse the value of a JSON column; return `DAMAGED` where it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return DAMAGED


class Utc(sa.types.TypeDecorator[datetime]):
    """A timestamp in UTC; SQLite keeps no time zone. A damaged value is read as None."""

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
    """Text from people or errors; characters that a database cannot keep are replaced in values and in queries."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else storable_text(value)

    def process_result_value(self, value: Any, dialect: Any) -> str | None:
        if isinstance(value, bytes):  # SQLite stores any type in any column
            return value.decode(errors="replace")
        return None if value is None else str(value)


class Key(Words):
    """A short text by which rows are found, such as an id that a user typed."""

    impl = sa.String
    cache_ok = True


def copy_of(*place: str, otherwise: str | int = "") -> Callable[[Any], str | int]:
    """Fill a column with one value of the row's configuration when the row is written.

    No statement then needs the database's JSON functions, which fail for all rows when one row is damaged.

    Args:
        place: nested keys of the configuration.
        otherwise: the value where the configuration has none of this type there.
    """

    def filled(context: Any) -> str | int:
        value: Any = context.get_current_parameters()["config"]
        for name in place:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, dict):
            return as_json(value)
        return value if isinstance(value, type(otherwise)) else otherwise

    return filled
