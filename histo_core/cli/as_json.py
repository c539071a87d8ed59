"""Write a command's results as one JSON object for other programs; every command with ``--json`` has this shape."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from histo_core.cli.output import say

Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help='Print one JSON object: {"facts": {name: value}, "tables": {name: [{column: value}, ...]}, '
        '"sentences": [text, ...]}. Numbers are not rounded, null is not known or not defined, times are UTC.',
    ),
]


def say_json(
    *,
    facts: Mapping[str, Any] | None = None,
    tables: Mapping[str, Any] | None = None,
    sentences: Iterable[str] = (),
    **more: Any,
) -> None:
    """Print facts, tables and sentences as one JSON object; all three are always there.

    Args:
        facts: by name.
        tables: by name, each a data frame, or rows that are mappings or dataclasses.
        sentences: what the command says besides; empty ones are left out.
        more: what this command has besides, by name: plain values, mappings, lists and dataclasses.
    """
    rows = {name: _rows(table) for name, table in (tables or {}).items()}
    found = {"facts": _plain(facts or {}), "tables": rows, "sentences": [text for text in sentences if text]}
    found |= {name: _plain(value) for name, value in more.items()}
    say(json.dumps(found, indent=2, allow_nan=False))


def _rows(table: Any) -> list[Any]:
    records = table.to_dict("records") if hasattr(table, "to_dict") else table
    return [_plain(row) for row in records]


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inner) for inner in value]
    if hasattr(value, "model_dump"):  # a configuration
        return value.model_dump(mode="json")
    if hasattr(value, "item"):  # a number of numpy's
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else None  # the last: pandas' NA
