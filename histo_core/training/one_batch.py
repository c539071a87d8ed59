"""Hold and word the result of learning one batch by heart; pages import it without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PATCHES, STEPS = 32, 100
"""Patches of the batch, and steps at most."""
LEARNT = 0.25
"""Share of the loss of guessing below which a batch is learnt by heart; label smoothing leaves more than 0."""
ENOUGH = 0.01
"""Loss (nats) at which the try ends early."""


@dataclass(frozen=True)
class BatchTry:
    """One try to learn one batch by heart.

    Attributes:
        settings: the run's own, or usual ones: Adam at 0.001 with everything trained and no penalty.
        losses: plain cross entropy (nats) before each step, and after the last; None where it is not finite.
        correct: patches that are predicted right in the end.
        patches: patches of the batch.
        guess: loss of guessing by the shares of the classes.
    """

    settings: Literal["own", "usual"]
    losses: tuple[float | None, ...]
    correct: int
    patches: int
    guess: float

    @property
    def steps(self) -> int:
        """Return the number of steps."""
        return len(self.losses) - 1

    @property
    def learnt(self) -> bool:
        """Return whether the batch was learnt by heart: all patches right, the loss far below that of guessing."""
        last = self.losses[-1]
        return last is not None and self.correct == self.patches and last < LEARNT * self.guess

    @property
    def course(self) -> str:
        """Return the course of the loss as a clause: "loss 0.69 to 0.003 in 60 steps, 32 of 32 right"."""
        first, last = (_shown(self.losses[place]) for place in (0, -1))
        return f"loss {first} to {last} in {self.steps} steps, {self.correct} of {self.patches} right"


@dataclass(frozen=True)
class OneBatch:
    """The tries of a run's configuration: its own settings, then, if they fail, usual ones."""

    tries: tuple[BatchTry, ...]

    @property
    def learnt(self) -> bool:
        """Return whether the run's own settings learnt the batch by heart."""
        return self.tries[0].learnt

    @property
    def sentence(self) -> str:
        """Say whether the batch was learnt, and where to look next."""
        own, *others = self.tries
        if own.learnt:
            return (
                f"One batch was learnt by heart ({own.course}): network and loss work. Look at the data, at the "
                "learning rate and its schedule, and at the number of steps."
            )
        failed = f"One batch was not learnt by heart with the run's own settings ({own.course})"
        if not others:
            return f"{failed}."
        (usual,) = others
        if usual.learnt:
            return (
                f"{failed}, but with Adam at 0.001, everything trained and no penalty ({usual.course}): the network "
                "works. Look at the learning rate, weight decay, the loss, and what is frozen."
            )
        return (
            f"{failed}, nor with Adam at 0.001, everything trained and no penalty ({usual.course}). Look at the "
            "network: its initial weights, a softmax at its end, layers that lose the signal; then at whether two "
            "equal patches of the batch have different labels."
        )


def _shown(loss: float | None) -> str:
    return "not a number" if loss is None else f"{loss:.2g}"
