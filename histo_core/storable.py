"""What every database and file can keep: finite numbers of 64 bits, and text without NUL and halves of characters.

JSON has no word for NaN and infinity; SQLite and PostgreSQL refuse a whole statement over one such number, over a NUL
and over half of a surrogate pair, which a file name that is not UTF-8 has in Python.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

_WHOLE = 2**63
_REPLACED = "\N{REPLACEMENT CHARACTER}"


def why_not(value: Any, place: str = "") -> str:
    """Say what in a value cannot be kept; empty where all of it can.

    Args:
        value: plain values in mappings, lists and tuples; anything else is not looked into.
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
    """Tell whether all of a plain value can be kept; anything else than plain values is not looked into."""
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
    """Replace in a text each NUL and each half of a character, which no database keeps."""
    if text.isascii():
        return text.replace("\0", _REPLACED)
    return "".join(_REPLACED if "\ud800" <= sign <= "\udfff" or sign == "\0" else sign for sign in text)


def finite(value: Any) -> Any:
    """The same plain value with None for each number that is not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return value


def as_json(value: Any, **layout: Any) -> str:
    """Write plain values as JSON that every reader takes; a number that is not finite becomes null.

    Args:
        value: plain values.
        layout: ``indent``, ``sort_keys`` and ``separators`` as of `json.dumps`.
    """
    try:
        return json.dumps(value, allow_nan=False, **layout)
    except ValueError:
        return json.dumps(finite(value), allow_nan=False, **layout)
