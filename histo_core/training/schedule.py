"""Learning-rate schedules as functions of the position in training.

Each schedule is a factor of the learning rate. Torch's own schedulers give the same numbers step by step. These are
functions of the position and have no state that a resumed run could lose.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from histo_core.config import TrainConfig

PLATEAU_THRESHOLD = 1e-4
"""Relative amount by which a validation loss must be below the lowest earlier one to count as lower."""


def factor(config: TrainConfig, steps: int, epoch: int, step: int, valid_losses: Sequence[float]) -> float:
    """Return the factor of each group's learning rate in one step.

    Cyclic: Smith, Cyclical learning rates for training neural networks, WACV 2017 (the triangular policy). One cycle:
    Smith and Topin, Super-convergence, 2018, without a change of momentum. Cosine: Loshchilov and Hutter, SGDR, ICLR
    2017, one period.

    Args:
        config: the schedule and its settings.
        steps: number of the optimiser's steps in an epoch.
        epoch: counted from 0.
        step: step within the epoch, counted from 0.
        valid_losses: validation losses of the epochs before; used by plateau.

    Returns:
        0 to 1. Step and exponential change it between epochs, or between steps if ``schedule_every`` says so; plateau
        between epochs; cyclic, one_cycle and cosine between steps.
    """
    done, total = epoch * steps + step, config.epochs * steps
    counted = done if config.schedule_every == "step" else epoch
    match config.schedule:
        case "none":
            return 1.0
        case "step":
            return config.step_factor ** (counted // config.step_epochs)
        case "exponential":
            return config.epoch_factor**counted
        case "cyclic":
            return _triangle(done / config.cycle_steps, config.cycle_low)
        case "one_cycle":
            return _one_cycle(done, total, config)
        case "cosine":
            warmup = config.warmup_epochs * steps
            if done < warmup:
                return (done + 1) / warmup
            return _cosine(1.0, config.cosine_end, (done - warmup) / (total - warmup))
        case "plateau":
            return config.plateau_factor ** _plateaus(valid_losses, config.plateau_patience)


def stalled(valid_losses: Sequence[float], patience: int | None) -> bool:
    """Return whether the lowest validation loss is at least ``patience`` epochs old; False without a patience."""
    if patience is None or not valid_losses:
        return False
    return len(valid_losses) - 1 - valid_losses.index(min(valid_losses)) >= patience


def _triangle(half_cycles: float, low: float) -> float:
    """Return a triangular wave: up in one half cycle, down in the next."""
    return low + (1 - low) * (1 - abs(half_cycles % 2 - 1))


def _one_cycle(done: int, total: int, config: TrainConfig) -> float:
    top, last = config.rise * total - 1, total - 1
    if done < top:
        return _cosine(config.rise_from, 1.0, done / top)
    return _cosine(1.0, config.fall_to, (done - top) / (last - top))


def _cosine(start: float, end: float, way: float) -> float:
    """Interpolate from start to end along half a cosine; ``way`` is 0 to 1."""
    return end + (start - end) * (1 + math.cos(math.pi * way)) / 2


def _plateaus(valid_losses: Sequence[float], patience: int) -> int:
    """Count how often more than ``patience`` epochs in a row had no lower loss."""
    lowest, waited, count = math.inf, 0, 0
    for loss in valid_losses:
        if loss < lowest * (1 - PLATEAU_THRESHOLD):
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited > patience:
            count, waited = count + 1, 0
    return count
