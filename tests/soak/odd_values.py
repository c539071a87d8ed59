"""Random configurations and rows, legal and not: what a form, a file, another version or a bad disk may bring."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from random import Random
from typing import Any

from histo_core.config import RunConfig

_DEEP = 3000


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


_NUMBERS: tuple[Any, ...] = (math.nan, math.inf, -math.inf, -0.0, 1e308, 5e-324, 1.5, 0.1, None, True, False)
_WHOLE: tuple[Any, ...] = (0, 1, 2, 7, -1, 64, 2**31, 2**32 - 1, 2**63, 10**400)
_WORDS: tuple[Any, ...] = ("", " ", "nan", "Infinity", "auto", "cpu", "cuda:0", "cuda:" + "9" * 5000, "adam", "phantom")
_SIGNS: tuple[Any, ...] = (
    "nul\0inside",
    "half \ud800",
    "\udcff",
    "漢字 🔬",
    "'; DROP TABLE runs; --",
    "%_\\",
    "\u202e",
)
_LISTS: tuple[Any, ...] = ([], [1], [math.nan], [0.5, math.inf, 0.5], [[1, 2]], (1, 2), _nested(50))
_MAPS: tuple[Any, ...] = ({}, {"x": 1}, {"x": math.nan}, {"nul\0": 1}, {"\ud800": "\0"}, {"x": 10**400}, {"": None})
ODD = (*_NUMBERS, *_WHOLE, *_WORDS, *_SIGNS, *_LISTS, *_MAPS, b"bytes", "x" * 10_000)
"""Values that any field is given."""
TEXTS = (
    *("", "nul", "NaN", "[NaN]", "{", '{"data": {', "null", "1", "-1e999", '"text"', "[[", "[1, 2]", '"\\ud800"'),
    *('{"a": "\\u0000"}', '{"train": {"devices": "many"}}', '{"train": {"devices": 1e400}}', "[" * _DEEP + "]" * _DEEP),
    *('{"model": {"name": NaN}}', '{"data": Infinity}', '{"data": {"options": {"x": NaN}}}', "\x01", "漢字", "{}"),
)
"""What a column of JSON is damaged to."""


def odd_config(random: Random) -> dict[str, Any]:
    """The default configuration with up to four values changed to any of `ODD`, or with keys that are none."""
    values = RunConfig(seed=random.randrange(2**32)).model_dump()
    places = list(_places(values))
    for _ in range(random.choice([0, 0, 1, 1, 2, 4])):
        holder, key = random.choice(places)
        if random.random() < 0.1:
            key = random.choice(["", "new", "nul\0", "\ud800", key])
        holder[key] = random.choice(ODD)
    return values


def _places(values: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for key, value in values.items():
        yield values, key
        if isinstance(value, dict):
            yield value, "x"
            yield from _places(value)


def damage(random: Random, columns: dict[str, str]) -> dict[str, Any]:
    """Random values for one to three columns of a row, as a newer version or a bad disk would leave them.

    Args:
        random: draws.
        columns: each with its kind: "json", "text", "number" or "time".
    """
    chosen = random.sample(sorted(columns), random.randint(1, 3))
    return {name: _damaged(random, columns[name]) for name in chosen}


def _damaged(random: Random, kind: str) -> Any:
    if kind == "json":
        config = RunConfig().model_dump(mode="json")
        cut = json.dumps(config)[: random.randrange(500)]
        return random.choice([*TEXTS, cut, json.dumps(odd_config(random), default=repr)])
    if kind == "number":
        return random.choice([-1, 0, 2**31 - 1, 2**62, "text", 1.5, "", b"\xff", None])
    if kind == "time":
        return random.choice(["yesterday", "", "2026-99-99 00:00:00", 0, "0001-01-01 00:00:00", b"\xff", None])
    return random.choice(["", "dreaming", "running", "queued", "cuda:x", "漢字", "x" * 5000, b"\xff\xfe", 5, None])
