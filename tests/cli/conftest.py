"""The command line as a user calls it, in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from histo_core.cli import main
from histo_core.workspace import Workspace


@dataclass(frozen=True)
class Called:
    """What a command gave back."""

    code: int
    out: str
    err: str


@pytest.fixture
def call(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> Callable[..., Called]:
    """Run a command in a workspace of its own."""

    def run(*arguments: str) -> Called:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        captured = capsys.readouterr()
        code = ended.value.code
        return Called(code if isinstance(code, int) else 0, captured.out, captured.err)

    return run
