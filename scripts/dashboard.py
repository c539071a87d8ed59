"""Start the dashboard and a browser on it, and leave no process behind: for the browser tests and the screenshots."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Browser, sync_playwright

from histo_core.jobs.api import jobs
from histo_core.runs.api import supervisor_alive
from histo_core.workspace import Workspace

PROJECT = Path(__file__).resolve().parents[1]
START_SECONDS = 60.0
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def served(workspace: Workspace, **environment: str) -> Iterator[str]:
    """Run the dashboard on a free port; as `served_process`, of which this yields the address alone."""
    with served_process(workspace, environment) as (address, _):
        yield address


@contextmanager
def served_process(
    workspace: Workspace,
    environment: Mapping[str, str] | None = None,
    *,
    script: str = "app.py",
    folder: Path = PROJECT,
    port: int | None = None,
) -> Iterator[tuple[str, psutil.Process]]:
    """Run a Streamlit app on a free port.

    Args:
        workspace: where it keeps everything; its supervisor and workers are ended with it.
        environment: further variables.
        script: what to serve; the dashboard unless given.
        folder: to start in, such as another checkout.
        port: to listen on, such as that of a server that has ended; a free one unless given.

    Yields:
        Its address, without a slash at the end, and its process.
    """
    port = port or _free_port()
    address = f"http://127.0.0.1:{port}"
    workspace.logs.mkdir(parents=True, exist_ok=True)
    with (workspace.logs / "server.log").open("ab") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}", "--server.headless=true"],
            cwd=folder,
            env=os.environ | {"HISTOSCOPE_HOME": str(workspace.home)} | dict(environment or {}),
            stdout=log,
            stderr=log,
        )
        try:
            _wait_for(f"{address}/_stcore/health", server)
            yield address, psutil.Process(server.pid)
        finally:
            _end(workspace, server)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium: the one that ``CHROMIUM`` names, else the one on the path."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the dashboard ended with {server.returncode} before it listened")
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 (our own address)
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"{url} did not answer within {START_SECONDS:.0f} s")


def _end(workspace: Workspace, server: subprocess.Popen[bytes]) -> None:
    """End the server, which a test may have killed, and what runs apart from it: jobs, and the supervisor's workers."""
    apart = [job.process.pid for job in jobs(workspace) if job.active and job.process is not None]
    supervisor = supervisor_alive(workspace)
    pids = [server.pid, *apart, *([] if supervisor is None else [supervisor])]
    doomed = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    doomed += [child for process in doomed for child in process.children(recursive=True)]
    for process in reversed(doomed):
        if process.is_running():
            process.kill()
    psutil.wait_procs([process for process in doomed if process.pid != server.pid], timeout=10)
    server.wait(timeout=10)
