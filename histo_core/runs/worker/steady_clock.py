"""Measure elapsed time with one clock for all processes of a boot; setting the time of day does not change it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from histo_core.runs.worker.process_identity import boot_id


@dataclass(frozen=True)
class Moment:
    """A moment on the clock of one boot of one machine.

    Attributes:
        boot: the clock's boot; containers of one machine share its clock.
        seconds: the clock's reading.
    """

    boot: str
    seconds: float

    @classmethod
    def now(cls) -> Moment:
        """Return the current moment."""
        return cls(_clock(), time.monotonic())

    def age(self) -> float:
        """Return the seconds since then; infinite after a reboot or on another machine."""
        return time.monotonic() - self.seconds if self.boot == _clock() else math.inf


def _clock() -> str:
    return boot_id().partition(" ")[0]
