"""Launch many runs at the same moment, each in a process of its own, in a workspace that is not there yet.

As a program: ``launching.py <folder> <launches> <rounds>``; it prints a `Launches` of each kind as JSON: of identical
launches, and of different ones.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from forking import Forked, load_everything
from killing import config
from supervising import start_these

from histo_core.runs import api
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace


@dataclass
class Launches:
    """What came of all rounds together.

    Attributes:
        asked: launches.
        refused: what those said that failed.
        runs: how many runs there are afterwards, round by round.
        told: how many different runs the launches were told of, round by round.
        supervisors: how many served, round by round.
        slowest: seconds of the slowest launch.
    """

    asked: int
    refused: list[str]
    runs: list[int]
    told: list[int]
    supervisors: list[int]
    slowest: float


def launch_at_once(folder: Path, launches: int, *, same: bool, into: Launches) -> None:
    """One round: the processes are there, and begin when the last of them is."""
    workspace = Workspace(folder / "home")
    wait, begin = os.pipe()
    processes = []
    for number in range(launches):
        call = _launch(wait, begin, workspace, 0 if same else number)
        processes.append(Forked(call, folder / f"{number}.txt"))
    os.close(begin)
    codes = [process.wait() for process in processes]
    os.close(wait)
    said = [(folder / f"{number}.txt").read_text().split() for number in range(launches)]
    into.asked += launches
    into.refused += [" ".join(words)[-300:] for words, code in zip(said, codes, strict=True) if code]
    done = [words for words, code in zip(said, codes, strict=True) if not code]
    into.told.append(len({words[-2] for words in done}))
    into.slowest = max([into.slowest, *(float(words[-1]) for words in done)])
    into.runs.append(len(Store.open(workspace).runs()))
    into.supervisors.append((workspace.logs / "supervisor.log").read_text().count(" serves "))
    _end_all(workspace)


def _launch(wait: int, begin: int, workspace: Workspace, seed: int) -> Callable[[], int]:
    def call() -> int:
        os.environ["HISTOSCOPE_HOME"] = str(workspace.home)
        start_these("waiting")  # so that each run is active until all launches are done
        os.close(begin)
        os.read(wait, 1)
        begun = time.monotonic()
        run = api.launch(config(seed, 1), workspace)
        print(run.run_id, round(time.monotonic() - begun, 2))
        return 0

    return call


def _end_all(workspace: Workspace) -> None:
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("HISTOSCOPE_HOME") == str(workspace.home):
                process.kill()
        except psutil.Error:
            continue


def main(folder: Path, launches: int, rounds: int) -> None:
    load_everything()
    found = {}
    for kind in ("same", "different"):
        found[kind] = Launches(0, [], [], [], [], 0.0)
        for number in range(rounds):
            round_folder = folder / kind / str(number)
            round_folder.mkdir(parents=True)
            launch_at_once(round_folder, launches, same=kind == "same", into=found[kind])
    print(json.dumps({kind: asdict(launched) for kind, launched in found.items()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
