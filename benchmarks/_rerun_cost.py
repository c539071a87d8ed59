"""CPU that a warm rerun of each page costs the server, in this checkout and others, taking turns."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from statistics import median

import psutil

from benchmarks._visitor import Visitor

AT_ONCE = 5
"""Reruns between two looks at the server's CPU time, which the system counts in hundredths of a second."""
SETTLE_SECONDS = 0.05
"""After the last message of a rerun, in which the server does what it leaves for then."""

REST_SECONDS = 0.1
"""CPU that a server at rest takes in three seconds at most."""


async def rerun_cost(
    servers: Sequence[tuple[str, psutil.Process]], queries: Mapping[str, str], *, rounds: int
) -> dict[str, list[float]]:
    """Draw each page again and again, in turns on all servers, one rerun at a time.

    Args:
        servers: address and process of each.
        queries: parameters with which pages are opened.
        rounds: of `AT_ONCE` reruns on each server; the median round counts.

    Returns:
        CPU seconds of one rerun by page, one value for each server.

    Raises:
        RuntimeError: a page could not be drawn.
    """
    costs: dict[str, list[float]] = {}
    for _, server in servers:
        await _at_rest(server)
    tabs = [Visitor(address) for address, _ in servers]
    for tab in tabs:
        await tab.__aenter__()
    try:
        for page in tabs[0].pages:
            for tab in tabs:
                for _ in range(2):  # the first fills the caches
                    answer = await tab.open(page, queries.get(page, ""))
                    if answer.problem:
                        raise RuntimeError(f"{page or 'home'} cannot be drawn: {answer.problem}")
            taken: list[list[float]] = [[] for _ in servers]
            for _ in range(rounds):
                for own, tab, (_, server) in zip(taken, tabs, servers, strict=True):
                    own.append(await _reruns(tab, server))
            costs[page or "home"] = [median(own) for own in taken]
    finally:
        for tab in tabs:
            await tab.__aexit__(None, None, None)
    return costs


async def _at_rest(server: psutil.Process) -> None:
    """Wait until a server has imported what its pages need, which would count as the first page's cost."""
    used, before = sum(server.cpu_times()[:2]), -1.0
    while used - before > REST_SECONDS:
        await asyncio.sleep(3)
        used, before = sum(server.cpu_times()[:2]), used


async def _reruns(tab: Visitor, server: psutil.Process) -> float:
    before = sum(server.cpu_times()[:2])
    for _ in range(AT_ONCE):
        await tab.again()
    await asyncio.sleep(SETTLE_SECONDS)
    return (sum(server.cpu_times()[:2]) - before) / AT_ONCE
