"""Write requirements.lock and constraints.txt from requirements.txt and requirements-dev.txt: `make lock`.

Packages are resolved from PyPI alone, for every platform and every Python from 3.11 on, with uv. Nothing is taken that
is newer than what is installed here, because that is what the tests ran on.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path

from packaging.version import Version

PROJECT = Path(__file__).resolve().parents[1]
SOURCES = ("requirements.txt", "requirements-dev.txt")
LOCK, CONSTRAINTS = "requirements.lock", "constraints.txt"
OLDEST_PYTHON = "3.11"
INDEX = "https://pypi.org/simple"
HEADER = "# {what} Written by `make lock` from requirements.txt and requirements-dev.txt; change those instead.\n"
_PIN = re.compile(r"^(\S+==[^\\\n]+?) *\\?$", re.MULTILINE)


def main() -> None:
    """Write both files."""
    with tempfile.TemporaryDirectory() as folder:
        tested = Path(folder) / "tested.txt"
        tested.write_text("".join(f"{name}<={version}\n" for name, version in installed().items()))
        resolved = resolve(tested)
    (PROJECT / LOCK).write_text(HEADER.format(what="Every package with its hashes.") + resolved)
    (PROJECT / CONSTRAINTS).write_text(HEADER.format(what="Every package's version.") + constraints(resolved))
    print(f"{LOCK}, {CONSTRAINTS}: {len(_PIN.findall(resolved))} pins")


def installed() -> dict[str, str]:
    """The versions of what is installed beside this Python, without their local part, such as +cpu."""
    return {one.metadata["Name"]: Version(one.version).public for one in distributions()}


def resolve(upper: Path) -> str:
    """Each package of the sources and what it needs, pinned, with the hashes of all its files.

    Args:
        upper: constraints on the versions.
    """
    options = ["--universal", "--generate-hashes", "--no-annotate", "--no-header", "--quiet", "--no-config"]
    command = [sys.executable, "-m", "uv", "pip", "compile", *options, "--python-version", OLDEST_PYTHON]
    # Folders of wheels and mirrors that this machine is set up with would leave their hashes in the file.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    return subprocess.run(
        [*command, "--default-index", INDEX, "--constraint", str(upper), *SOURCES],
        cwd=PROJECT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def constraints(resolved: str) -> str:
    """The pins of a lock without their hashes."""
    return "".join(f"{pin}\n" for pin in _PIN.findall(resolved))


if __name__ == "__main__":
    main()
