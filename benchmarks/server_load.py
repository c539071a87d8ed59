"""The dashboard under a class: what a rerun of each page costs, and how long 20 people who click every 5 s wait.

    python -m benchmarks.server_load [--seconds 60] [--visitors 20] [--every 5] [--before ../main] [--home DIR]

It trains small networks in a workspace of its own, then speaks to the server over raw websockets, as browsers would.
An empty Streamlit page is clicked by as many people in the same run, for a quarter of the time. ``--before`` names
another checkout, whose reruns take turns with this one's. It ends with 1 where a click failed or was not answered, or
where the 95th percentile or the memory's slope is above what is allowed; times mean something on an idle machine only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from benchmarks._class_workspace import make_class_workspace
from benchmarks._load import Load, press, warm_up
from benchmarks._rerun_cost import rerun_cost
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace
from scripts.dashboard import PROJECT, served_process

P95_SECONDS, SLOPE_MB = 0.5, 1.0
CPU_SECONDS = {"train": 0.10, "compare": 0.10, "explain": 0.10}
"""Allowed for a rerun; `CPU_OTHERS` for the other pages."""
CPU_OTHERS = 0.05
EMPTY = 'import streamlit as st\n\nst.set_page_config()\nst.text_input("Nothing")\nst.toggle("Nothing more")\n'


def main() -> None:
    """Make a workspace, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the load on the dashboard")
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--every", type=float, default=5.0, help="seconds from click to click of one visitor")
    parser.add_argument("--rounds", type=int, default=3, help="of five reruns of each page; 0 leaves them out")
    parser.add_argument("--before", type=Path, default=None, help="another checkout, whose reruns are measured too")
    parser.add_argument("--home", type=Path, default=None, help="a workspace with finished runs to use instead")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="server-load-") as name:
        folder = Path(name).resolve()
        workspace = Workspace((given.home or folder / "home").resolve())
        if given.home is None:
            make_class_workspace(workspace)
        passed = True
        if given.rounds:
            passed &= measure_reruns(workspace, given.before, given.rounds)
        passed &= measure_load(workspace, folder, given.visitors, given.every, given.seconds)
    sys.exit(not passed)


def measure_reruns(workspace: Workspace, before: Path | None, rounds: int) -> bool:
    """Print what a rerun of each page costs; whether all are allowed."""
    checkouts = [PROJECT] if before is None else [before.resolve(), PROJECT]
    with ExitStack() as stack:
        servers = [stack.enter_context(served_process(workspace, folder=folder)) for folder in checkouts]
        costs = asyncio.run(rerun_cost(servers, links(workspace), rounds=rounds))
    print("CPU seconds of a warm rerun" + ("" if before is None else f", before ({before}) and after"))
    for page, values in costs.items():
        allowed = CPU_SECONDS.get(page, CPU_OTHERS)
        said = "" if values[-1] <= allowed else "TOO MUCH"
        print(f"  {page:<12}" + "".join(f"{value:8.3f}" for value in values) + f"   (allowed: {allowed}) {said}")
    return all(values[-1] <= CPU_SECONDS.get(page, CPU_OTHERS) for page, values in costs.items())


def measure_load(workspace: Workspace, folder: Path, visitors: int, every: float, seconds: float) -> bool:
    """Print what visitors met on an empty page and on the dashboard; whether it is allowed."""
    script = folder / "empty.py"
    script.write_text(EMPTY)
    with served_process(workspace, script=str(script)) as (address, server):
        asyncio.run(warm_up(address, {}))
        empty = asyncio.run(press(address, server, {}, visitors=visitors, every=every, seconds=seconds / 4))
    report("an empty page", empty)
    load = loaded(workspace, visitors=visitors, every=every, seconds=seconds)
    report("the dashboard", load)
    print(f"  times an empty page: p50 {load.percentile(50) / empty.percentile(50):.1f}, p95 ", end="")
    print(f"{load.percentile(95) / empty.percentile(95):.1f}, CPU {cpu_a_click(load) / cpu_a_click(empty):.1f}")
    print(f"  allowed: p95 {P95_SECONDS} s, memory {SLOPE_MB} MB a minute")
    return not load.failed and load.percentile(95) <= P95_SECONDS and load.slope <= SLOPE_MB


def loaded(workspace: Workspace, *, visitors: int, every: float, seconds: float, settle: int = 0) -> Load:
    """Serve a workspace, warm it up, and let visitors click."""
    with served_process(workspace) as (address, server):
        queries = links(workspace)
        if failed := [answer for answer in asyncio.run(warm_up(address, queries)) if answer.problem]:
            print(f"  the warm-up failed: {failed[0]}")
        load = press(address, server, queries, visitors=visitors, every=every, seconds=seconds, settle=settle)
        return asyncio.run(load)


def links(workspace: Workspace) -> Mapping[str, str]:
    """With which parameters the pages are opened that show nothing without: by page, as in an address."""
    data = Store.open(workspace).runs()[0].config.data
    query = urlencode({"dataset": data.dataset, "options": json.dumps(dict(data.options))})
    return {"data": query, "predict": query}


def cpu_a_click(load: Load) -> float:
    """Seconds of the server's CPU for one click, with what it did beside."""
    return load.cpu_seconds / max(len(load.answers), 1)


def report(what: str, load: Load) -> None:
    """Print a load in figures."""
    print(f"{what}: {len(load.answers):,} clicks in {load.seconds:.0f} s, {len(load.failed)} failed, ", end="")
    print(f"on {os.cpu_count()} cores")
    for answer in load.failed[:3]:
        print(f"  {answer}")
    for page in [None, *sorted({answer.page for answer in load.answers})]:
        name = "all" if page is None else page or "home"
        times = (load.percentile(percent, page) for percent in (50, 95, 100))
        print(f"  {name:<12} p50 {next(times):6.3f} s  p95 {next(times):6.3f} s  max {next(times):6.3f} s")
    megabytes = load.memory[:, 1] / 1e6
    print(f"  CPU {cpu_a_click(load):.3f} s a click, {load.cpu_seconds / load.seconds:.0%} of a core; memory ", end="")
    sixths = ", ".join(f"{np.median(part):.0f}" for part in np.array_split(megabytes, 6) if len(part))
    print(f"{megabytes[0]:.0f} to {megabytes[-1]:.0f} MB, {load.slope:+.1f} MB a minute (medians of sixths: {sixths})")
    private = load.memory[:, 2] / 1e6
    print(f"  of it in no file: {private[0]:.0f} to {private[-1]:.0f} MB")
    print(f"  a visitor who has opened every page: {load.session_bytes / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
