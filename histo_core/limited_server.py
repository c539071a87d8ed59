"""Serve `limited` as its waiting process: load modules, and fork for each request.

The waiting process computes nothing itself, so that no thread is lost in a fork. It ends with the process that started
it.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import struct
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from histo_core.errors import HistoscopeError


def serve(control: socket.socket) -> None:
    """Accept connections until no process can send any."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that started us
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forked processes
    while True:
        message, sent, *_ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        with socket.socket(fileno=sent[0]) as connection:
            _answer(connection, control)


def _answer(connection: socket.socket, control: socket.socket) -> None:
    with connection.makefile("rb") as file:
        head = file.read(8)
        if len(head) < 8:  # the client has already closed the connection
            return
        order = json.loads(file.read(*struct.unpack("<Q", head)))
        module, _, name = order["target"].partition(":")
        function = getattr(import_module(module), name)
        if os.fork():
            return
        control.close()
        code = 1
        try:
            _limit(order["seconds"], order["memory_bytes"])
            answer = _called(function, file.read(order["bytes"]))
            connection.sendall(answer)
            code = 0
        finally:
            os._exit(code)


def _called(function: object, request: bytes) -> bytes:
    try:
        answer = function(request)  # type: ignore[operator] (the name comes from our own code)
        return b"+" + struct.pack("<Q", len(answer)) + answer
    except HistoscopeError as error:
        said = json.dumps([type(error).__name__, error.found, error.allowed, error.remedy]).encode()
        return b"-" + struct.pack("<Q", len(said)) + said


def _limit(seconds: float, memory_bytes: int) -> None:
    """Kill this process after some seconds, and limit the memory that it takes beyond what it has."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    with suppress(OSError):  # on systems other than Linux only the time is limited
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + memory_bytes, taken + memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # discard what libraries print when memory runs out


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
