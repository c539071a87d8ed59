"""Which versions the Makefile installs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from installed import PROJECT


def _would_run(*words: str) -> list[str]:
    """The commands of a target, none of them carried out; a make that runs these tests hands its own words on."""
    command = ["make", "--dry-run", "--no-print-directory", *words]
    handed_on = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "CONSTRAINTS")
    environment = {name: value for name, value in os.environ.items() if name not in handed_on}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True).stdout
    return [" ".join(line.split()) for line in done.splitlines()]


@pytest.mark.parametrize("target", ["app", "check"])
def test_a_user_gets_the_newest_versions_and_the_ci_those_that_were_tested(target: str, tmp_path: Path) -> None:
    fresh = f"VENV={tmp_path / 'fresh'}"
    installs = [line for line in _would_run(fresh, target) if "pip install" in line]
    assert installs
    assert not any("constraints" in line for line in installs)
    pinned = [line for line in _would_run(fresh, target, "CONSTRAINTS=constraints.txt") if "pip install" in line]
    assert [line.replace(" -c constraints.txt", "") for line in pinned] == installs
    assert all(" -c constraints.txt -r requirements" in line for line in pinned)


def test_the_ci_names_the_constraints_for_every_target() -> None:
    lines = (PROJECT / ".ci" / "run").read_text().splitlines()
    targets = [line for line in lines if " make " in f" {line}" and not line.startswith("#")]
    assert len(targets) >= 4
    own = [line for line in targets if not line.endswith(" CONSTRAINTS=constraints.txt")]
    assert own == ["make docs"]  # the site has an environment of its own
    assert (PROJECT / "constraints.txt").is_file()


def test_the_examples_of_docstrings_are_run_with_the_tests(tmp_path: Path) -> None:
    (line,) = [line for line in _would_run(f"VENV={tmp_path / 'fresh'}", "test") if "--doctest-modules" in line]
    files = {word for word in line.split() if word.endswith(".py")}
    sources = [path for root in ("histo_core", "pages", "scripts") for path in (PROJECT / root).rglob("*.py")]
    with_examples = {str(path.relative_to(PROJECT)) for path in sources if ">>>" in path.read_text()}
    assert files == with_examples
    assert len(files) >= 8
