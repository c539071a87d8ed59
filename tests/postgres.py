"""A PostgreSQL server of the test's own, on a socket in a temporary folder; nothing listens on the network."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

DEBIAN = Path("/usr/lib/postgresql")
USER = "histoscope"
SECONDS = 60.0


def _programs() -> Path | None:
    """The folder of Debian's newest PostgreSQL, else that of the one on the path."""
    versions = [folder for folder in DEBIAN.glob("*") if folder.name.isdigit() and (folder / "bin/initdb").exists()]
    if versions:
        return max(versions, key=lambda folder: int(folder.name)) / "bin"
    found = shutil.which("initdb")
    return None if found is None else Path(found).resolve().parent


@contextmanager
def running_postgres() -> Iterator[str]:
    """Start a server and give the URL of its database, for ``HISTOSCOPE_DATABASE_URL``; it is gone afterwards.

    PostgreSQL refuses to run as root, so there it runs as the user ``nobody``.
    """
    pytest.importorskip("psycopg", reason="psycopg, PostgreSQL's driver, is not installed")
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv, which ends PostgreSQL with the test, is not installed (Debian: util-linux)")
    nobody = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []
    wrapped = ["setpriv", "--pdeathsig=INT", *nobody]
    # A socket's path has 107 bytes at most, which pytest's folders may pass.
    with tempfile.TemporaryDirectory(prefix="hs-pg-") as name:
        folder = Path(name)
        if nobody:
            shutil.chown(folder, "nobody", "nogroup")
        settings = {"cwd": folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, "check": True}
        made = [*wrapped, programs / "initdb", "-D", folder / "data", "-U", USER, "--auth=trust", "--no-sync"]
        subprocess.run([*made, "--encoding=UTF8"], stdout=subprocess.DEVNULL, **settings)
        options = ("listen_addresses=", f"unix_socket_directories={folder}", "fsync=off", "log_destination=stderr")
        command = [*wrapped, programs / "postgres", "-D", folder / "data"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [*command, *(word for option in options for word in ("-c", option))],
                stdout=log,
                stderr=log,
                cwd=folder,
                env=settings["env"],
            )
        try:
            _wait(server, [*wrapped, programs / "pg_isready", "-h", folder, "-q"], folder)
            yield f"postgresql+psycopg://{USER}@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)  # "fast": clients, such as pools of this process, are turned out
            server.wait(SECONDS)


def _wait(server: subprocess.Popen[bytes], ready: list[object], folder: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while subprocess.run(ready, check=False, cwd=folder).returncode:  # type: ignore[call-overload]
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"PostgreSQL did not start: {(folder / 'log').read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)
