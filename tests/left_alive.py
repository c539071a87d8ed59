"""A fixture for a conftest whose tests start processes: it is used by every test there."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psutil
import pytest

from histo_core.workspace import Workspace


@pytest.fixture(autouse=True)
def nothing_stays_alive(workspace: Workspace) -> Iterator[None]:
    """Whatever a test left running in its workspace is stopped."""
    yield
    home = str(workspace.home)
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("HISTOSCOPE_HOME") == home:
                process.kill()
        except psutil.Error:
            continue
