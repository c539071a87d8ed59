"""Define what is known of a run's learning, and what a diagnosis finds in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from histo_core.config import RunConfig
from histo_core.evaluation.chance_loss import guessing_loss
from histo_core.training.events import EpochDone
from histo_core.training.learning import EpochLearning, SetLearning

Symptom = Literal["not_finite", "rising", "guessing", "one_answer", "no_gradient", "silent_units", "unmoved"]
Cause = Literal[
    "uniform_weights",
    "frozen_random",
    "schedule_over",
    "decay_too_high",
    "rate_too_high",
    "softmax_twice",
    "rate_too_low",
    "dead_from_start",
    "few_steps",
    "not_in_configuration",
]

_SDS = 2.0
"""Standard deviations of chance by which a loss must be lower to count as learnt."""
_GAIN = 0.005
"""Share of the loss of guessing by which it must be lower, too: a large set shows differences that mean nothing."""
_STILL = 1e-3
"""Standard deviation of a probability below which all patches have the same answer."""


@dataclass(frozen=True)
class LearningFinding:
    """One finding on a run that did not learn.

    Attributes:
        key: a `Symptom` or a `Cause`.
        kind: what is seen in the run's records, or what its configuration explains it by.
        found, usual, remedy: sentences: what was found, what is usual, what to do.
        settings: the remedy as dotted fields of a run's configuration; empty where no field does it.
    """

    key: Symptom | Cause
    kind: Literal["symptom", "cause"]
    found: str
    usual: str
    remedy: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """Return the whole finding."""
        return " ".join(filter(None, (self.found, self.usual, self.remedy)))


@dataclass(frozen=True, eq=False)
class LearningRecords:
    """What a run recorded of its learning.

    Attributes:
        config: the run's configuration.
        epochs: its finished epochs, in order.
        learning: the record of each, in order; at least one.
    """

    config: RunConfig
    epochs: Sequence[EpochDone]
    learning: Sequence[EpochLearning]

    @property
    def first(self) -> EpochLearning:
        """Return the first recorded epoch."""
        return self.learning[0]

    @property
    def last(self) -> EpochLearning:
        """Return the last recorded epoch."""
        return self.learning[-1]

    @property
    def kept(self) -> EpochLearning:
        """Return the epoch whose weights are kept."""
        best = [done.epoch for done in self.epochs if done.best]
        return next((one for one in self.learning if best and one.epoch == best[-1]), self.last)

    @property
    def steps(self) -> int:
        """Return how many steps were taken in the recorded epochs."""
        return sum(one.steps for one in self.learning)

    @property
    def step_shares(self) -> list[float]:
        """Return the relative size of the measured steps."""
        return [one.step.step_share for one in self.learning if one.step and one.step.step_share is not None]

    @property
    def moved(self) -> float | None:
        """Return at most which share of their norm the weights moved in all; None where it was not measured."""
        shares = self.step_shares
        return sum(shares) / len(shares) * self.steps if shares else None

    def silent_share(self, epoch: EpochLearning) -> float | None:
        """Return the share of the units without gradient in an epoch; None where it was not measured."""
        step = epoch.step
        return None if step is None or step.silent_units is None or not step.units else step.silent_units / step.units


def guess_of(found: SetLearning) -> float:
    """Return the loss of guessing for a set, in nats; 0 for a set of one class."""
    return guessing_loss(found.classes)


def learnt(found: SetLearning | None) -> bool:
    """Return whether predictions fit their labels better than chance and by an amount that matters.

    True for a set of one class or without record, on which nothing can be said.
    """
    if found is None or not guess_of(found):
        return True
    gain = found.chance_loss - found.loss
    return found.spread >= _STILL and gain > _SDS * found.chance_sd and gain >= _GAIN * guess_of(found)


def one_answer(found: SetLearning) -> bool:
    """Return whether all patches have the same probabilities."""
    return found.spread < _STILL


def failed_loss(reason: str) -> str:
    """Return the value of a loss or of weights that is not finite, from the message of such an error; else empty."""
    loss = re.match(r"The loss became (\S+) in ", reason)
    if loss is not None:
        return loss[1]
    return "nan" if re.match(r"\d+ of \d+ tensors of the network hold values that are no numbers", reason) else ""
