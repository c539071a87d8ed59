"""The rules of the recipe, each a `Choice` from the facts of the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from histo_core.config import AugmentConfig
from histo_core.models.registry import MODELS
from histo_core.recommendation.choice import Choice
from histo_core.recommendation.facts import DataFacts
from histo_core.recommendation.fitness import why_epoch_is_noise

PRETRAINED, FROM_SCRATCH = "squeezenet1_1", "p4m_resnet"
"""The recommended networks: where published weights are at hand, and where they are not."""

_SMALL, _MANY = 64, 1_000
"""Patches below this side, in pixels, show too little for a network made for photographs, if there are so many."""
_EQUAL = 0.8
"""Classes are weighed where the rarest has less than this part of an equal share: 40% of two classes."""
_BATCH = 32
_FEWEST_UPDATES, _MOST_UPDATES = 1_200, 4_000
_FEWEST_EPOCHS, _MOST_EPOCHS = 5, 100
_FEWEST_TUNING, _MOST_TUNING = 10, 30
"""Epochs of fine-tuning: 30 for 500 training patches or fewer, fewer for more."""
_COLOUR = {"augment.jitter": 0.1, "augment.hue": 0.02, "augment.stain": 0.05}


def network(facts: DataFacts, wished: str | None, weights: str | None, at_hand: Mapping[str, str]) -> Choice:
    """Choose the network and its initial weights, as far as they are not wished for.

    Args:
        facts: of the data.
        wished: the network's name; None leaves the choice open.
        weights: as `ModelConfig.weights`; None takes those at hand.
        at_hand: network to its published weights on this machine.
    """
    if wished is not None:
        given = at_hand.get(wished, "none") if weights is None else weights
        why = f"{MODELS[wished].title}, as chosen, {_begins(given)}."
    elif weights == "none" or (weights is None and PRETRAINED not in at_hand):
        wished, given = FROM_SCRATCH, "none"
        found = "no published weights are on this machine, and" if weights is None else "without published weights"
        why = f"{MODELS[wished].title}, from scratch: {found} it learns most from few patches."
    elif weights is None and min(facts.commonest) < _SMALL and facts.total("train") >= _MANY:
        wished, given = FROM_SCRATCH, "none"
        why = f"{MODELS[wished].title}, from scratch: on many small patches it does better than ImageNet's weights."
    else:
        wished, given = PRETRAINED, weights or at_hand[PRETRAINED]
        why = f"{MODELS[wished].title}, {_begins(given)}: fine-tuning takes a fraction of the time from scratch."
    return Choice("Network", {"model.name": wished, "model.weights": given}, why)


def augmentation(network: str) -> Choice:
    """Choose the augmentation; a network that is symmetric by itself needs neither flips nor quarter turns."""
    off = {f"augment.{name}": field.default for name, field in AugmentConfig.model_fields.items()}
    if network.startswith("p4m"):
        turned = {"flips": False, "quarter_turns": False, "rotation": 45.0, "rotation_chance": 0.5}
        turned |= {"zoom": 0.1, "geometry_chance": 0.5}
        why = "Other angles, sizes, colours and stains, lightly; mirroring and quarter turns are the network's own."
        return Choice("Augmentation", off | _COLOUR | {f"augment.{key}": value for key, value in turned.items()}, why)
    return Choice("Augmentation", off | _COLOUR, "Flips, quarter turns, and lightly other colours and stains.")


def training(facts: DataFacts, network: str, *, pretrained: bool) -> Choice:
    """Choose optimiser, schedule and epochs."""
    patches = facts.total("train")
    steps = max(-(-patches // _BATCH), 1)
    if pretrained:
        epochs = min(max(round(_MOST_TUNING * (500 / patches) ** 0.5), _FEWEST_TUNING), _MOST_TUNING)
        rates: dict[str, Any] = {"train.learning_rate": 1e-3, "train.backbone_learning_rate": 3e-4}
        why = f"All layers are trained for {epochs} epochs, the backbone more slowly than the classifier."
    else:
        updates = min(max(patches, _FEWEST_UPDATES), _MOST_UPDATES)
        epochs = min(max(round(updates / steps), _FEWEST_EPOCHS), _MOST_EPOCHS)
        rates = {"train.learning_rate": 4e-3 if network == FROM_SCRATCH else 1e-3}
        why = f"{epochs} epochs, {epochs * steps:,} steps: enough to learn from scratch."
    values = {
        "train.epochs": epochs,
        "train.batch_size": _BATCH,
        "train.optimizer": "adamw",
        "train.weight_decay": 0.05,
        "train.schedule": "one_cycle",
        "train.average_decay": 0.99 if epochs * steps < _MOST_UPDATES / 2 else 0.998,
        "train.label_smoothing": 0.05,
        "train.patience": None,
    }
    return Choice("Training", values | rates, f"{why} One cycle of the learning rate; weights are averaged.")


def balance(facts: DataFacts) -> Choice:
    """Choose whether rare classes are weighed in the loss."""
    share = facts.rarest_share
    if share < _EQUAL / len(facts.classes):
        why = f"The rarest class has {share:.0%} of the training patches, so that classes are weighed in the loss."
        return Choice("Balance", {"train.balance": "weights"}, why)
    why = f"The rarest class has {share:.0%} of the training patches, which needs no weights."
    return Choice("Balance", {"train.balance": "none"}, why)


def kept_epoch(facts: DataFacts) -> Choice:
    """Choose which epoch's weights are kept."""
    if reason := why_epoch_is_noise(facts):
        return Choice("Epoch", {"train.checkpoint": "last"}, f"The last averaged weights are kept: {reason}.")
    why = "The weights with the lowest validation loss are kept; the validation set is large enough to choose by."
    return Choice("Epoch", {"train.checkpoint": "best"}, why)


def views(network: str) -> Choice:
    """Choose test-time augmentation."""
    if network.startswith("p4m"):
        return Choice("Prediction", {"predict.tta": "none"}, "Each patch once: all eight symmetries give the same.")
    why = "The mean over the eight symmetries of each patch, which costs little and steadies the answer."
    return Choice("Prediction", {"predict.tta": "symmetries", "predict.combine": "mean"}, why)


def _begins(weights: str) -> str:
    if weights == "none":
        return "from scratch"
    return "from ImageNet's weights" if weights == "imagenet" else "from the weights on this machine"
