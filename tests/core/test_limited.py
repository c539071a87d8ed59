"""Functions in short-lived processes."""

from __future__ import annotations

import os
import signal
import time

import pytest

from histo_core import limited
from histo_core.errors import ConfigError
from histo_core.limited import LimitReachedError, run_limited

MATCH = "histo_core.match_names:match"
REQUEST = b'{"pattern": "(.)", "names": ["abc", ""]}'


def test_a_function_gets_bytes_and_gives_bytes() -> None:
    assert run_limited(MATCH, REQUEST) == b'["a", null]'


def test_its_error_is_raised_here_with_its_sentences() -> None:
    with pytest.raises(ConfigError, match="has no group") as caught:
        run_limited(MATCH, b'{"pattern": "a", "names": []}')
    assert caught.value.remedy


def test_time_ends_and_the_next_call_works() -> None:
    started = time.monotonic()
    with pytest.raises(LimitReachedError, match=r"more than 0\.5 s"):
        run_limited(MATCH, b'{"pattern": "(a+)+$", "names": ["%b!"]}' % (b"a" * 60), seconds=0.5)
    assert time.monotonic() - started < 10
    assert run_limited(MATCH, REQUEST)


def test_memory_ends_in_an_error_and_not_here() -> None:
    request = b'{"pattern": "(a)", "names": [%b""]}' % (b'"abc",' * 2_000_000)
    with pytest.raises(LimitReachedError, match="64 MiB"):
        run_limited(MATCH, request, seconds=60, memory_bytes=64 << 20)


def test_a_waiting_process_that_was_killed_is_started_again() -> None:
    run_limited(MATCH, REQUEST)
    process = limited._server._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert run_limited(MATCH, REQUEST) == b'["a", null]'


def test_it_ends_with_the_process_that_started_it() -> None:
    server = limited._Server()
    server.connect().close()
    process = server._process
    assert process is not None
    assert server._control is not None
    server._control.close()
    assert process.wait(20) == 0
