"""Fit a run into the time and the memory."""

from __future__ import annotations

from collections.abc import Callable

from histo_core.config import RunConfig
from histo_core.models.cost import training_bytes
from histo_core.recommendation.choice import Choice, duration_in_words
from histo_core.recommendation.duration import input_side, predicted_seconds
from histo_core.recommendation.facts import DataFacts
from histo_core.recommendation.machine import Machine
from histo_core.shown_text import count

USED = 0.7
"""Part of the time that is planned: predictions are right within about a half only."""
_MEMORY = 0.5
"""Part of the free memory that a training step may take."""
_SMALLEST_BATCH = 8
_FEWEST_EPOCHS = 3
_FEWEST_PATCHES = 500


def fit_memory(config: RunConfig, facts: DataFacts, machine: Machine) -> Choice:
    """Halve the batch until a training step fits into half of the free memory."""
    side, size = input_side(config, facts), config.train.batch_size
    model = config.model.model_copy(update={"weights": "none", "weights_sha256": None})
    while size > _SMALLEST_BATCH and training_bytes(model, side, len(facts.classes), size) > _MEMORY * machine.memory:
        size //= 2
    if size == config.train.batch_size:
        return Choice("Batch", {"train.batch_size": size}, f"{size} patches a batch.")
    why = f"{size} patches a batch: more would take over half of the free memory ({machine.memory / 2**30:.1f} GiB)."
    return Choice("Batch", {"train.batch_size": size}, why)


def fit_time(config: RunConfig, facts: DataFacts, machine: Machine, minutes: float) -> Choice:
    """Train for fewer epochs, then on fewer patches, until the run fits into the time."""
    limit, epochs, patches = USED * 60 * minutes, config.train.epochs, facts.total("train")

    def fits(**fields: int) -> bool:
        return predicted_seconds(_with(config, **fields), facts, machine) <= limit

    if fits():
        return Choice("Time", {}, f"{_words(minutes)} allow all patches and epochs.")
    fewest = min(epochs, _FEWEST_EPOCHS)
    if fits(epochs=fewest):
        fewer = _largest(fewest, epochs, lambda number: fits(epochs=number))
        why = f"{fewer} epochs instead of {epochs}, so that it ends within {_words(minutes)}."
        return Choice("Time", {"train.epochs": fewer}, why)
    few = min(_FEWEST_PATCHES, patches)
    fewer = _largest(few, patches, lambda number: fits(epochs=fewest, max_train_samples=number))
    values = {"train.epochs": fewest} | ({"train.max_train_samples": fewer} if fewer < patches else {})
    seconds = predicted_seconds(_with(config, epochs=fewest, max_train_samples=fewer), facts, machine)
    used = f"{count(fewest, 'epoch')} on {fewer:,} of {count(patches, 'training patch')}"
    return Choice("Time", values, f"{used} take {duration_in_words(seconds)}; give more time to use all.")


def _largest(low: int, high: int, fits: Callable[[int], bool]) -> int:
    """Return the largest number that fits, by bisection; ``low`` where none does."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _with(config: RunConfig, **fields: int) -> RunConfig:
    return config.model_copy(update={"train": config.train.model_copy(update=fields)})


def _words(minutes: float) -> str:
    return f"{minutes:g} {'minute' if minutes == 1 else 'minutes'}"
