"""Check that every database and file can store a value: finite numbers of 64 bits, text without NUL and surrogates.

JSON has no NaN and no infinity. SQLite and PostgreSQL refuse a whole statement because of one such number, a NUL or a
single surrogate. In Python, file names that are not UTF-8 contain surrogates.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

_WHOLE = 2**63
_REPLACED = "\N{REPLACEMENT CHARACTER}"


def why_not(value: Any, place: str = "") -> str:
    """Say why a value cannot be stored; empty where it can.

    Args:
        value: plain values in mappings, lists and tuples; other objects are not checked.
        place: the value's own name, for the answer.
    """
    if can_be_kept(value):
        return ""
    if isinstance(value, str):
        return f"{place} = {value!r}: text without NUL, in UTF-8, is expected"
    if isinstance(value, float):
        return f"{place} = {value!r}: a finite number is expected"
    if isinstance(value, int):
        return f"{place}: a whole number of at most 64 bits is expected"
    if isinstance(value, Mapping):
        parts = [(str(key), inner) for key, inner in value.items()]
        named = (why_not(key, f"a name in {place or 'it'}") for key, _ in parts)
        inside = (why_not(inner, f"{place}.{key}" if place else key) for key, inner in parts)
        return next(filter(None, (*named, *inside)))
    return next(filter(None, (why_not(inner, f"{place}.{number}") for number, inner in enumerate(value))))


def can_be_kept(value: Any) -> bool:
    """Return whether a plain value can be stored; other objects are not checked."""
    if isinstance(value, str):
        return "\0" not in value if value.isascii() else value == storable_text(value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return -_WHOLE <= value < _WHOLE
    if isinstance(value, Mapping):
        return all(can_be_kept(str(key)) and can_be_kept(inner) for key, inner in value.items())
    return all(map(can_be_kept, value)) if isinstance(value, list | tuple) else True


def storable_text(text: str) -> str:
    """Replace each NUL and each surrogate in a text, which no database can store."""
    if text.isascii():
        return text.replace("\0", _REPLACED)
    return "".join(_REPLACED if "\ud800" <= sign <= "\udfff" or sign == "\0" else sign for sign in text)


def finite(value: Any) -> Any:
    """Return the same plain value with None in place of numbers that are not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return value


def as_json(value: Any, **layout: Any) -> str:
    """Format plain values as JSON that every reader accepts; numbers that are not finite become null.

    Args:
        value: plain values.
        layout: ``indent``, ``sort_keys`` and ``separators`` as in `json.dumps`.
    """
    try:
        return json.dumps(value, allow_nan=False, **layout)
    except ValueError:
        return json.dumps(finite(value), allow_nan=False, **layout)
