"""Kill servers and supervisors at random moments, and see what becomes of the runs.

As a program: ``supervisor_killing.py <folder> <rounds> <seed>``; it prints a `Kills` as JSON. A server is a process
that launches runs, as a page does. In each round one is killed with its whole group, then the supervisor, and every
third time a worker, too. The next server finds the runs without a supervisor.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from forking import Forked, load_everything
from killing import config
from supervising import claims, start_these

from histo_core.files import append_line
from histo_core.runs.api import ensure_supervisor, keep_supervised, launch, supervisor_alive
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace

BOUND_SECONDS = 75.0
_RUNS_A_SERVER = 2
_MOMENTS = 2.5
"""Seconds within which a kill comes."""


@dataclass
class Kills:
    """What came of it.

    Attributes:
        servers, supervisors, workers: how many were killed.
        runs: rows afterwards.
        acknowledged_lost: runs that a server had been told of and that are not there.
        duplicates: configurations with two runs, and runs that two workers claimed.
        wrong: runs whose status was not right in time: lost where their worker was killed, else succeeded.
        slowest: seconds from the last kill of a round until all runs had their right status.
    """

    servers: int = 0
    supervisors: int = 0
    workers: int = 0
    runs: int = 0
    acknowledged_lost: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0


def main(folder: Path, rounds: int, seed: int) -> None:
    load_everything()
    os.environ["HISTOSCOPE_HOME"] = str(folder)
    start_these("working")
    workspace, draw, found = Workspace(folder), random.Random(seed), Kills()
    folder.mkdir(parents=True, exist_ok=True)
    killed_workers: set[str] = set()
    for number in range(rounds):
        server = Forked(lambda number=number: _serve(number, workspace), folder / "server.txt")
        _end(server, draw.uniform(0.0, _MOMENTS))
        found.servers += 1
        time.sleep(draw.uniform(0.0, _MOMENTS))
        os.kill(ensure_supervisor(workspace), signal.SIGKILL)
        found.supervisors += 1
        if number % 3 == 0 and (run_id := _kill_worker(workspace)) is not None:
            killed_workers.add(run_id)
            found.workers += 1
        found.slowest = max(found.slowest, _wait_until_right(workspace, killed_workers))
    _judge(workspace, killed_workers, found)
    if (supervisor := supervisor_alive(workspace)) is not None:
        os.kill(supervisor, signal.SIGKILL)
    print(json.dumps(asdict(found)))


def _serve(number: int, workspace: Workspace) -> int:
    for seed in range(number * _RUNS_A_SERVER, (number + 1) * _RUNS_A_SERVER):
        run = launch(config(seed, 1), workspace)
        append_line(workspace.home / "acknowledged.txt", run.run_id)
    return 0


def _end(server: Forked, seconds: float) -> None:
    time.sleep(seconds)
    server.kill()
    server.wait()


def _kill_worker(workspace: Workspace) -> str | None:
    for held in Store.open(workspace).running():
        held.worker.kill()
        return held.run.run_id
    return None


def _wait_until_right(workspace: Workspace, killed: set[str]) -> float:
    """Seconds until all runs are as they should be, with a server that looks after them as a page does."""
    begun = time.monotonic()
    store = Store.open(workspace)
    while time.monotonic() - begun < BOUND_SECONDS:
        keep_supervised(workspace)
        if not _wrong(store, killed):
            break
        time.sleep(0.1)
    return time.monotonic() - begun


def _wrong(store: Store, killed: set[str]) -> list[str]:
    """Runs with another status than they should have. One whose worker was killed after its end has succeeded."""
    right = {True: (RunStatus.INTERRUPTED, RunStatus.SUCCEEDED), False: (RunStatus.SUCCEEDED,)}
    runs = store.runs(limit=100_000)
    return [f"{run.run_id} is {run.status}" for run in runs if run.status not in right[run.run_id in killed]]


def _judge(workspace: Workspace, killed: set[str], found: Kills) -> None:
    store = Store.open(workspace)
    runs = store.runs(limit=100_000)
    found.runs, found.wrong = len(runs), _wrong(store, killed)
    twice = Counter(run.config_hash for run in runs)
    found.duplicates = [f"{digest[:12]}: {count} runs" for digest, count in twice.items() if count > 1]
    claimed = Counter(claims(workspace))
    found.duplicates += [f"{run_id}: {count} workers" for run_id, count in claimed.items() if count > 1]
    told = workspace.home / "acknowledged.txt"
    acknowledged = told.read_text().split() if told.exists() else []
    found.acknowledged_lost = sorted(set(acknowledged) - {run.run_id for run in runs})


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
