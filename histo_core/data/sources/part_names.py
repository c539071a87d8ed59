"""What the parts of a published split are called in folders, files and tables."""

from __future__ import annotations

PARTS_BY_NAME = {
    "train": "train",
    "training": "train",
    "valid": "valid",
    "val": "valid",
    "validation": "valid",
    "test": "test",
    "testing": "test",
}
"""Names that fix a part, in lower case, and the part."""


def part_named(name: str) -> str | None:
    """The part that a name fixes in any case ("Val" is "valid"), or None where it fixes none."""
    return PARTS_BY_NAME.get(name.strip().lower())
