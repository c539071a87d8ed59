"""What a trial tries, which is what decides the cost of a run, and what it finds; a page reads it without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass, replace

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


@dataclass(frozen=True)
class DryRun:
    """What a run will cost on this machine, as it was during the trial.

    Attributes:
        seconds_per_step: mean of the measured steps, reading and augmenting their patches included.
        images_per_second: over all devices of the run.
        steps_per_epoch: batches an epoch.
        seconds_per_epoch: of training, without validation.
        validation_seconds: after each epoch: validation, and saving the checkpoint.
        seconds_total: epochs x (seconds_per_epoch + validation_seconds).
        peak_bytes: the most memory that was held: on CUDA by tensors on the device, elsewhere by the whole process,
            with the room for the patches that a run keeps after it has read them.
        device: that was measured.
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
        """From the end of one epoch to the end of the next."""
        return self.seconds_per_epoch + self.validation_seconds

    def of_epochs(self, epochs: int) -> DryRun:
        """The same for another number of epochs."""
        return replace(self, seconds_total=epochs * self.seconds_between)
