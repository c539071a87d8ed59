"""Hold an estimate with its confidence interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate and its confidence limits.

    Attributes:
        value, low, high: the estimate and its limits; all NaN where the estimate is not defined.
        method: how the limits were computed, for a caption; where undefined, why there is no estimate.
        warning: why the limits may be unreliable; empty when nothing is known against them.

    Example:
        >>> str(Interval(0.913, 0.871, 0.946, "DeLong"))
        '0.913 (0.871 to 0.946)'
    """

    value: float
    low: float
    high: float
    method: str
    warning: str = ""

    @classmethod
    def undefined(cls, reason: str) -> Interval:
        """Return an interval without an estimate and the reason, such as a sensitivity without positive samples."""
        return cls(math.nan, math.nan, math.nan, reason)

    @property
    def defined(self) -> bool:
        return not math.isnan(self.value)

    def __str__(self) -> str:
        if not self.defined:
            return "not defined"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def limit_when_all_agree(n: int, confidence: float = CONFIDENCE) -> float:
    """Return the lower limit of a rate when all of ``n`` independent trials succeeded: (alpha / 2)^(1 / n).

    Clopper and Pearson (1934, Biometrika 26:404). A resampled rate never varies in this case, and its interval would
    shrink to a point. 0 when there is no trial.
    """
    return ((1 - confidence) / 2) ** (1 / n) if n else 0.0
