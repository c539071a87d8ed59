"""Say how an ensemble is made: its kind, its members and their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from histo_core.errors import ComparisonError
from histo_core.shown_text import count

EnsembleKind = Literal["vote", "mean", "weighted", "rank", "stacking"]
KINDS: tuple[EnsembleKind, ...] = get_args(EnsembleKind)
KIND_NAMES: Mapping[EnsembleKind, str] = {
    "vote": "Vote",
    "mean": "Mean",
    "weighted": "Weighted mean",
    "rank": "Mean rank",
    "stacking": "Stacking",
}
KIND_WORDS: Mapping[EnsembleKind, str] = {
    "vote": "Each member votes for its most probable class; the share of votes is the answer. It misleads as a "
    "probability: with m members it has m + 1 values, and a tie of two classes, 0.5, counts as the class of interest.",
    "mean": "The mean probability. It misleads where one member is far too sure of itself: that member decides.",
    "weighted": "The mean probability with the weights given here. It misleads where the weights were chosen by the "
    "numbers of the test set.",
    "rank": "The mean of each member's ranks; only the order of its patches counts. The result is no probability: the "
    "threshold 0.5, Brier score, log loss and calibration say nothing about it.",
    "stacking": "A logistic regression on the members' logits, fitted on the validation set. Its numbers on the "
    "validation set are too good, and with few validation patients it learns noise.",
}
"""Each kind in words, and when it misleads."""


@dataclass(frozen=True)
class EnsembleRecipe:
    """The way an ensemble is made.

    Attributes:
        kind: how the members' answers are combined.
        members: their ids: runs, predictions on other data, or imported predictions.
        weights: one a member, as given, for the kind "weighted"; else None.
    """

    kind: EnsembleKind
    members: tuple[str, ...]
    weights: tuple[float, ...] | None = None

    @property
    def shares(self) -> tuple[float, ...]:
        """The weights divided by their sum; equal ones without weights."""
        given = self.weights or (1.0,) * len(self.members)
        return tuple(one / sum(given) for one in given)


def ensemble_recipe(name: str, members: Sequence[str], weights: Sequence[float] | None = None) -> EnsembleRecipe:
    """Check how an ensemble is to be made.

    Args:
        name: the kind: how to combine the members.
        members: two or more ids.
        weights: one a member, 0 or more, for "weighted" only.

    Raises:
        ComparisonError: an unknown kind, fewer than two members, a member twice, or weights that do not fit.
    """
    kind: EnsembleKind | None = next((one for one in KIND_NAMES if one == name), None)
    if kind is None:
        raise ComparisonError(f"ensemble = {name!r}.", f"Allowed: {', '.join(KINDS)}.", "Choose one of them.")
    if len(members) < 2:
        raise ComparisonError(
            f"An ensemble of {count(len(members), 'run')} was asked for.",
            "Two or more are needed.",
            "Choose more runs.",
        )
    if len(set(members)) < len(members):
        raise ComparisonError("A run is in the ensemble twice.", "Each counts once.", "Use weights instead.")
    if (weights is None) == (kind == "weighted"):
        found = "no weights" if weights is None else "weights"
        raise ComparisonError(
            f"An ensemble by {kind} was given {found}.", "A weighted mean needs weights; no other kind takes them.",
            "Give one a member, or choose another kind.",
        )  # fmt: skip
    if weights is None:
        return EnsembleRecipe(kind, tuple(members))
    given = np.asarray(weights, np.float64)
    if given.shape != (len(members),) or not np.isfinite(given).all() or (given < 0).any() or not given.sum() > 0:
        raise ComparisonError(
            f"The weights are {', '.join(f'{one:g}' for one in np.atleast_1d(given))}.",
            f"{len(members)} numbers of 0 or more, not all 0, are expected: one a member.",
            "Give one a member.",
        )
    return EnsembleRecipe(kind, tuple(members), tuple(map(float, given)))


def parse_recipe(text: str, members: Sequence[str]) -> EnsembleRecipe:
    """Parse a kind, or ``weighted:`` with a weight for each member, such as ``weighted:0.7,0.3``.

    Raises:
        ComparisonError: as `ensemble_recipe`, or a weight is no number.

    Example:
        >>> parse_recipe("weighted:3,1", ["first", "second"]).shares
        (0.75, 0.25)
    """
    name, colon, numbers = text.strip().partition(":")
    try:
        weights = [float(number) for number in numbers.split(",")] if colon else None
    except ValueError:
        raise ComparisonError(
            f"ensemble = {text!r}.", "Weights are numbers, as in weighted:0.7,0.3.", "Give one a member."
        ) from None
    return ensemble_recipe(name, members, weights)
