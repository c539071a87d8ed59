"""Find the settings of a run that explain why it did not learn, the likeliest first."""

from __future__ import annotations

from statistics import median

from histo_core.config import RunConfig, TrainConfig
from histo_core.training.learning_findings import Cause, LearningFinding, LearningRecords
from histo_core.training.schedule import factor

USUAL_RATES: dict[str, tuple[float, float, float]] = {
    "adam": (1e-4, 1e-3, 1e-2),
    "adamw": (1e-4, 1e-3, 1e-2),
    "adamax": (1e-4, 2e-3, 2e-2),
    "rmsprop": (1e-5, 3e-4, 1e-2),
    "adagrad": (1e-3, 1e-2, 0.1),
    "sgd": (1e-3, 0.05, 1.0),
}
"""The lowest, a good and the highest usual rate of each optimiser, for steps of a mean loss without momentum."""
LARGE_STEP = 0.1
"""Median share of their norm by which a step moves weights, from which steps are too large to learn."""
SMALL_MOVE = 0.01
SHRUNK = 0.5
FADED, MOST = 0.01, 0.5
"""A schedule ended too early if the rate was below this share of its highest in more than this share of the steps."""
FEW_STEPS = 50
USUAL_DECAYS = {"adamw": 0.1}
USUAL_DECAY = 0.01


_NOT_IN_CONFIGURATION = LearningFinding(
    "not_in_configuration",
    "cause",
    "Nothing in the configuration explains it.",
    "",
    "Overfit one batch: if that works, look whether the labels fit the patches and whether the crop shows what they "
    "are about; if not, look at the network.",
)


def causes(records: LearningRecords, *, rose: bool) -> tuple[LearningFinding, ...]:
    """Return the causes that fit a run that did not learn; never empty.

    Args:
        records: of the run.
        rose: whether its loss rose above that of guessing.
    """
    found = (
        _uniform_weights(records),
        _frozen_random(records),
        _schedule_over(records),
        _decay_too_high(records),
        _rate_too_high(records, rose=rose),
        softmax_twice(records),
        _rate_too_low(records),
        _dead_from_start(records),
    )
    known = tuple(one for one in found if one is not None)
    return known or (_few_steps(records) or _NOT_IN_CONFIGURATION,)


def too_high(config: RunConfig, evidence: str) -> LearningFinding:
    """Return the cause that the learning rate is too high.

    Args:
        config: the run's configuration.
        evidence: what speaks for it, as a clause.
    """
    train = config.train
    low, good, high = _usual_rates(train)
    lower = good if train.learning_rate > good else train.learning_rate / 10
    return _cause(
        "rate_too_high",
        f"The learning rate of {train.learning_rate:g} is too high: {evidence}.",
        f"With {train.optimizer}, {low:.2g} to {high:.2g} is usual.",
        f"Launch again with {lower:.2g}.",
    )


def softmax_twice(records: LearningRecords, *, certain: bool = False) -> LearningFinding | None:
    """Return the cause that the loss gets probabilities in place of logits.

    Args:
        records: of the run.
        certain: report only networks whose outputs are probabilities, which no one chooses on purpose.
    """
    outputs = records.last.train or records.last.valid
    if outputs is not None and outputs.sum_to_one:
        return _cause(
            "softmax_twice",
            "The network's outputs are probabilities already (they sum to 1), and the loss applies a softmax again.",
            "A network gives logits. With two classes, its probabilities stay between 27% and 73%, and the loss above "
            "0.313.",
            "Remove the network's last softmax.",
        )
    if records.config.train.loss_on == "probabilities" and not certain:
        return _cause(
            "softmax_twice",
            "The loss is computed of probabilities, so that a softmax comes on top of the output's.",
            "A loss is computed of logits; of probabilities, gradients vanish as soon as a class is certain.",
            "Launch again with the loss of logits.",
        )
    return None


def _uniform_weights(records: LearningRecords) -> LearningFinding | None:
    weights = records.first.weights
    if records.first.epoch > 0 or weights.uniform_layers < 2 or 2 * weights.uniform_layers < weights.layers:
        return None
    return _cause(
        "uniform_weights",
        f"{weights.uniform_layers} of {weights.layers} layers began with weights that are all the same.",
        "Weights begin at random, so that units become different; biases may begin at 0.",
        "Leave the initial weights to PyTorch, or draw them at random.",
    )


def _frozen_random(records: LearningRecords) -> LearningFinding | None:
    train, thawed = records.config.train, records.config.train.unfreeze_after
    if train.backbone != "frozen" or records.config.model.weights != "none":
        return None
    if thawed is not None and thawed <= records.last.epoch:
        return None
    return _cause(
        "frozen_random",
        "The backbone is frozen with random weights, so that only the classifier learns, from random features.",
        "A frozen backbone has weights of an earlier training.",
        "Choose initial weights, or train the backbone.",
    )


def _schedule_over(records: LearningRecords) -> LearningFinding | None:
    train, steps = records.config.train, max(1, records.last.steps)
    losses = [done.valid_loss for done in records.epochs]
    total = (records.last.epoch + 1) * steps
    looked = range(0, total, max(1, total // 1000))
    factors = [factor(train, steps, at // steps, at % steps, losses[: at // steps]) for at in looked]
    faded = sum(one < FADED for one in factors) / len(factors)
    if faded <= MOST:
        return None
    every = "step" if train.schedule_every == "step" else "epoch"
    return _cause(
        "schedule_over",
        f"The schedule ({train.schedule.replace('_', ' ')}) ended too early: the learning rate was below 1% of its "
        f"highest in {faded:.0%} of the steps.",
        "A schedule goes as low only in its last tenth.",
        "Let the schedule count epochs, not steps."
        if every == "step"
        else "Choose a longer interval, a factor nearer to 1, or one cycle or cosine, which fit the number of epochs.",
    )


def _decay_too_high(records: LearningRecords) -> LearningFinding | None:
    train, weights = records.config.train, (records.first.weights.norm_before, records.last.weights.norm_after)
    kept = weights[1] / weights[0] if weights[0] else 1.0
    usual = USUAL_DECAYS.get(train.optimizer, USUAL_DECAY)
    if not (train.weight_decay or train.l1) or (kept > SHRUNK and max(train.weight_decay, train.l1) <= usual):
        return None
    what, value = ("weight decay", train.weight_decay) if train.weight_decay else ("L1 penalty", train.l1)
    return _cause(
        "decay_too_high",
        f"The {what} of {value:g} is too high: the weights ended at {kept:.0%} of the size that they began with.",
        f"0 to {usual:g} is usual." if train.weight_decay else "0 to 0.0001 is usual.",
        f"Launch again with a {what} of {usual / 100:g}.",
    )


def _rate_too_high(records: LearningRecords, *, rose: bool) -> LearningFinding | None:
    train, shares = records.config.train, records.step_shares
    before, after = records.silent_share(records.first), records.silent_share(records.last)
    if _effective_rate(train) > USUAL_RATES[train.optimizer][2]:
        evidence = f"it is above what is usual{_momentum_in_words(train)}"
    elif shares and median(shares) > LARGE_STEP:
        evidence = f"a step changed the weights by {median(shares):.0%} of their size"
    elif rose:
        evidence = "the loss rose"
    elif before is not None and after is not None and after > MOST and after > 2 * before:
        evidence = f"units without gradient grew from {before:.0%} to {after:.0%}"
    else:
        return None
    return too_high(records.config, evidence)


def _rate_too_low(records: LearningRecords) -> LearningFinding | None:
    train, moved = records.config.train, records.moved
    low, good, high = _usual_rates(train)
    below = _effective_rate(train) < USUAL_RATES[train.optimizer][0]
    if not below and (moved is None or moved > SMALL_MOVE):
        return None
    if not below and train.learning_rate >= good:
        return None  # weights that stand still at a good rate have another cause
    how = "it is below what is usual" if moved is None else f"the weights moved by at most {moved:.2g} of their size"
    return _cause(
        "rate_too_low",
        f"The learning rate of {train.learning_rate:g} is too low: {how}.",
        f"With {train.optimizer}, {low:.2g} to {high:.2g} is usual.",
        f"Launch again with {good:.2g}.",
    )


def _dead_from_start(records: LearningRecords) -> LearningFinding | None:
    share = records.silent_share(records.first)
    if records.first.epoch > 0 or share is None or share <= MOST:
        return None
    return _cause(
        "dead_from_start",
        f"{share:.0%} of the units were dead in the first epoch already: their initial weights or biases are at fault.",
        "Biases begin at 0, and weights at random with a spread that fits the number of inputs.",
        "Leave the initial weights and biases to PyTorch.",
    )


def _few_steps(records: LearningRecords) -> LearningFinding | None:
    if records.steps >= FEW_STEPS:
        return None
    return _cause(
        "few_steps",
        f"Training had {records.steps:,} steps in all.",
        "A network needs hundreds.",
        "Train for more epochs, or with a smaller batch.",
    )


def _usual_rates(train: TrainConfig) -> tuple[float, float, float]:
    """Return the lowest, a good and the highest usual learning rate for a run's momentum and kind of loss."""
    low, good, high = USUAL_RATES[train.optimizer]
    share = train.learning_rate / _effective_rate(train)
    return low * share, good * share, high * share


def _effective_rate(train: TrainConfig) -> float:
    """Return the learning rate that moves weights as far in the long run, without momentum and with a mean loss."""
    rate = train.learning_rate / (1 - train.momentum) if train.optimizer in ("sgd", "rmsprop") else train.learning_rate
    return rate * train.batch_size * train.accumulate if train.loss_sum and train.optimizer == "sgd" else rate


def _momentum_in_words(train: TrainConfig) -> str:
    return f" with a momentum of {train.momentum:g}" if train.optimizer == "sgd" and train.momentum else ""


def _cause(key: Cause, found: str, usual: str, remedy: str) -> LearningFinding:
    return LearningFinding(key, "cause", found, usual, remedy)
