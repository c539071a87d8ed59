"""What of a configuration decides how long a step takes and how much memory it needs."""

from __future__ import annotations

from histo_core.config import PredictConfig, RunConfig, TrainConfig

_COSTS = (
    *("batch_size", "optimizer", "momentum", "nesterov", "amsgrad", "centered", "l1", "clip_norm", "average_decay"),
    *("accumulate", "precision", "balance", "enlarge_to", "max_train_samples", "device", "devices", "threads"),
)
"""The training settings that cost something; all others only change which numbers are computed."""


def trial_config(config: RunConfig) -> RunConfig:
    """A configuration of one epoch with the same cost a step, and everything that costs nothing at its default.

    Two runs that differ in epochs, seed, learning rate or schedule only have one trial in common. A backbone that is
    unfrozen later counts as trained, which is its dearer part.
    """
    train = config.train
    kept = {name: getattr(train, name) for name in _COSTS}
    if train.backbone == "frozen" and train.unfreeze_after is None:
        kept["backbone"] = "frozen"
    return config.model_copy(
        update={
            "model": config.model.model_copy(update={"weights": "none"}),
            "train": TrainConfig(epochs=1, **kept),
            "predict": PredictConfig(),
            "seed": 0,
        }
    )
