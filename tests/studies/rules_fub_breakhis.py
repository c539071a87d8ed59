"""Which rule each fact of fub_breakhis.yaml is held to."""

from __future__ import annotations

from study_facts import (
    EVERYWHERE,
    Rule,
    augment,
    config,
    matrix,
    networks,
    rates,
    sentence,
    spoken,
)

_FUB_RUNS = ("resnet18", "resnext50_32x4d", "wide_resnet50_2")
RULES: dict[str, Rule] = EVERYWHERE | {
    "data.magnification": config(_FUB_RUNS, "data.options.magnification"),
    "data.classes": spoken("benign (b)", "malignant (m)"),
    "data.subtypes": lambda study, path, value: spoken(*str(value).split("_"))(study, path, value),
    "data.counts": lambda study, path, value: spoken(
        f"at {path.rpartition('.')[2]}x" if "all" not in path else "in all"
    )(study, path, value),
    "data.split": sentence,
    "preprocessing": sentence,
    "augmentation": augment(_FUB_RUNS, flips=True, flip_axes="both", rotation=20.0),
    "models.networks": networks,
    "models.weights": spoken("imagenet", "all layers retrained"),
    "models.head": lambda study, path, value: spoken("the head is", str(value))(study, path, value),
    "models.open": sentence,
    "training": config(
        _FUB_RUNS,
        optimizer="train.optimizer",
        lr="train.learning_rate",
        batch_size="train.batch_size",
        scheduler="train.schedule",
        loss="train.loss",
    ),
    "training.epochs": config(_FUB_RUNS[1:], "train.epochs"),
    "training.epochs_resnet18": config(["resnet18"], "train.epochs"),
    "evaluation": sentence,
    "reported": rates,
    "reported.note": sentence,
    **{f"reported.{name}.confusion": matrix for name in _FUB_RUNS},
    "wished_for": sentence,
    "claimed_sizes": sentence,
    "ours.1": spoken("by image", "intervals by patient", "is not computed"),
}
