"""Configure training: optimiser, schedule, loss, class balance, precision and devices."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from histo_core.config.base import Config
from histo_core.config.belongs import BELONGS


class TrainConfig(Config):
    """The training of the network. The best epoch is the one with the lowest validation loss; see ``checkpoint``.

    A setting that `BELONGS` lists must keep its default under other choices, so that no run has a setting without
    effect.

    Example:
        >>> from histo_core.config import TrainConfig
        >>> train = TrainConfig(epochs=3, optimizer="sgd", momentum=0.9)
        >>> train.epochs, train.learning_rate, train.momentum
        (3, 0.001, 0.9)
    """

    epochs: int = Field(default=10, ge=1, le=10_000, title="Epochs")
    batch_size: int = Field(default=64, ge=1, le=8192, title="Batch size")
    optimizer: Literal["adam", "adamw", "adamax", "sgd", "rmsprop", "adagrad"] = Field(
        default="adam", title="Optimiser"
    )
    learning_rate: float = Field(
        default=1e-3, gt=0, le=10, title="Learning rate", description="The highest one, where a schedule changes it"
    )
    weight_decay: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="Weight decay",
        description="L2 penalty added to the gradient; adamw shrinks weights directly instead",
    )
    l1: float = Field(
        default=0.0, ge=0, le=1, title="L1 penalty", description="Of weights; biases and norms are left out"
    )
    momentum: float = Field(default=0.0, ge=0, lt=1, title="Momentum", description="For sgd and rmsprop")
    dampening: float = Field(default=0.0, ge=0, le=1, title="Dampening", description="For sgd, of its momentum")
    nesterov: bool = Field(default=False, title="Nesterov momentum", description="For sgd: look ahead")
    beta1: float = Field(default=0.9, ge=0, lt=1, title="Beta 1", description="For adam, adamw, adamax")
    beta2: float = Field(default=0.999, ge=0, lt=1, title="Beta 2", description="For adam, adamw, adamax")
    amsgrad: bool = Field(default=False, title="AMSGrad", description="For adam, adamw: never forget a large gradient")
    alpha: float = Field(
        default=0.99, ge=0, lt=1, title="Alpha", description="For rmsprop: how long squared gradients are remembered"
    )
    centered: bool = Field(
        default=False, title="Centred", description="For rmsprop: divide by the gradients' spread about their mean"
    )
    rate_decay: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="Learning rate decay",
        description="For adagrad: the rate after n steps is 1 / (1 + n x it)",
    )
    initial_accumulator: float = Field(
        default=0.0, ge=0, le=10, title="Initial accumulator", description="For adagrad: what squares are added to"
    )
    epsilon: float | None = Field(
        default=None,
        gt=0,
        le=1,
        title="Epsilon",
        description="Added to the divisor; none: 1e-8, for adagrad 1e-10. Not for sgd",
    )

    backbone: Literal["trained", "frozen"] = Field(
        default="trained",
        title="Backbone",
        description="All layers but the classifier and the last layer of an auxiliary classifier. Frozen, it runs in "
        "evaluation mode: batch norm keeps its statistics, and there is no dropout",
    )
    unfreeze_after: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        title="Unfreeze after",
        description="Epochs until a frozen backbone is trained, too",
    )
    backbone_learning_rate: float | None = Field(
        default=None, gt=0, le=10, title="Backbone learning rate", description="None: the same as the classifier's"
    )

    schedule: Literal["none", "step", "exponential", "cyclic", "one_cycle", "cosine", "plateau"] = Field(
        default="none",
        title="Schedule",
        description="Of learning rates. Cyclic, one cycle and cosine change them at each step, others at each epoch",
    )
    schedule_every: Literal["epoch", "step"] = Field(
        default="epoch",
        title="Schedule unit",
        description="What step and exponential count: epochs; or steps of the optimiser, as the text of one study says",
    )
    step_epochs: int = Field(
        default=10, ge=1, le=10_000, title="Step: interval", description="That many epochs (or steps), for step"
    )
    step_factor: float = Field(
        default=0.1, gt=0, le=1, title="Step: factor", description="Of the learning rate, at each interval of step"
    )
    epoch_factor: float = Field(
        default=0.9,
        gt=0,
        le=1,
        title="Exponential: factor",
        description="Of the learning rate, at each epoch of exponential",
    )
    cycle_steps: int = Field(
        default=2000,
        ge=1,
        le=1_000_000,
        title="Cyclic: half-cycle steps",
        description="Steps from low to high, for cyclic",
    )
    cycle_low: float = Field(
        default=0.01, ge=0, le=1, title="Cyclic: lowest fraction", description="Share of the learning rate, for cyclic"
    )
    rise: float = Field(
        default=0.3, gt=0, lt=1, title="One cycle: rising fraction", description="Share of all steps, for one cycle"
    )
    rise_from: float = Field(
        default=0.04,
        gt=0,
        le=1,
        title="One cycle: initial fraction",
        description="Share of the learning rate, for one cycle",
    )
    fall_to: float = Field(
        default=4e-6,
        ge=0,
        le=1,
        title="One cycle: final fraction",
        description="Share of the learning rate, for one cycle",
    )
    warmup_epochs: int = Field(
        default=0, ge=0, le=1000, title="Warm-up epochs", description="Rising in a line, for cosine"
    )
    cosine_end: float = Field(
        default=0.0, ge=0, le=1, title="Cosine: final fraction", description="Share of the learning rate, for cosine"
    )
    plateau_patience: int = Field(
        default=3,
        ge=0,
        le=1000,
        title="Plateau: patience",
        description="Epochs without a lower validation loss, for plateau",
    )
    plateau_factor: float = Field(
        default=0.1, gt=0, lt=1, title="Plateau: factor", description="Of the learning rate, at each plateau"
    )

    loss: Literal["cross_entropy", "binary_cross_entropy"] = Field(
        default="cross_entropy",
        title="Loss",
        description="Binary: of two classes, with the difference of the two outputs as the one output of a sigmoid",
    )
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=1, title="Label smoothing", description="Share of each label spread over all classes"
    )
    loss_on: Literal["logits", "probabilities"] = Field(
        default="logits",
        title="Loss applied to",
        description="Logits, as it should be. Probabilities: the loss's softmax comes on top of the output's, as in "
        "two of the studies; kept so that the failure can be shown",
    )
    loss_sum: bool = Field(
        default=False,
        title="Sum loss over batch",
        description="Train on the sum over the batch, not on the mean; this acts as a larger learning rate. The loss "
        "that is shown stays the mean",
    )
    balance: Literal["none", "weights", "sampler", "enlarge"] = Field(
        default="none",
        title="Class balance",
        description="Weigh rare classes in the loss, draw them more often, or enlarge each class",
    )
    enlarge_to: int | None = Field(
        default=None,
        ge=1,
        le=10_000_000,
        title="Patches a class",
        description="For 'enlarge': repeated under new augmentations",
    )
    accumulate: int = Field(
        default=1, ge=1, le=1024, title="Gradient accumulation", description="Batches whose gradients make one step"
    )
    clip_norm: float | None = Field(
        default=None,
        gt=0,
        le=1e6,
        title="Clip gradients",
        description="To this norm over all weights; none: as they are",
    )
    average_decay: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        title="EMA decay",
        description="Decay a step of a moving average, such as 0.999, which is validated and kept; none: no average",
    )
    checkpoint: Literal["best", "last"] = Field(
        default="best",
        exclude_if=lambda kept: kept == "best",  # so that runs from before this setting existed keep their hashes
        title="Keep the weights of",
        description="The epoch with the lowest validation loss (best); or the last one, which is safer where the "
        "validation set holds few patients",
    )
    patience: int | None = Field(
        default=None, ge=1, le=10_000, title="Patience", description="Stop after that many epochs without a new best"
    )
    precision: Literal["32", "bf16", "16"] = Field(
        default="32",
        title="Precision",
        description="Of training; validation and predictions are always in 32 bits. 16 needs a CUDA device",
    )
    activations: bool = Field(
        default=False,
        exclude_if=lambda on: not on,  # so that runs from before this setting existed keep their hashes
        title="Record activations",
        description="After each epoch count, layer by layer, the units that no validation patch makes active, and how "
        "the outputs are spread. Validation takes about twice as long",
    )
    max_train_samples: int | None = Field(
        default=None, ge=2, le=1_000_000_000, title="Training patches", description="A seeded subset; none for all"
    )
    device: str = Field(default="auto", title="Device", description="auto, cpu, cuda:0 or mps")
    devices: int = Field(
        default=1,
        ge=1,
        le=64,
        title="Devices",
        description="Processes that share each batch, one a device; the batch size stays that of all together",
    )
    threads: int | None = Field(default=None, ge=1, le=256, title="CPU threads", description="None: PyTorch decides")

    @field_validator("precision", mode="before")
    @classmethod
    def _bits_may_be_a_number(cls, value: Any) -> Any:
        """Accept a whole number, because YAML reads 32 as one."""
        return str(value) if isinstance(value, int) else value

    @field_validator("device")
    @classmethod
    def _device_has_a_known_form(cls, value: str) -> str:
        if not re.fullmatch(r"auto|cpu|mps|cuda:\d{1,4}", value, re.ASCII):
            raise ValueError("must be auto, cpu, mps or cuda:<number>, such as cuda:0")
        return value

    @model_validator(mode="after")
    def _enlarge_has_its_number(self) -> TrainConfig:
        if (self.balance == "enlarge") != (self.enlarge_to is not None):
            raise ValueError("enlarge_to belongs to balance 'enlarge': give both or neither")
        return self

    @model_validator(mode="after")
    def _settings_belong_to_what_is_chosen(self) -> TrainConfig:
        for setting, (chooser, choices) in BELONGS.items():
            default: Any = type(self).model_fields[setting].default
            if getattr(self, setting) != default and getattr(self, chooser) not in choices:
                raise ValueError(
                    f"{setting} belongs to {chooser} {' or '.join(choices)}, not to {getattr(self, chooser)}: "
                    f"leave it at {default}"
                )
        return self

    @model_validator(mode="after")
    def _momentum_is_there_to_be_changed(self) -> TrainConfig:
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise ValueError("nesterov needs a momentum above 0 and no dampening")
        if self.dampening and self.momentum == 0:
            raise ValueError("dampening needs a momentum above 0")
        return self

    @model_validator(mode="after")
    def _backbone_learns_at_its_rate(self) -> TrainConfig:
        if self.backbone_learning_rate and self.backbone == "frozen" and self.unfreeze_after is None:
            raise ValueError("backbone_learning_rate needs a backbone that is trained, or unfrozen after some epochs")
        return self

    @model_validator(mode="after")
    def _warm_up_ends(self) -> TrainConfig:
        if self.warmup_epochs >= self.epochs:
            raise ValueError(f"warmup_epochs must be below the {self.epochs} epochs")
        return self
