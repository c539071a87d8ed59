"""Names of the sets of a published split in folders, files and tables."""

from __future__ import annotations

SETS_BY_NAME = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "val": "valid",
    "validation": "valid",
    "test": "test",
    "testing": "test",
}
"""Names in lower case, and the set that each means."""


def set_named(name: str) -> str | None:
    """Return the set that a name means in any case ("Val" is "valid"), or None where it means none."""
    return SETS_BY_NAME.get(name.strip().lower())
