"""Examples in docstrings get a workspace of their own, so that they leave the user's alone."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def _home_of_examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all of them: what the phantom draws for one is there for the next."""
    return tmp_path_factory.mktemp("examples")


@pytest.fixture(autouse=True)
def _workspace_of_examples(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.setenv("HISTOSCOPE_HOME", str(request.getfixturevalue("_home_of_examples")))
