"""requirements.lock and constraints.txt say the same, and what requirements*.txt ask for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.lock import CONSTRAINTS, LOCK, SOURCES, constraints

PROJECT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.11", "3.12", "3.13")
AGAIN = "Run `make lock`."


def _requirements(text: str) -> list[Requirement]:
    """The requirements of a file; hashes and what it includes are left out."""
    lines = (re.split(r"\s(?:#|--hash|\\)", line)[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def _pins(file: str, python: str) -> dict[str, str]:
    """The version of each package on Linux, x86-64."""
    here = {
        "python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux",
        "platform_machine": "x86_64", "platform_system": "Linux", "os_name": "posix",
        "implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": "",
    }  # fmt: skip
    found = {}
    for one in _requirements((PROJECT / file).read_text()):
        if one.marker is None or one.marker.evaluate(here):
            name, (pin,) = canonicalize_name(one.name), one.specifier
            assert (pin.operator, name in found) == ("==", False), one
            found[name] = pin.version
    return found


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("file", [LOCK, CONSTRAINTS])
@pytest.mark.parametrize("source", SOURCES)
def test_all_that_is_required_is_pinned_to_a_version_that_fits(source: str, file: str, python: str) -> None:
    pins = _pins(file, python)
    wanted = _requirements((PROJECT / source).read_text())
    assert len(wanted) >= 10
    for one in wanted:
        version = pins.get(canonicalize_name(one.name))
        assert version is not None, f"{one.name} is missing. {AGAIN}"
        assert one.specifier.contains(version, prereleases=True), f"{one} is pinned to {version}. {AGAIN}"


def test_both_files_pin_the_same() -> None:
    lock = (PROJECT / LOCK).read_text()
    written = (PROJECT / CONSTRAINTS).read_text()
    assert written.splitlines()[1:] == constraints(lock).splitlines(), AGAIN
    assert [str(one) for one in _requirements(written)] == [str(one) for one in _requirements(lock)]


def test_every_package_has_hashes() -> None:
    entries = re.split(r"\n(?=\S)", (PROJECT / LOCK).read_text().strip())[1:]
    assert len(entries) >= 100
    hashes = [len(re.findall(r"^ {4}--hash=sha256:[0-9a-f]{64}(?: \\)?$", one, re.MULTILINE)) for one in entries]
    assert min(hashes) >= 1
    assert hashes == [len(one.splitlines()) - 1 for one in entries]


@pytest.mark.parametrize("file", [LOCK, CONSTRAINTS])
def test_no_address_or_path_of_a_machine_is_in_them(file: str) -> None:
    text = (PROJECT / file).read_text()
    assert re.findall(r"https?:|file:|/\w|--(?!hash=)|@|\+cpu", text) == []
