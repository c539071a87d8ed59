"""Hostile files of every kind that users can bring, each with the outcome that is expected of it.

    python tests/soak/hostile.py --count 1000 --seed 0

Each file is written, read in a process of its own through the door that the program has for it, and removed. The
process has a clock and a limit of memory; both peaks are printed with the outcome.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import hostile_images
import hostile_settings
import hostile_special
import hostile_tables
import hostile_weights
from hostile_doors import DOORS, IN_CHILDREN, load, warm_up
from hostile_kind import Kind

KINDS: tuple[Kind, ...] = (
    *hostile_special.KINDS,
    *hostile_images.KINDS,
    *hostile_tables.KINDS,
    *hostile_settings.KINDS,
    *hostile_weights.KINDS,
)
MEMORY_BYTES = 1 << 30
SECONDS = 5.0
_GIVEN_UP = 60.0


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    Attributes:
        name: its kind and number.
        expected: the outcomes that are right.
        found: "read", the class of our own error, another error's text, or how its process ended.
        seconds: until then, without those in which other processes of a busy machine had the CPU.
        megabytes: of memory beyond what its process had before.
    """

    name: str
    expected: tuple[str, ...]
    found: str
    seconds: float
    megabytes: float

    @property
    def passed(self) -> bool:
        return self.found in self.expected and self.seconds <= SECONDS and self.megabytes <= MEMORY_BYTES >> 20


def chosen(count: int, seed: int) -> Iterator[tuple[str, Kind, random.Random]]:
    """So many files: all kinds in turn, each time with other numbers; fewer than the kinds are a sample of them."""
    rng = random.Random(seed)
    kinds = list(KINDS) if count >= len(KINDS) else rng.sample(KINDS, count)
    rounds = [0] * len(kinds)
    place = made = 0
    while made < count:
        kind = kinds[place % len(kinds)]
        if rounds[place % len(kinds)] < kind.most:
            rounds[place % len(kinds)] += 1
            made += 1
            yield f"{kind.name}-{rounds[place % len(kinds)]}", kind, random.Random(rng.randrange(1 << 60))
        place += 1


def tried(name: str, kind: Kind, rng: random.Random, folder: Path) -> Outcome:
    """Write one file, read it in a process of its own, and remove it."""
    folder.mkdir()
    try:
        path = folder / kind.file
        kind.make(path, rng)
        read = _here if kind.door in IN_CHILDREN else _apart
        return Outcome(name, kind.expected, *read(lambda: DOORS[kind.door](path)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _apart(read: Callable[[], object]) -> tuple[str, float, float]:
    reading, writing = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if not child:
        os.close(reading)
        os.write(writing, json.dumps(_measured(read)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        answer = file.read()
    _, status = os.waitpid(child, 0)
    seconds = time.monotonic() - started
    if not answer:
        return f"its process ended with {os.waitstatus_to_exitcode(status)}", seconds, 0.0
    found, megabytes, waited = json.loads(answer)
    return found, seconds - waited, megabytes


def _here(read: Callable[[], object]) -> tuple[str, float, float]:
    started, before = time.monotonic(), _memory("VmRSS")
    found = _outcome(read)
    return found, time.monotonic() - started, max(_memory("VmRSS") - before, 0) / 1024


def _measured(read: Callable[[], object]) -> tuple[str, float, float]:
    """Outcome, megabytes, and seconds during which other processes had the CPU."""
    signal.setitimer(signal.ITIMER_REAL, _GIVEN_UP)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _memory("VmRSS")
    space = _memory("VmSize") * 1024 + 2 * MEMORY_BYTES  # what is only set aside counts here
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    found = _outcome(read)
    waited = int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    return found, max(_memory("VmHWM") - before, 0) / 1024, waited


def _outcome(read: Callable[[], object]) -> str:
    try:
        read()
    except Exception as error:
        ours = type(error).__module__ == "histo_core.errors"
        return type(error).__name__ if ours else f"{type(error).__name__}: {error}"[:200]
    return "read"


def _memory(what: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(what))
    return int(line.split()[1])


def main() -> None:
    """Print each outcome as a line of JSON."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--skip", type=int, default=0, help="files to leave out before")
    parser.add_argument("--only", default="", help="kinds whose name begins so")
    given = parser.parse_args()
    load()
    warm_up()
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        os.environ["HISTOSCOPE_HOME"] = f"{name}/home"
        os.environ["HISTOSCOPE_DATA_ROOTS"] = name
        for number, (label, kind, rng) in enumerate(chosen(given.count, given.seed)):
            if number >= given.skip and label.startswith(given.only):
                print(json.dumps(asdict(tried(label, kind, rng, Path(name) / str(number)))), flush=True)


if __name__ == "__main__":
    sys.exit(main())
