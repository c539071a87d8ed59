"""Columns for what statements ask of a run's configuration, and no number in JSON that is not finite.

JSON functions of SQLite and PostgreSQL fail a whole statement over one damaged row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from histo_core.storable import as_json, finite, storable_text

revision = "0005"
down_revision = "0004"

_TEXTS = {
    "model": ("model", "name"),
    "dataset": ("data", "dataset"),
    "weights": ("model", "weights"),
    "asked_device": ("train", "device"),
}
_MOST_DEVICES = 64
_NOTE = "Numbers that are not finite were taken out when Histoscope was upgraded: {}."


def upgrade() -> None:
    for name in (*_TEXTS, "data"):
        op.add_column("runs", sa.Column(name, sa.Text, nullable=False, server_default=sa.text("''")))
    op.add_column("runs", sa.Column("devices", sa.Integer, nullable=False, server_default="1"))
    _mend("runs", "run_id", ("config", "progress"))
    _mend("experiments", "experiment_id", ("config", "protocol"))


def _mend(name: str, key: str, kept: tuple[str, ...]) -> None:
    """Fill the new columns, and write null for each number that is not finite, with a note that says so.

    JSON that cannot be read stays as it is; its run or experiment is shown as one that cannot be read.
    """
    texts = (key, "note", *_TEXTS, "data")
    columns = [*(sa.column(one, sa.Text) for one in texts), *(sa.column(one, sa.JSON) for one in kept)]
    table = sa.table(name, *columns, sa.column("devices", sa.Integer))
    asked = [table.c[one] for one in (key, "note", *kept)]
    for row in op.get_bind().execute(sa.select(*asked)).mappings().all():
        changes: dict[str, Any] = {one: finite(row[one]) for one in kept if any(_not_finite(row[one], one))}
        found = [text for one in kept if one != "progress" for text in _not_finite(row[one], one)]
        if found:
            changes["note"] = "\n".join(filter(None, [row["note"], _NOTE.format("; ".join(found))]))
        if name == "runs":
            changes |= _copied(row["config"])
        if changes:
            op.get_bind().execute(sa.update(table).where(table.c[key] == row[key]).values(changes))


def _copied(config: Any) -> dict[str, Any]:
    devices, data = _at(config, "train", "devices"), _at(config, "data")
    named = {name: _at(config, *place) for name, place in _TEXTS.items()}
    return {
        **{name: storable_text(value) if isinstance(value, str) else "" for name, value in named.items()},
        "data": as_json(data) if isinstance(data, dict) else "",
        "devices": devices if isinstance(devices, int) and 0 < devices <= _MOST_DEVICES else 1,
    }


def _at(config: Any, *place: str) -> Any:
    for name in place:
        config = config.get(name) if isinstance(config, dict) else None
    return config


def _not_finite(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{place} was {value}"
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from _not_finite(one, f"{place}.{key}")
