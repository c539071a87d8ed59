"""Many visitors who click at once: what each click took, and what the server's memory did meanwhile."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil

from benchmarks._visitor import Answer, Visitor

MOVES = 0.25
"""Share of clicks that lead to another page."""
LOOK_SECONDS = 1.0
"""Between two looks at the server's memory."""


@dataclass(frozen=True)
class Load:
    """Answers and memory, as a number of visitors met them.

    Attributes:
        answers: of all clicks, in the order in which they were answered.
        memory: seconds since the first click; bytes of the server's resident memory; bytes of it that no file holds.
            float64 [n, 3].
        cpu_seconds: that the server took for all of it.
        seconds: that it lasted.
        session_bytes: by which the resident memory had grown for each visitor who had opened every page once.
    """

    answers: tuple[Answer, ...]
    memory: np.ndarray
    cpu_seconds: float
    seconds: float
    session_bytes: float

    @property
    def failed(self) -> tuple[Answer, ...]:
        """Clicks without an answer, or with one that speaks of an error."""
        return tuple(answer for answer in self.answers if answer.problem)

    @property
    def slope(self) -> float:
        """By how much the memory grew, in MB a minute: the line of least squares."""
        if len(self.memory) < 2:
            return 0.0
        return float(np.polyfit(self.memory[:, 0] / 60, self.memory[:, 1] / 1e6, 1)[0])

    def percentile(self, percent: float, page: str | None = None) -> float:
        """Seconds that so many percent of the clicks took at most, on one page or on all."""
        taken = [answer.seconds for answer in self.answers if page is None or answer.page == page]
        return float(np.percentile(taken, percent)) if taken else float("nan")


async def warm_up(address: str, queries: Mapping[str, str]) -> list[Answer]:
    """Visit each page and use each of its controls in each way once, as the first of many visitors would have."""
    answers = []
    async with Visitor(address) as one:
        for page in one.pages:
            answers.append(await one.open(page, queries.get(page, "")))
            ways = [(control.id, value) for control in one.controls.values() for value in control.values]
            for name, value in ways:
                if name in one.controls:  # another control may have taken it away
                    answers.append(await one.use(one.controls[name], value))
                answers.append(await one.open(page, queries.get(page, "")))
    return answers


async def press(
    address: str,
    server: psutil.Process,
    queries: Mapping[str, str],
    *,
    visitors: int,
    every: float,
    seconds: float,
    settle: int = 0,
) -> Load:
    """Let visitors click, each on average once in so many seconds, for a time.

    First each of them opens every page once, so that the slope of the memory is that of clicks: what a session holds
    is measured apart.

    Args:
        address: of the server.
        server: its process.
        queries: parameters with which pages are opened.
        visitors: at once, each with its own order of pages and controls.
        every: seconds from the beginning of a click to that of the next one, of one visitor.
        seconds: how long, after that.
        settle: clicks before that, as quick as they are answered, in which shared caches and heaps fill. Those that
            fail count.
    """
    answers: list[Answer] = []
    memory: list[tuple[float, int, int]] = []
    async with AsyncExitStack() as stack:
        empty = server.memory_info().rss
        tabs = [await stack.enter_async_context(Visitor(address)) for _ in range(visitors)]
        for tab in tabs:
            answers += [await tab.open(page, queries.get(page, "")) for page in tab.pages]
        held = server.memory_info().rss - empty
        draws = [random.Random(seed) for seed in range(visitors)]  # noqa: S311 - an order of clicks, not a secret

        async def settled(tab: Visitor, draw: random.Random) -> None:
            for _ in range(settle // visitors):
                answers.append(await _click(tab, draw, queries))

        await asyncio.gather(*map(settled, tabs, draws))
        answers = [answer for answer in answers if answer.problem]
        begun, cpu = time.monotonic(), sum(server.cpu_times()[:2])

        async def click(seed: int, tab: Visitor) -> None:
            at = begun + every * seed / visitors
            while at < begun + seconds:
                await asyncio.sleep(max(0.0, at - time.monotonic()))
                answers.append(await _click(tab, draws[seed], queries))
                at = max(at + every, time.monotonic())  # nobody clicks before the last click was answered

        async def watch() -> None:
            while True:
                now = server.memory_info()
                memory.append((time.monotonic() - begun, now.rss, now.rss - now.shared))
                await asyncio.sleep(LOOK_SECONDS)

        watching = asyncio.create_task(watch())
        try:
            await asyncio.gather(*(click(seed, tab) for seed, tab in enumerate(tabs)))
        finally:
            watching.cancel()
        took = time.monotonic() - begun
        spent = sum(server.cpu_times()[:2]) - cpu
    return Load(tuple(answers), np.array(memory, dtype=np.float64), spent, took, held / visitors)


async def _click(tab: Visitor, draw: random.Random, queries: Mapping[str, str]) -> Answer:
    controls: Sequence[Any] = list(tab.controls.values())
    if not controls or draw.random() < MOVES:
        page = draw.choice(tab.pages) if tab.pages else ""
        return await tab.open(page, queries.get(page, ""))
    control = draw.choice(controls)
    return await tab.use(control, draw.choice(control.values))
