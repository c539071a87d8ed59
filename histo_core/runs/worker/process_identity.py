"""Identify a process by id, start time and boot; the system reuses process ids."""

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
# The starter ends at once, so that its child is not ours and never becomes our zombie.
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
        started: its start time; seconds since the boot on Linux, else since 1970.
        boot: the boot it belongs to; after a reboot no earlier process counts as alive. See `boot_id`.
    """

    pid: int
    started: float
    boot: str

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity | None:
        """Return the live process with this id, or None. A zombie has ended and only waits for its parent."""
        try:
            process = psutil.Process(pid)
            if process.status() in _ENDED:
                return None
            return cls(pid, _start_time(process), boot_id())
        except psutil.Error:
            return None

    @classmethod
    def current(cls) -> ProcessIdentity:
        """Return this process's identity."""
        pid = os.getpid()
        return cls(pid, _start_time(psutil.Process(pid)), boot_id())

    def alive(self) -> bool:
        """Return whether this process, and not another with its id, still runs."""
        return self.boot == boot_id() and ProcessIdentity.of(self.pid) == self

    def terminate(self) -> None:
        """Ask the process to stop (SIGTERM), if it still runs."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Kill the process (SIGKILL) and the group that it leads; if it has ended, kill the rest of its group.

        The system does not reuse the number of a group that still has members. So a number without a process belongs
        to this group or to nobody.
        """
        with suppress(ProcessLookupError, PermissionError):
            if self.alive():
                leads = os.getpgid(self.pid) == self.pid
                (os.killpg if leads else os.kill)(self.pid, signal.SIGKILL)
            elif self.boot == boot_id() and ProcessIdentity.of(self.pid) is None:
                os.killpg(self.pid, signal.SIGKILL)


@cache
def boot_id() -> str:
    """Return an id of this boot of this machine and of this process's PID namespace.

    Containers of one machine share its boot, but each numbers its own processes. Without the namespace, one container
    would mistake its process 7 for that of another.
    """
    if not _BOOT_ID.exists():
        return f"{psutil.boot_time():.0f}"
    try:
        numbering = f" {_NUMBERING.stat().st_ino}"
    except OSError:  # not readable
        numbering = ""
    return _BOOT_ID.read_text().strip() + numbering


def _start_time(process: psutil.Process) -> float:
    if not sys.platform.startswith("linux"):
        return process.create_time()
    # create_time() adds the boot's time of day, which changes when the clock is set; ticks since boot do not.
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        raise psutil.NoSuchProcess(process.pid) from None
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")


def start_detached(command: Sequence[str], *, log: Path, folder: Path, environment: Mapping[str, str]) -> None:
    """Start a process that outlives this one: its own session, no terminal, output appended to ``log``.

    Raises:
        OSError, subprocess.CalledProcessError: it could not be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    starter = [sys.executable, "-I", "-S", "-c", _STARTER, str(log), *command]
    subprocess.run(starter, cwd=folder, env=dict(environment), check=True)
