"""Paths behind which no ordinary file is: pipes, sockets, devices, folders, links to nothing, and sparse giants."""

from __future__ import annotations

import os
import random
import socket
from pathlib import Path

from hostile_kind import CHECKPOINT, CONFIG, CORRUPT, NOT_FOUND, READ, UNSAFE, Kind


def _pipe(path: Path, rng: random.Random) -> None:
    os.mkfifo(path)


def _socket(path: Path, rng: random.Random) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's whole path must be short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def _device(path: Path, rng: random.Random) -> None:
    path.symlink_to(rng.choice(["/dev/zero", "/dev/random", "/dev/tty", "/dev/null"]))


def _folder(path: Path, rng: random.Random) -> None:
    path.mkdir()


def _nothing(path: Path, rng: random.Random) -> None:
    path.symlink_to("nowhere")


def _giant(path: Path, rng: random.Random) -> None:
    with path.open("wb") as file:
        file.write(rng.choice([b"", b"\x89PNG\r\n\x1a\n", b"PAR1", b"\x1f\x8b\x08\x00", b"\x40\0\0\0\0\0\0\0{}"]))
        file.truncate(rng.randrange(8 << 30, 20 << 30))


def _empty(path: Path, rng: random.Random) -> None:
    path.touch()


_MAKERS = {
    "pipe": _pipe,
    "socket": _socket,
    "device": _device,
    "folder": _folder,
    "nothing": _nothing,
    "giant": _giant,
    "empty": _empty,
}
_DATA = dict.fromkeys(_MAKERS, NOT_FOUND) | {"giant": UNSAFE, "empty": CORRUPT}
_EXPECTED: dict[str, dict[str, str]] = {
    "image": _DATA,
    "csv": _DATA,
    "parquet": _DATA,
    "predictions": _DATA,
    "hdf5": _DATA | {"giant": CORRUPT},
    "column": _DATA | {"giant": CORRUPT},
    "gzip": dict.fromkeys(_MAKERS, CORRUPT),
    "tar": dict.fromkeys(_MAKERS, CORRUPT),
    "config": dict.fromkeys(_MAKERS, CONFIG),
    "json": dict.fromkeys(_MAKERS, CHECKPOINT) | {"nothing": READ},
    "events": dict.fromkeys(_MAKERS, READ),
    "log": dict.fromkeys(_MAKERS, READ),
    "weights": dict.fromkeys(_MAKERS, CHECKPOINT),
}
_FILES = {"json": "manifest.json", "events": "events.jsonl", "log": "log.txt"}


def _secret(path: Path, rng: random.Random) -> None:
    other = path.with_name("other")
    other.write_text("secret\n")
    path.symlink_to(other)


KINDS = (
    *(
        Kind(f"{door} {name}", door, make, (expected[name],), _FILES.get(door, "file.bin"), most=3)
        for door, expected in _EXPECTED.items()
        for name, make in _MAKERS.items()
    ),
    Kind("log link", "log", _secret, (READ,), "log.txt", most=3),
)
