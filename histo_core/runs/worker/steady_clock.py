"""Time that passes, shared by all processes of a boot; setting the time of day does not move it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from histo_core.runs.worker.process_identity import boot_id


@dataclass(frozen=True)
class Moment:
    """A moment of one boot of one machine.

    Attributes:
        boot: the boot whose clock it is of; containers of one machine share its clock.
        seconds: what that clock showed.
    """

    boot: str
    seconds: float

    @classmethod
    def now(cls) -> Moment:
        """This moment."""
        return cls(_clock(), time.monotonic())

    def age(self) -> float:
        """Seconds since then; infinite where the machine was started again, or is another."""
        return time.monotonic() - self.seconds if self.boot == _clock() else math.inf


def _clock() -> str:
    return boot_id().partition(" ")[0]
