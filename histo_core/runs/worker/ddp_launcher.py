"""Start the other processes of a run on several devices of one machine; they end with the run's worker.

The worker is rank 0, and torchrun's variables give each process its rank. The processes rendezvous through a file in
a private folder and communicate over the loopback interface, so that nothing listens to the network. Under torchrun
all processes exist already, and nothing is started here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import torch

from histo_core.config import TrainConfig
from histo_core.errors import HistoscopeError, TrainingError
from histo_core.regular_files import read_end
from histo_core.runs.worker.ddp_worker import FIRST_DEVICE, ready_file, reason_file
from histo_core.training.distributed.meeting import MEETING_FILE

END_SECONDS = 30.0
"""Seconds that the others may take to end after rank 0; they have nothing left to do."""
READY_SECONDS = 0.05
"""Seconds between two checks whether the others are ready."""
_REASON_BYTES = 16_384
REASON_SECONDS = 5.0
"""Seconds to wait for the reason of the first failed process, once its failure was noticed."""


@contextmanager
def launch_ranks(run_id: str, config: TrainConfig, folder: Path) -> Iterator[None]:
    """Start ranks 1, 2, ... of a run; within the block this process is rank 0. At the end all of them have ended.

    Args:
        run_id: for their command line.
        config: gives the number of processes.
        folder: the run's folder; each process writes ``rank-<n>.txt`` there.

    Raises:
        TrainingError: another process failed or was killed, with its reason.
    """
    if config.devices == 1 or "TORCHELASTIC_RUN_ID" in os.environ:
        yield
        return
    with (
        tempfile.TemporaryDirectory(prefix="histoscope-ranks-") as name,
        _environment(rank_variables(config, Path(name))) as environment,
        _threads(int(environment["OMP_NUM_THREADS"])),
    ):
        others = {rank: _start(run_id, rank, folder) for rank in range(1, config.devices)}
        try:
            _wait_until_ready(others, Path(name))
            yield
            _wait(others.values(), END_SECONDS)
        except HistoscopeError:
            raise
        except Exception as error:
            reason = _reason(others, Path(name))
            if reason is None:
                raise
            raise TrainingError(
                reason, "All processes of a run must go on.", "Resume the run: the last checkpoint is intact."
            ) from error
        finally:
            _end(others.values())


def rank_variables(config: TrainConfig, folder: Path) -> dict[str, str]:
    """Return the environment of the first process, by which the processes of a run find each other in a folder."""
    count = str(config.devices)
    threads = config.threads or max(1, torch.get_num_threads() // config.devices)
    variables = {
        "RANK": "0",
        "LOCAL_RANK": "0",
        "WORLD_SIZE": count,
        "LOCAL_WORLD_SIZE": count,
        "OMP_NUM_THREADS": str(threads),
        FIRST_DEVICE: config.device,
        MEETING_FILE: str(folder / "meeting"),
    }
    if loopback := _loopback():
        variables |= {"GLOO_SOCKET_IFNAME": loopback, "NCCL_SOCKET_IFNAME": loopback}
    return variables


def _loopback() -> str | None:
    interfaces = psutil.net_if_addrs().items()
    return next((name for name, kinds in interfaces if any(kind.address == "127.0.0.1" for kind in kinds)), None)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield variables
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Divide the cores among processes that share a CPU."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _start(run_id: str, rank: int, folder: Path) -> subprocess.Popen[bytes]:
    """Start a process in the worker's group, so that both are killed together; its stdin ends when the worker ends."""
    with (folder / f"rank-{rank}.txt").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "histo_core", "worker", run_id],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=os.environ | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )


def _wait_until_ready(others: Mapping[int, subprocess.Popen[bytes]], folder: Path) -> None:
    """Wait until all processes are ready; the rendezvous itself would wait minutes for one that is missing."""
    for rank, process in others.items():
        while not ready_file(folder / "meeting", rank).exists():
            if process.poll() is not None:
                raise RuntimeError(f"rank {rank} ended before training began")
            time.sleep(READY_SECONDS)


def _reason(others: Mapping[int, subprocess.Popen[bytes]], folder: Path) -> str | None:
    """Return why the others failed: the reason that one wrote, else how one ended; None where none failed."""
    _wait(others.values(), REASON_SECONDS)
    for rank in others:
        with suppress(OSError):
            said = read_end(reason_file(folder / "meeting", rank), _REASON_BYTES).decode(errors="replace")
            return f"Process {rank + 1} of {len(others) + 1} failed: {said}"
    ended = {rank: code for rank, process in others.items() if (code := process.poll())}
    # A killed process ended first; the rest failed because it was gone.
    for rank, code in sorted(ended.items(), key=lambda item: item[1]):
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"Process {rank + 1} of {len(others) + 1} {how}; see rank-{rank}.txt in the run's folder."
    return None


def _wait(processes: Iterable[subprocess.Popen[bytes]], seconds: float) -> None:
    """Wait until all processes have ended, at most the given time."""
    deadline = time.monotonic() + seconds
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))


def _end(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()  # has no effect where it has ended
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
