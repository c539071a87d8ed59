"""Read YAML from users strictly: only the types that configurations need, with limits of size and depth.

PyYAML turns ``yes`` into a truth value, ``190:20:30`` into a number and ``2001-01-01`` into a date. It takes the last
of two equal keys, and raises ValueError, TypeError and RecursionError besides its own errors. It also accepts documents
whose aliases stand for billions of values. This module uses only the events of its parser, and builds values itself.

Everything that is a number here is one for PyYAML too, so that what PyYAML writes is read back unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml
from yaml import events as kinds

MAX_LENGTH = 64 << 10
"""Largest number of characters in a document; a run's configuration has about three thousand."""
MAX_BYTES = 4 * MAX_LENGTH
"""Largest size of a document's file: UTF-8 has at most four bytes a character."""
MAX_DEPTH = 20
"""Largest number of nested lists and mappings; a run's configuration has four."""

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUTH = {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,99})")
_REAL = re.compile(r"[-+]?[0-9]+\.[0-9]*([eE][-+][0-9]+)?")
_NO_NUMBER = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}


def load(text: str) -> Any:
    """Read one document of mappings with text keys, lists, texts, numbers, truth values and null.

    Raises:
        ValueError: the text is not YAML, too long or nested too deeply, or has an alias, a tag, a duplicate key or a
            key that is not text; the message says where.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"it has {len(text):,} characters, and at most {MAX_LENGTH:,} are read")
    try:
        return _document(iter(yaml.parse(text, Loader=yaml.BaseLoader)))
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split())) from None


def _document(events: Iterator[Any]) -> Any:
    value, documents = None, 0
    for event in events:
        if isinstance(event, kinds.DocumentStartEvent):
            documents += 1
            if documents > 1:
                _refuse(event, "a second document begins")
            value = _value(next(events), events, 0)
    return value


def _value(event: Any, events: Iterator[Any], depth: int) -> Any:
    if isinstance(event, kinds.AliasEvent):
        _refuse(event, f"the alias *{event.anchor} stands for another place: write its value out")
    if event.tag is not None:
        _refuse(event, f"the tag {event.tag} is not read")
    if isinstance(event, kinds.ScalarEvent):
        return _scalar(event.value) if event.style is None else event.value
    if depth == MAX_DEPTH:
        _refuse(event, f"it is nested more than {MAX_DEPTH} deep")
    if isinstance(event, kinds.SequenceStartEvent):
        return _items(events, depth + 1)
    return _mapping(events, depth + 1)


def _items(events: Iterator[Any], depth: int) -> list[Any]:
    found = []
    while not isinstance(event := next(events), kinds.SequenceEndEvent):
        found.append(_value(event, events, depth))
    return found


def _mapping(events: Iterator[Any], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while not isinstance(event := next(events), kinds.MappingEndEvent):
        key = event.value if isinstance(event, kinds.ScalarEvent) else _refuse(event, "a key is no text")
        if key in found:
            _refuse(event, f"the key {key[:80]!r} stands twice")
        found[key] = _value(next(events), events, depth)
    return found


def _scalar(text: str) -> Any:
    if text in _NULL:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if text in _NO_NUMBER or _REAL.fullmatch(text):
        return float(_NO_NUMBER.get(text, text))
    return text


def _refuse(event: Any, what: str) -> NoReturn:
    raise ValueError(f"line {event.start_mark.line + 1}: {what}")
