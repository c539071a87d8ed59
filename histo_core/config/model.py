"""Configure the network and how it predicts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from histo_core.config.base import Config
from histo_core.config.fields import PATH_LENGTH, Option


class ModelConfig(Config):
    """The network, its weights, output and options. The model's own specification checks ``options``.

    Example:
        >>> from histo_core.config import ModelConfig
        >>> ModelConfig(name="resnet18", weights="imagenet").output
        'softmax'
    """

    name: str = Field(default="cnn_rnn", title="Model")
    weights: str = Field(
        default="none",
        max_length=PATH_LENGTH,
        title="Initial weights",
        description="none, imagenet, or a .safetensors file of ours",
    )
    weights_sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        exclude_if=lambda digest: digest is None,
        title="Hash of the weights' file",
        description="Noted when a run is launched, so that another file of the same name is another run",
    )
    output: Literal["softmax", "sigmoid", "sigmoids"] = Field(
        default="softmax",
        title="Output",
        description="How probabilities come from the network: a softmax of one output a class; for two classes, one "
        "output through a sigmoid; or a sigmoid of each output, normalised to sum to 1",
    )
    options: dict[str, Option | tuple[float, ...] | None] = Field(default_factory=dict, title="Options")


class PredictConfig(Config):
    """The prediction of sets with the trained network: which sets, and test-time augmentation.

    Example:
        >>> from histo_core.config import PredictConfig
        >>> predict = PredictConfig(parts=("valid",), tta="symmetries")
        >>> predict.tta, predict.combine
        ('symmetries', 'mean')
    """

    parts: tuple[Literal["train", "valid", "test"], ...] = Field(
        default=("valid", "test"),
        min_length=1,
        title="Sets",
        description="Which are predicted when training has ended; leave test out until everything is chosen",
    )
    tta: Literal["none", "flips", "symmetries"] = Field(
        default="none",
        title="Test-time augmentation",
        description="Predict each patch as it is; or with its two mirror images; or in all eight symmetries",
    )
    combine: Literal["mean", "vote"] = Field(
        default="mean", title="Combine views by", description="Mean of the probabilities, or share of the votes"
    )

    @model_validator(mode="after")
    def _sets_are_named_once(self) -> PredictConfig:
        if len(set(self.parts)) < len(self.parts):
            raise ValueError("each set can be named once")
        return self

    @model_validator(mode="after")
    def _votes_need_views(self) -> PredictConfig:
        if self.combine == "vote" and self.tta == "none":
            raise ValueError("combine 'vote' belongs to test-time augmentation: choose flips or symmetries")
        return self
