"""Run a function on bytes from a user in a short-lived process, with limits of time and memory.

Some files and patterns take endless time or all memory. A thread cannot be stopped; a process can. It is forked from a
waiting process that has loaded the needed modules (`limited_server`), so that it starts within milliseconds.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

from histo_core import errors

SECONDS = 5.0
MEMORY_BYTES = 1 << 30
"""Memory beyond that of the waiting process."""

_PACKAGE = Path(__file__).resolve().parent
_START_SECONDS = 60.0
"""Time to start the waiting process and to load a function's modules on a busy machine."""


class LimitReachedError(errors.HistoscopeError):
    """A process exceeded its limit of time or memory; callers say which task it was."""


def run_limited(
    target: str, request: bytes, *, seconds: float = SECONDS, memory_bytes: int = MEMORY_BYTES, limit: int = 1 << 30
) -> bytes:
    """Run a function of one module in a process of its own.

    Args:
        target: ``module:function``; the function takes bytes, returns bytes, and may raise only a `HistoscopeError`.
        request: the function's argument.
        seconds: time after which the process is killed, without that for loading the module once.
        memory_bytes: address space that the process may take beyond that of the waiting process.
        limit: largest number of bytes that are read of the answer.

    Raises:
        LimitReachedError: the function was too slow or took too much memory, or its process ended without an answer.
        HistoscopeError: the error that the function raised, of the same class.
    """
    order = json.dumps({"target": target, "seconds": seconds, "memory_bytes": memory_bytes, "bytes": len(request)})
    with _server.connect() as connection:
        connection.settimeout(_START_SECONDS + seconds)
        try:
            connection.sendall(_framed(order.encode()))
            connection.sendall(request)
            kind = _received(connection, 1)
            (length,) = struct.unpack("<Q", _received(connection, 8))
            answer = _received(connection, min(length, limit))
        except OSError:  # the process was killed, or does not answer
            raise LimitReachedError(
                f"It took more than {seconds:g} s or {memory_bytes >> 20:,} MiB.", "It must take less.", "Use less."
            ) from None
    if kind == b"+":
        return answer
    name, *sentences = json.loads(answer)
    raise getattr(errors, name, errors.HistoscopeError)(*sentences)


class _Server:
    """The waiting process that belongs to this process; it is started on first use, and again when it has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = 0

    def connect(self) -> socket.socket:
        """Return a new connection; a new process will listen at its other end."""
        ours, theirs = socket.socketpair()
        with theirs:
            for _ in range(2):
                try:
                    socket.send_fds(self._running(), [b"c"], [theirs.fileno()])
                except OSError:  # the waiting process was killed: try once more with a new one
                    self.stop()
                    continue
                return ours
        ours.close()
        raise LimitReachedError("The process that reads uploads does not start.", "", "Start Histoscope again.")

    def stop(self) -> None:
        """End the waiting process; working processes continue to their end."""
        with self._lock:
            if self._control is not None:
                self._control.close()
            if self._process is not None and self._owner == os.getpid():
                self._process.kill()
                self._process.wait()
            self._control = self._process = None

    def _running(self) -> socket.socket:
        with self._lock:
            if self._control is None or self._owner != os.getpid():  # a fork inherits its parent's and needs its own
                self._control, theirs = socket.socketpair()
                with theirs:
                    self._process = subprocess.Popen(
                        [sys.executable, "-m", "histo_core.limited_server", str(theirs.fileno())],
                        pass_fds=[theirs.fileno()],
                        stdin=subprocess.DEVNULL,
                        cwd=_PACKAGE.parent,
                        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                    )
                self._owner = os.getpid()
            return self._control


def _framed(content: bytes) -> bytes:
    return struct.pack("<Q", len(content)) + content


def _received(connection: socket.socket, size: int) -> bytes:
    """Read exactly ``size`` bytes.

    Raises:
        OSError: the other end closed the connection before.
    """
    parts, missing = [], size
    while missing:
        part = connection.recv(min(missing, 1 << 20))
        if not part:
            raise ConnectionError("it ended early")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


_server = _Server()
atexit.register(_server.stop)
