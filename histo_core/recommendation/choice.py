"""A recommended configuration, with the reason for each choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from histo_core.config import RunConfig
from histo_core.shown_text import count


@dataclass(frozen=True)
class Choice:
    """One choice: what is set, and why.

    Attributes:
        title: what the choice is about, in a word or two.
        values: dotted field to its value; an empty one says that something is left as it is.
        why: one sentence.
    """

    title: str
    values: Mapping[str, Any]
    why: str


@dataclass(frozen=True)
class Recommendation:
    """A configuration that fits the data, the machine and the time.

    Attributes:
        config: the whole configuration.
        choices: the reasons, in the order of a form.
        seconds: the predicted duration.
        doubts: what to know before a long run: a sentence each.
    """

    config: RunConfig
    choices: tuple[Choice, ...]
    seconds: float
    doubts: tuple[str, ...] = ()

    @property
    def duration(self) -> str:
        """The duration in words, such as "about 12 minutes"."""
        return duration_in_words(self.seconds)

    def lines(self) -> list[str]:
        """Return a line for each choice, then one for each doubt, then the duration."""
        chosen = [f"{choice.title}: {choice.why}" for choice in self.choices]
        return [*chosen, *(f"Note: {doubt}" for doubt in self.doubts), f"It takes {self.duration} on this machine."]


def duration_in_words(seconds: float) -> str:
    """Return a predicted duration, rounded as roughly as it is known.

    Example:
        >>> [duration_in_words(seconds) for seconds in (20, 85, 700, 9000)]
        ['less than a minute', 'about 2 minutes', 'about 12 minutes', 'about 2.5 hours']
    """
    if seconds < 45:
        return "less than a minute"
    minutes = max(round(seconds / 60 + 0.1), 1)
    if minutes < 90:
        return f"about {count(minutes, 'minute')}"
    return f"about {seconds / 3600:.1f} hours"
