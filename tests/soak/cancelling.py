"""Cancel runs at every stage of their life, some of workers that do not listen, and see when nothing is left alive.

As a program: ``cancelling.py <folder> <cancels> <grace>``; it prints a `Cancels` as JSON. Workers are the real ones,
with a real network, which wait at their stage until the run is cancelled. An obedient one then goes on, a deaf one
ignores SIGTERM and the wish in the store, a suspended one is stopped by SIGSTOP; the latter two have a helper process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from forking import Forked, load_everything
from killing import config

from histo_core.files import write_atomically
from histo_core.runs.api import cancel, launch
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker import stages, supervisor
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.runs.worker.supervisor_process import supervise, supervisor_identity
from histo_core.runs.worker.worker import work
from histo_core.training import checkpoint, session
from histo_core.training.events import BatchDone
from histo_core.workspace import Workspace

STAGES = ("queued", "starting", "claimed", "first batch", "validation", "checkpoint", "predicting", "after all")
BEHAVIOURS = ("obedient", "deaf", "suspended")
_DEVICES = 8
_MAY_SUCCEED = ("predicting, obedient", "after all, obedient")
"""What is all but done may be done before the wish arrives."""
_HEARD_SECONDS = 0.5
"""What an obedient worker leaves a wish to arrive; less than it takes in half of the cases."""
_LATE_SECONDS = 300.0
"""How long a worker may take to its stage; on a busy machine many of them share two cores."""


@dataclass
class Cancels:
    """What came of it.

    Attributes:
        counts: cancels by stage and behaviour.
        slowest: seconds from a cancellation until none of the worker's processes was alive, by behaviour.
        alive: processes that were still there 10 s after the time to stop.
        wrong: runs whose status was not what it should be: cancelled, or succeeded where all but was done already.
    """

    counts: dict[str, int] = field(default_factory=dict)
    slowest: dict[str, float] = field(default_factory=dict)
    alive: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass
class _Case:
    run: Run
    stage: str
    behaviour: str
    cancelled_at: float | None = None
    processes: tuple[ProcessIdentity, ...] = ()


def main(folder: Path, cancels: int, grace: float) -> None:
    load_everything()
    os.environ["HISTOSCOPE_HOME"] = str(folder)
    folder.mkdir(parents=True, exist_ok=True)
    workspace, found = Workspace(folder), Cancels()
    served = Forked(lambda: _supervise(workspace, grace), folder / "supervisor.txt")  # before anything is computed
    while supervisor_identity(workspace) is None:
        time.sleep(0.1)
    os.kill(served.pid, signal.SIGSTOP)
    cases = [_queue(number, workspace, found) for number in range(cancels)]
    os.kill(served.pid, signal.SIGCONT)
    waiting, cancelled = [case for case in cases if case.stage != "queued"], list[_Case]()
    deadline = time.monotonic() + _LATE_SECONDS
    while (waiting or cancelled) and time.monotonic() < deadline:
        for case in [case for case in waiting if _reached(workspace, case)]:
            cancel(case.run.run_id, workspace)
            case.cancelled_at = time.monotonic()
            (workspace.run_folder(case.run.run_id) / "go").touch()
            waiting.remove(case)
            cancelled.append(case)
            deadline = time.monotonic() + _LATE_SECONDS
        for case in [case for case in cancelled if _is_over(case, grace + 10.0, found)]:
            cancelled.remove(case)
        time.sleep(0.05)
    found.alive += [f"{case.stage}, {case.behaviour}: never came to its stage" for case in waiting]
    time.sleep(2.0)  # the supervisor's last look
    _judge(Store.open(workspace), found)
    served.kill()
    served.wait()
    print(json.dumps(asdict(found)))


def _queue(number: int, workspace: Workspace, found: Cancels) -> _Case:
    lap, place = divmod(number, len(STAGES))
    stage, behaviour = STAGES[place], BEHAVIOURS[(place + lap) % len(BEHAVIOURS)]
    if stage == "queued":
        behaviour = "obedient"
    run = launch(config(number, 2), workspace, name=f"{stage}, {behaviour}", start_supervisor=False)
    # Of devices that all stand for the processor, so that many are served at once.
    Store.open(workspace).change(run.run_id, sa.true(), device=f"cuda:{number % _DEVICES}")
    found.counts[run.name] = found.counts.get(run.name, 0) + 1
    if stage == "queued":
        cancel(run.run_id, workspace)
    return _Case(run, stage, behaviour)


def _reached(workspace: Workspace, case: _Case) -> bool:
    """Whether the worker waits at its stage; who must end is noted then."""
    file = workspace.run_folder(case.run.run_id) / "reached.json"
    if not file.exists():
        return False
    processes = [ProcessIdentity.of(pid) for pid in json.loads(file.read_text())]
    case.processes = tuple(process for process in processes if process is not None)
    return True


def _is_over(case: _Case, bound: float, found: Cancels) -> bool:
    assert case.cancelled_at is not None
    gone = time.monotonic() - case.cancelled_at
    alive = [process for process in case.processes if process.alive()]
    if alive and gone <= bound:
        return False
    if alive:
        found.alive.append(f"{case.run.name}: {len(alive)} of {len(case.processes)} processes after {gone:.0f} s")
    found.slowest[case.behaviour] = max(found.slowest.get(case.behaviour, 0.0), gone)
    return True


def _judge(store: Store, found: Cancels) -> None:
    for run in store.runs(limit=100_000):
        done = run.name in _MAY_SUCCEED and run.status is RunStatus.SUCCEEDED
        if run.status is not RunStatus.CANCELLED and not done:
            found.wrong.append(f"{run.name}: {run.status} ({run.reason})")


def _supervise(workspace: Workspace, grace: float) -> int:
    def started(command: Sequence[str], **_: object) -> Forked:
        (run_id,) = command
        name = Store.open(workspace).get(run_id).name
        return Forked(lambda: _work(run_id, name, workspace), workspace.run_folder(run_id) / "log.txt")

    supervisor.subprocess = SimpleNamespace(Popen=started, DEVNULL=subprocess.DEVNULL)
    supervise(workspace, command=lambda run_id: [run_id], grace_seconds=grace, poll_seconds=0.2)
    return 0


def _work(run_id: str, name: str, workspace: Workspace) -> int:
    """Be the worker of a run, and wait at its stage until it was cancelled."""
    stage, behaviour = name.split(", ")

    def reach() -> None:
        nonlocal stage
        stage = ""  # once
        _wait(workspace.run_folder(run_id), behaviour)

    def before(plain: Callable[..., Any], named: str) -> Callable[..., Any]:
        def call(*given: Any, **options: Any) -> Any:
            if stage == named:
                reach()
            return plain(*given, **options)

        return call

    plain_claim, plain_fit = Store.claim, stages.fit

    def claim(*given: Any) -> Run:
        run = plain_claim(*given)
        if stage == "claimed":
            reach()
        return replace(run, device="cpu")

    def fit(*given: Any, **options: Any) -> Any:
        for event in plain_fit(*given, **options):
            yield event
            if stage == "first batch" and isinstance(event, BatchDone):
                reach()

    Store.claim, stages.fit = claim, fit
    session.validate = before(session.validate, "validation")
    checkpoint.write_manifest = before(checkpoint.write_manifest, "checkpoint")
    stages.predict_sets = before(stages.predict_sets, "predicting")
    stages.write_manifest = before(stages.write_manifest, "after all")
    if stage == "starting":
        reach()
    return work(run_id, workspace)


def _wait(folder: Path, behaviour: str) -> None:
    """Say that the stage is reached, with all process ids, and wait; only an obedient worker ever goes on."""
    processes = [os.getpid()]
    if behaviour != "obedient":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        helper = subprocess.Popen(["sleep", "600"])
        processes.append(helper.pid)
    if behaviour == "suspended":
        os.kill(helper.pid, signal.SIGSTOP)
    write_atomically(folder / "reached.json", json.dumps(processes).encode())
    if behaviour == "suspended":
        os.kill(os.getpid(), signal.SIGSTOP)
    while behaviour != "obedient" or not (folder / "go").exists():
        time.sleep(0.05)
    time.sleep(_HEARD_SECONDS)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
