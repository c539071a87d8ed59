"""The process that waits for `limited`: it loads modules, and is split for each request.

It computes nothing itself, so that no thread is lost when it is split, and ends with the process that started it.
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
    """Take connections until nobody can send any."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that started us
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that were split off
    while True:
        message, sent, *_ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        with socket.socket(fileno=sent[0]) as connection:
            _answer(connection, control)


def _answer(connection: socket.socket, control: socket.socket) -> None:
    with connection.makefile("rb") as file:
        head = file.read(8)
        if len(head) < 8:  # who asked is gone already
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
        answer = function(request)  # type: ignore[operator] (a name that our own code gave)
        return b"+" + struct.pack("<Q", len(answer)) + answer
    except HistoscopeError as error:
        said = json.dumps([type(error).__name__, error.found, error.allowed, error.remedy]).encode()
        return b"-" + struct.pack("<Q", len(said)) + said


def _limit(seconds: float, memory_bytes: int) -> None:
    """Kill this process after so many seconds, and give it so much memory beyond what it has."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    with suppress(OSError):  # elsewhere than on Linux the time is limited alone
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + memory_bytes, taken + memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what a library says when memory ends is for nobody


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
