"""The wheel brings the library and the dashboard, and ``histoscope app`` starts it in an empty folder."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from zipfile import ZipFile

import pytest
from installed import PROJECT, call, environment

from benchmarks._visitor import Visitor

SECONDS = 60.0
COMMANDS = [("--version",), ("models", "cnn_rnn"), ("data", "build", "--option", "patches=40"), ("runs", "list")]
NOT_FOUND = (
    "from importlib.util import find_spec\n"
    "found = {name: find_spec(name) is not None for name in ('histo_core', 'histo_dashboard', 'app', 'pages')}\n"
    "print(sorted(name for name in found if found[name]))"
)


def _sources(*roots: str) -> set[str]:
    found = (path for root in roots for path in (PROJECT / root).rglob("*") if path.is_file())
    return {str(path.relative_to(PROJECT)) for path in found if "__pycache__" not in path.parts}


def test_the_wheel_holds_the_library_and_the_dashboard_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
    dashboard = {"app.py", ".streamlit/config.toml", *_sources("pages", "assets")}
    assert len(dashboard) > 50
    assert set(names) == {*_sources("histo_core"), *(f"histo_dashboard/{name}" for name in dashboard)}


def test_nothing_called_app_or_pages_is_installed(borrowing: Path, tmp_path: Path) -> None:
    done = call(borrowing / "python", "-c", NOT_FOUND, folder=tmp_path)
    assert done.stdout == "['histo_core', 'histo_dashboard']\n"


def test_the_dashboard_starts_from_the_wheel_in_an_empty_folder(borrowing: Path, tmp_path: Path) -> None:
    _visit_home(borrowing, tmp_path)


@pytest.mark.wheel
def test_the_dashboard_starts_where_nothing_is_borrowed(owning: Path, tmp_path: Path) -> None:
    _visit_home(owning, tmp_path)


@pytest.mark.wheel
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_commands_run_where_nothing_is_borrowed(words: tuple[str, ...], owning: Path, tmp_path: Path) -> None:
    done = call(owning / "histoscope", *words, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def _visit_home(programs: Path, tmp_path: Path) -> None:
    """Start the dashboard, open Home as a browser does, and end it with Ctrl-C."""
    empty = tmp_path / "empty"
    empty.mkdir()
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    log = tmp_path / "log.txt"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [programs / "histoscope", "app", "--port", str(port)],
            cwd=empty,
            env=environment(tmp_path / "home", STREAMLIT_SERVER_HEADLESS="true"),
            stdout=output,
            stderr=output,
        )
    try:
        _wait_for(f"{address}/_stcore/health", server, log)
        page = urllib.request.urlopen(address, timeout=SECONDS)
        assert (page.status, page.headers["X-Frame-Options"]) == (200, "DENY")  # the second says that app.py runs
        pages, problem = asyncio.run(_home(address))
        assert ("data" in pages, problem) == (True, "")
        server.send_signal(signal.SIGINT)
        assert server.wait(SECONDS) == 0, log.read_text()
    finally:
        server.kill()
        server.wait(SECONDS)
    assert "Traceback" not in log.read_text()
    assert not any(empty.iterdir())


async def _home(address: str) -> tuple[list[str], str]:
    """The pages that a tab on Home is offered, by their addresses, and what is wrong with what it shows."""
    async with Visitor(address) as visitor:
        answer = await visitor.again()
        return visitor.pages, answer.problem


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        with suppress(OSError), urllib.request.urlopen(url, timeout=1):  # noqa: S310 (our own address)
            return
        time.sleep(0.1)
    raise AssertionError(f"{url} did not answer within {SECONDS:.0f} s: {log.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
