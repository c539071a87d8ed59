"""Who a process is: a process id alone is reused, with its start time and the boot it is unique."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NUMBERING = Path("/proc/self/ns/pid")
# The starter ends at once, so that what it started belongs to nobody: it never becomes our zombie.
_STARTER = """
import subprocess, sys
with open(sys.argv[1], "ab") as log:
    subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
"""
_ENDED = frozenset({psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD})


@dataclass(frozen=True)
class ProcessIdentity:
    """One process of one boot of one machine.

    Attributes:
        pid: the process id.
        started: when it started; seconds since the boot on Linux, else since 1970.
        boot: the boot it belongs to, so that a restart of the machine ends every process; see `boot_id`.
    """

    pid: int
    started: float
    boot: str

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity | None:
        """The living process with this id, or None. A zombie has ended: it only waits for its parent to look."""
        try:
            process = psutil.Process(pid)
            if process.status() in _ENDED:
                return None
            return cls(pid, _start_time(process), boot_id())
        except psutil.Error:
            return None

    @classmethod
    def current(cls) -> ProcessIdentity:
        """This process."""
        pid = os.getpid()
        return cls(pid, _start_time(psutil.Process(pid)), boot_id())

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return self.boot == boot_id() and ProcessIdentity.of(self.pid) == self

    def terminate(self) -> None:
        """Ask it to stop (SIGTERM), if it still runs."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Kill it (SIGKILL), with its whole group where it leads one; of one that has ended, what is left of its group.

        A group keeps its number from being given to another process, so that a number without a process is still its
        group's, or nobody's.
        """
        with suppress(ProcessLookupError, PermissionError):
            if self.alive():
                leads = os.getpgid(self.pid) == self.pid
                (os.killpg if leads else os.kill)(self.pid, signal.SIGKILL)
            elif self.boot == boot_id() and ProcessIdentity.of(self.pid) is None:
                os.killpg(self.pid, signal.SIGKILL)


@cache
def boot_id() -> str:
    """What tells this boot of this machine, and in it what numbers processes as ours, from every other.

    Containers of one machine share its boot, and each numbers its processes by itself: without the numbering's own
    number, one container would take its process 7 for that of another.
    """
    if not _BOOT_ID.exists():
        return f"{psutil.boot_time():.0f}"
    try:
        numbering = f" {_NUMBERING.stat().st_ino}"
    except OSError:  # hidden from us
        numbering = ""
    return _BOOT_ID.read_text().strip() + numbering


def _start_time(process: psutil.Process) -> float:
    if not sys.platform.startswith("linux"):
        return process.create_time()
    # create_time() adds the boot's time of day, which moves when the clock is set; the ticks since boot do not.
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        raise psutil.NoSuchProcess(process.pid) from None
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")


def start_detached(command: Sequence[str], *, log: Path, folder: Path, environment: Mapping[str, str]) -> None:
    """Start a process that outlives this one: a session of its own, no terminal, output appended to ``log``.

    Raises:
        OSError, subprocess.CalledProcessError: it could not be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    starter = [sys.executable, "-I", "-S", "-c", _STARTER, str(log), *command]
    subprocess.run(starter, cwd=folder, env=dict(environment), check=True)
