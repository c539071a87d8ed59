"""Paired, interleaved timing: on a noisy machine only ratios measured in one run mean anything.

Every round runs every variant once, in random order; what is reported is the median of the per-round ratios against a
named baseline, with its quartiles, because a drift in the machine's speed moves both sides of a ratio.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

Variant = Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """One variant. ``speedup`` is baseline time / own time, per round; above 1 is quicker than the baseline."""

    name: str
    seconds: float
    speedup: float
    quartiles: tuple[float, float]


def paired(title: str, variants: Mapping[str, Variant], *, base: str, rounds: int = 7, seed: int = 0) -> list[Timing]:
    """Time the variants against ``base`` and print a table.

    Args:
        title: what is measured, with its size.
        variants: name -> the call to time; each runs once untimed first.
        base: the name of the peer that the ratios are against.
        rounds: at least 2.
        seed: of the order within the rounds.
    """
    for call in variants.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    order = random.Random(seed)  # noqa: S311 - an order of runs, not a secret
    for _ in range(rounds):
        names = list(variants)
        order.shuffle(names)
        for name in names:
            start = time.perf_counter()
            variants[name]()
            seconds[name].append(time.perf_counter() - start)
    return compared(title, seconds, base=base)


def compared(title: str, seconds: Mapping[str, Sequence[float]], *, base: str) -> list[Timing]:
    """Print a table of what variants took in the same rounds, for those that look at the clock themselves.

    Args:
        title: what is measured, with its size.
        seconds: name -> one value a round, at least 2.
        base: the name of the peer that the ratios are against.
    """
    timings = [_timing(name, own, seconds[base]) for name, own in seconds.items()]
    print(f"{title} ({len(seconds[base])} rounds, against {base})")
    for timing in timings:
        low, high = timing.quartiles
        print(f"  {timing.name:<44} {timing.seconds * 1e3:10.2f} ms   x{timing.speedup:.2f} [{low:.2f}, {high:.2f}]")
    return timings


def _timing(name: str, own: Sequence[float], base: Sequence[float]) -> Timing:
    ratios = [b / a for a, b in zip(own, base, strict=True)]
    low, _, high = quantiles(ratios, n=4)
    return Timing(name, median(own), median(ratios), (low, high))
