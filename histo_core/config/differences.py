"""List what differs between configurations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MISSING = None
"""The value of a field that a configuration does not have, such as another network's option."""


@dataclass(frozen=True)
class FieldDifference:
    """One field that differs: its dotted name, such as ``train.epochs``, and its value in each configuration."""

    field: str
    values: tuple[Any, ...]


def differences(configs: Sequence[Mapping[str, Any]]) -> tuple[FieldDifference, ...]:
    """Return the fields in which plain configurations differ, in the order of the first one.

    Args:
        configs: configurations as plain values (``RunConfig.model_dump(mode="json")``). A list counts as one value.

    Example:
        >>> differences([{"train": {"epochs": 3}, "seed": 0}, {"train": {"epochs": 8}, "seed": 0}])
        (FieldDifference(field='train.epochs', values=(3, 8)),)
    """
    flat = [dict(_fields(config)) for config in configs]
    names = dict.fromkeys(name for one in flat for name in one)
    found = (FieldDifference(name, tuple(one.get(name, MISSING) for one in flat)) for name in names)
    return tuple(one for one in found if any(value != one.values[0] for value in one.values))


def _fields(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _fields(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
