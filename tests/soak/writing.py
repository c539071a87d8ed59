"""Many processes write rows at once, and are killed at random moments and started again until all rows are there.

As a program: ``writing.py <folder> <writers> <rows> <seconds between kills>``; it prints a `Writes` as JSON. A row is a
run; a writer notes its id, synced, once the store has acknowledged it.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from forking import Forked

from histo_core.config import RunConfig
from histo_core.files import append_line
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace


@dataclass
class Writes:
    """What came of it.

    Attributes:
        writers, acknowledged: how many writers there were, and rows that they were told of.
        kills: how often one of them was killed.
        rows: how many there are.
        lost: acknowledged rows that are not there.
        double: rows that are there more than once.
        failed: what writers said that failed by themselves.
        seconds: that the writing took.
    """

    writers: int
    acknowledged: int
    kills: int
    rows: int
    lost: int
    double: int
    failed: list[str]
    seconds: float


def main(folder: Path, writers: int, rows: int, pause: float) -> None:
    workspace, draw = Workspace(folder), random.Random(0)
    store, begun = Store.open(workspace), time.monotonic()
    active = {number: _start(workspace, number, rows) for number in range(writers)}
    kills, failed, next_kill = 0, list[str](), begun + draw.uniform(0.0, 2 * pause)
    while active:
        for number, writer in list(active.items()):
            if (code := writer.poll()) is None:
                continue
            del active[number]
            if code:
                failed.append((folder / f"writer-{number}.txt").read_text()[-500:])
        if active and time.monotonic() >= next_kill:
            number = draw.choice(sorted(active))
            active[number].kill()
            kills += active[number].wait() == -9
            active[number] = _start(workspace, number, rows)
            next_kill = time.monotonic() + draw.uniform(0.0, 2 * pause)
        time.sleep(0.01)
    seconds = time.monotonic() - begun
    told = [line for number in range(writers) for line in _acknowledged(workspace, number)]
    found = store.runs(limit=10 * writers * rows)
    twice = Counter(run.config.seed for run in found)
    ids = {run.run_id for run in found}
    done = Writes(
        writers=writers,
        acknowledged=len(set(told)),
        kills=kills,
        rows=len(found),
        lost=sum(run_id not in ids for run_id in told),
        double=sum(count > 1 for count in twice.values()),
        failed=failed,
        seconds=seconds,
    )
    print(json.dumps(asdict(done)))


def _start(workspace: Workspace, number: int, rows: int) -> Forked:
    return Forked(lambda: _write(workspace, number, rows), workspace.home / f"writer-{number}.txt")


def _write(workspace: Workspace, number: int, rows: int) -> int:
    """Go on where an earlier writer was killed: a row that it was not told of is written once more."""
    store = Store.open(workspace)
    for row in range(len(_acknowledged(workspace, number)), rows):
        run = store.enqueue(
            RunConfig(seed=number * rows + row),
            data_hash="d" * 64,
            split_fingerprint="f" * 64,
            device="cpu",
            name=f"writer {number}, row {row}",
        )
        append_line(_file(workspace, number), run.run_id)
    return 0


def _acknowledged(workspace: Workspace, number: int) -> list[str]:
    """Whole lines only: one that a kill tore was not acknowledged."""
    file = _file(workspace, number)
    lines = file.read_text().splitlines(keepends=True) if file.exists() else []
    return [line.strip() for line in lines if line.endswith("\n") and len(line) > 13]


def _file(workspace: Workspace, number: int) -> Path:
    return workspace.home / f"acknowledged-{number}.txt"


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
