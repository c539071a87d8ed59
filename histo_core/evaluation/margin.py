"""Judge a difference against a margin that was set before the numbers were seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from histo_core.errors import DataError
from histo_core.evaluation.auroc_difference import PairedDifference

MarginAnswer = Literal["superior", "equivalent", "not inferior", "inferior", "not superior", "open"]
_LARGEST = 0.5


@dataclass(frozen=True)
class AgainstMargin:
    """What an interval says about a margin.

    Attributes:
        margin: the smallest difference that matters, above 0 to 0.5.
        answer: ``superior``: better by the margin or more. ``equivalent``: within the margin either way.
            ``not inferior``: worse by less than the margin. ``inferior``, ``not superior``: the same seen from the
            other model. ``open``: the interval allows both.
        needed: about how many groups (samples, where groups are not known) an interval no wider than the margin to
            each side would need; None where there is no interval. It says nothing of the observed difference.
    """

    margin: float
    answer: MarginAnswer
    needed: int | None


def against_margin(difference: PairedDifference, margin: float, n: int) -> AgainstMargin:
    """Say whether the first of two models is superior, equivalent or not inferior, by a margin set beforehand.

    The limits are those of the difference: at 95% the answers "superior" and "not inferior" are one-sided tests at
    2.5%, and "equivalent" is stricter than two one-sided tests at 5%. The half-width shrinks with the root of the
    number of groups, so that about n (half-width / margin)^2 are needed.

    Args:
        difference: from `auroc_difference`.
        margin: above 0 to 0.5.
        n: number of groups, or of samples where groups are not known.

    Raises:
        DataError: a margin outside these bounds.

    Example:
        >>> from histo_core.evaluation.auroc import PairedDifference
        >>> against_margin(PairedDifference(0.004, -0.012, 0.020, 0.6, "jackknife"), 0.03, 45)
        AgainstMargin(margin=0.03, answer='equivalent', needed=13)
        >>> against_margin(PairedDifference(0.004, -0.032, 0.040, 0.8, "jackknife"), 0.03, 45)
        AgainstMargin(margin=0.03, answer='open', needed=65)
    """
    if not 0 < margin <= _LARGEST:
        raise DataError(
            f"The margin is {margin}.",
            f"Above 0 to {_LARGEST} is allowed.",
            "Name the smallest difference that matters.",
        )
    if difference.p_value is None:
        return AgainstMargin(margin, "open", None)
    half_width = (difference.high - difference.low) / 2
    return AgainstMargin(margin, _answer(difference, margin), math.ceil(n * (half_width / margin) ** 2))


def _answer(difference: PairedDifference, margin: float) -> MarginAnswer:
    low, high = difference.low, difference.high
    if low >= margin:
        return "superior"
    if high <= -margin:
        return "inferior"
    if low > -margin:
        return "equivalent" if high < margin else "not inferior"
    return "not superior" if high < margin else "open"
