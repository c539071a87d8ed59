"""Choose whether pretrained layers are trained or stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from histo_core.models.registry import MODELS
from histo_core.recommendation.choice import Choice
from histo_core.recommendation.facts import DataFacts
from histo_core.shown_text import count

FEW_GROUPS = 20
"""Training patients (else slides) of the rarest class below which ImageNet's features stay as they are. Measured on the
training and validation patients of BreaKHis, of whom six are benign (docs/results.md)."""
_HEAD, _LAYERS = "model.options.head", "dense_512"
"""SqueezeNet's own classifier ends in a ReLU before the mean, and learns little on frozen features."""


def backbone(facts: DataFacts, network: str, given: Mapping[str, Any], *, published: bool) -> Choice | None:
    """Choose whether the pretrained layers stay as they are; None where all layers are trained.

    Args:
        facts: of the data.
        network: has initial weights.
        given: fields that are settled; a learning rate of the backbone means that it is trained.
        published: whether these weights come without a classifier that was trained here.
    """
    if (settled := given.get("train.backbone")) == "trained" or given.get("train.backbone_learning_rate") is not None:
        return None
    few = _few(facts)
    if not few and settled is None:
        return None
    values: dict[str, Any] = {"train.backbone": "frozen"}
    if published and "head" in MODELS[network].Options.model_fields:
        values[_HEAD] = _LAYERS
    why = f"{few}, too few to change features: ImageNet's are kept as they are." if few else "Its features are kept."
    return Choice("Backbone", values, f"{why} A classifier on them is trained.")


def _few(facts: DataFacts) -> str:
    """Return how few patients of the rarest class train; "" where they are enough, or not known."""
    if facts.groups is None or (fewest := min(facts.grouped["train"])) >= FEW_GROUPS:
        return ""
    return f"The training set holds {count(fewest, facts.groups)} of the rarest class"
