"""What a kind of hostile file is."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

READ, CORRUPT, UNSAFE = "read", "CorruptDataError", "UnsafeFileError"
NOT_FOUND, CONFIG, CHECKPOINT = "DataNotFoundError", "ConfigError", "CheckpointError"


@dataclass(frozen=True)
class Kind:
    """Files that differ in numbers only.

    Attributes:
        name: of the kind.
        door: by which the program reads it, a name of `hostile_doors.DOORS`.
        make: writes one at a path, with numbers drawn from the generator.
        expected: "read", or the class of the error that must come.
        file: its name.
        most: how many of it are worth the time.
    """

    name: str
    door: str
    make: Callable[[Path, random.Random], object]
    expected: tuple[str, ...]
    file: str = "file.bin"
    most: int = 1_000_000


def written(make: Callable[[random.Random], bytes]) -> Callable[[Path, random.Random], object]:
    """Write what a function makes of random numbers."""
    return lambda path, rng: path.write_bytes(make(rng))
