"""A class that clicks at once: every click is answered, nobody waits for a collection of garbage, memory stays."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from benchmarks._class_workspace import make_class_workspace
from benchmarks._load import press
from benchmarks.server_load import P95_SECONDS, SLOPE_MB, links, loaded, report
from histo_core.workspace import Workspace
from scripts.dashboard import served_process

WATCH = """
import gc, json, os, sys, threading, time

if "streamlit" in " ".join(sys.orig_argv):
    full = []
    gc.callbacks.append(lambda phase, about: full.append(phase) if about["generation"] == 2 else None)

    def write():
        while True:
            facts = {"full": full.count("stop"), "frozen": gc.get_freeze_count()}
            with open(os.environ["GC_FACTS"] + ".new", "w") as file:
                json.dump(facts, file)
            os.replace(file.name, os.environ["GC_FACTS"])
            time.sleep(0.2)

    threading.Thread(target=write, daemon=True).start()
"""
"""Python runs this in the server before anything else, and so tells what its collector does."""
START_SECONDS = 60.0
SETTLE_CLICKS = 8000
"""After which the memory of two hours with ten visitors did not grow any more: caches and heaps had filled."""


def test_every_click_of_four_visitors_is_answered_without_a_collection_each(
    workspace: Workspace, tmp_path: Path
) -> None:
    make_class_workspace(workspace, patches=240, models=("cnn_narrow",))
    facts = tmp_path / "facts.json"
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(WATCH)
    environment = {"PYTHONPATH": str(tmp_path / "hook"), "GC_FACTS": str(facts), "OMP_NUM_THREADS": "1"}
    with served_process(workspace, environment) as (address, server):
        before = _once_frozen(facts)
        load = asyncio.run(press(address, server, links(workspace), visitors=4, every=0.4, seconds=5))
        time.sleep(0.5)
        after = json.loads(facts.read_text())
    assert load.failed == ()
    assert len({answer.page for answer in load.answers}) > 1
    assert len(load.answers) >= 8
    assert after["frozen"] > 100_000
    assert after["full"] - before["full"] < len(load.answers) / 4


@pytest.mark.soak
def test_twenty_visitors_for_thirty_minutes_wait_half_a_second_and_take_no_memory(workspace: Workspace) -> None:
    make_class_workspace(workspace)
    load = loaded(workspace, visitors=20, every=5.0, seconds=30 * 60, settle=SETTLE_CLICKS)
    report("20 visitors, a click every 5 s", load)
    assert load.failed == ()
    assert load.percentile(95) <= P95_SECONDS
    assert load.slope <= SLOPE_MB


def _once_frozen(facts: Path) -> dict[str, int]:
    """What the collector did when the server was ready."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if facts.exists() and (now := json.loads(facts.read_text()))["frozen"]:
            return now
        time.sleep(0.2)
    pytest.fail(f"nothing was frozen within {START_SECONDS:.0f} s")
