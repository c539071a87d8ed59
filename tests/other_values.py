"""Another legal value for each field of a pydantic model, read from the model: what controls and options are set to."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from histo_core.config import Config

STEP = 0.01
"""Between the values of one field of numbers and the next, so that no two fields are given the same."""


def other_values(kind: type[Config], given: dict[str, Any] | None = None) -> dict[str, Any]:
    """A legal value that is not the default, for each field of a model that its type tells one of.

    Args:
        kind: the model.
        given: values of some fields, such as of a text that must name something.

    Returns:
        By field; a field of plain text is left out unless it is given.
    """
    found = {}
    for number, (name, field) in enumerate(kind.model_fields.items()):
        value = (given or {}).get(name, _other(field, number))
        if value is not None:
            assert value != default(field), f"{name} is to be set to another value than {value!r}"
            found[name] = value
    return found


def default(field: FieldInfo) -> Any:
    return field.get_default(call_default_factory=True)


def _other(field: FieldInfo, number: int) -> Any:
    """Another value; None where only a person can think of one."""
    kind, before = inner_type(field.annotation), default(field)
    if get_origin(kind) is Literal:
        return next(choice for choice in get_args(kind) if choice != before)
    if kind is bool:
        return not before
    if kind in (int, float):
        return _number(field, kind, number, before)
    if get_origin(kind) is tuple:
        return _several(get_args(kind), number, before)
    return None


def inner_type(annotation: Any) -> Any:
    """Return the type inside ``X | None`` and ``Annotated``."""
    if get_origin(annotation) is Annotated:
        return inner_type(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return inner_type(next(part for part in get_args(annotation) if part is not type(None)))
    return annotation


def _number(field: FieldInfo, kind: type, number: int, before: Any) -> Any:
    low, high = limits(field)
    if kind is float:
        value = low + STEP * (number + 1)
        value = value if value < high else low + (high - low) * (number + 1) / 100
        return round(value if value != before else value + STEP / 2, 6)
    whole = int(low) + 1 + number
    whole = whole if whole <= high else int(high) - 1
    return whole if whole != before else whole - 1


def limits(field: FieldInfo) -> tuple[float, float]:
    """Return the least and the largest number that a field allows, reached or not; 0 and 1e9 where it says nothing."""
    low = next((float(getattr(rule, "ge", None) or getattr(rule, "gt", 0)) for rule in _rules(field, Ge, Gt)), 0.0)
    high = next((float(getattr(rule, "le", None) or getattr(rule, "lt", 0)) for rule in _rules(field, Le, Lt)), 1e9)
    return low, high


def _rules(field: FieldInfo, *kinds: type) -> list[Any]:
    return [rule for rule in field.metadata if isinstance(rule, kinds)]


def _several(parts: tuple[Any, ...], number: int, before: Any) -> Any:
    if get_origin(parts[0]) is Literal:
        return next((choice,) for choice in get_args(parts[0]) if (choice,) != before)
    size = len(before) if before else len(parts) - (Ellipsis in parts)
    if inner_type(parts[0]) is int:
        return tuple(2 + place + number for place in range(size))
    return tuple(round(0.1 * (place + 1) + STEP * number / 10, 6) for place in range(size))
