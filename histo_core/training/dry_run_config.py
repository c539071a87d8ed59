"""Configuration and result of a trial run; pages import it without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass, replace

from histo_core.config import PredictConfig, RunConfig, TrainConfig

_COSTS = (
    *("batch_size", "optimizer", "momentum", "nesterov", "amsgrad", "centered", "l1", "clip_norm", "average_decay"),
    *("accumulate", "precision", "balance", "enlarge_to", "max_train_samples", "device", "devices", "threads"),
)
"""The training settings that affect cost; all others only change which numbers are computed."""


def trial_config(config: RunConfig) -> RunConfig:
    """Return a configuration of one epoch with the same cost of a step; settings without cost get their defaults.

    Runs that differ only in epochs, seed, learning rate or schedule share one trial. A backbone that is unfrozen later
    counts as trained, which is the more expensive phase.
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


@dataclass(frozen=True)
class DryRun:
    """The cost of a run on this machine, as measured in the trial.

    Attributes:
        seconds_per_step: mean of the measured steps, including reading and augmenting their patches.
        images_per_second: over all devices of the run.
        steps_per_epoch: number of batches of an epoch.
        seconds_per_epoch: training time without validation.
        validation_seconds: time after each epoch for validation and saving the checkpoint.
        seconds_total: epochs x (seconds_per_epoch + validation_seconds).
        peak_bytes: peak memory: on CUDA of tensors on the device, elsewhere of the whole process, including the space
            for the patches that a run keeps in memory.
        device: the measured device.
    """

    seconds_per_step: float
    images_per_second: float
    steps_per_epoch: int
    seconds_per_epoch: float
    validation_seconds: float
    seconds_total: float
    peak_bytes: int
    device: str

    @property
    def seconds_between(self) -> float:
        """Seconds from the end of one epoch to the end of the next."""
        return self.seconds_per_epoch + self.validation_seconds

    def of_epochs(self, epochs: int) -> DryRun:
        """Return the same result for another number of epochs."""
        return replace(self, seconds_total=epochs * self.seconds_between)
