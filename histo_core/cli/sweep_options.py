"""How a command line says what a sweep tries: ``FIELD=A,B,...`` and ``FIELD=LOW:HIGH``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from histo_core.cli.options import pairs
from histo_core.config import parse_config
from histo_core.config.protocol import SweepField
from histo_core.errors import ConfigError

_KINDS = ("log", "whole")


def sweep_of(values: Iterable[str] | None, ranges: Iterable[str] | None) -> dict[str, SweepField]:
    """The settings of a sweep, by dotted field.

    Args:
        values: each ``FIELD=A,B,...``, or ``FIELD=[...]`` with a YAML list; numbers that go together have slashes
            between them, or are a list in the list.
        ranges: each ``FIELD=LOW:HIGH``, then ``:log`` or ``:whole``, or both.

    Raises:
        ConfigError: one that cannot be read.
    """
    sweep = {field: _values(text) for field, text in _texts(values)}
    return sweep | {field: _range(field, text) for field, text in _texts(ranges)}


def _texts(items: Iterable[str] | None) -> list[tuple[str, str]]:
    """Field and text of each, as typed: YAML takes 8:32 for 512, which is its base 60."""
    found = []
    for item in items or []:
        field, _, text = item.partition("=")
        if not field or not text:
            raise ConfigError(f"{item!r} names nothing to try.", "FIELD=VALUES is expected.", f"Write {field}=1,2.")
        found.append((field, text))
    return found


def _values(text: str) -> SweepField:
    """Each part is read as YAML would."""
    if text.lstrip().startswith("["):
        read = pairs([f"x={text}"])["x"]
        return parse_config(SweepField, {"values": [_as_value(value) for value in read]})
    read = [pairs([f"x={part.strip()}"])["x"] for part in text.split(",")]
    return parse_config(SweepField, {"values": [_as_value(value) for value in read]})


def _range(field: str, text: str) -> SweepField:
    low, _, rest = text.partition(":")
    high, *kinds = rest.split(":")
    limits = _as_value(low), _as_value(high)
    if not all(isinstance(limit, float) for limit in limits) or not set(kinds) <= set(_KINDS):
        raise ConfigError(
            f"{text!r} is no range for {field}.",
            "LOW:HIGH is expected, and after it :log, :whole or both.",
            "Write for example 0.0001:0.1:log.",
        )
    return parse_config(SweepField, {"low": limits[0], "high": limits[1], **dict.fromkeys(kinds, True)})


def _as_value(value: Any) -> Any:
    """YAML takes 1e-4 for a word, because it has no point; numbers that go together have slashes between them."""
    try:
        if isinstance(value, str) and "/" in value:
            return tuple(float(part) for part in value.split("/"))
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
