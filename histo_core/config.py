"""All it takes to repeat a run, as frozen pydantic models that refuse unknown keys.

A `RunConfig` is data + split + preprocessing + augmentation + model + training. It says nothing about
where the run is kept or who started it, so that its hash, with the data's content hash, names the run.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, model_validator

from histo_core import strict_yaml
from histo_core.config_base import Config, parse_config
from histo_core.config_train import TrainConfig
from histo_core.errors import ConfigError
from histo_core.regular_files import read_regular

Option = bool | int | float | str
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Channels = tuple[float, float, float]
Mean = Annotated[float, Field(ge=-10, le=10)]
Spread = Annotated[float, Field(ge=1e-4, le=100)]
PATH_LENGTH = 4096
"""Characters of the longest path that Linux takes."""
MANY = 1_000_000_000
"""Patches of the largest number that is asked for; no data set has as many."""
SEEDS = 2**32
"""Seeds are below it, for NumPy's sake."""

IMAGENET_MEAN: Channels = (0.485, 0.456, 0.406)
IMAGENET_STD: Channels = (0.229, 0.224, 0.225)


class DataConfig(Config):
    """Which data set, and where it lies.

    ``options`` are checked by the data set itself (`histo_core.data.open_dataset`).
    """

    dataset: str = Field(default="phantom", title="Data set")
    root: str | None = Field(
        default=None, max_length=PATH_LENGTH, title="Folder", description="Where the data lie; none for made data"
    )
    options: dict[str, Option] = Field(default_factory=dict, title="Options")
    skip_broken: bool = Field(
        default=False, title="Leave broken files out", description="Go on with the rest where files cannot be used"
    )


class SplitConfig(Config):
    """How samples are divided into train, valid and test.

    ``auto`` takes the published split where the data set has one, else by patient, else by slide, else at random.
    ``group`` keeps together what agrees in the table's column ``group``; ``saved`` takes a split that was saved in
    the workspace under its fingerprint.

    With ``folds``, the groups (or patches) are dealt into that many folds of like class shares. Fold number ``fold``
    is the test part and validation is cut from the rest; with ``hold_out``, the test share is cut first, the same
    for every fold, and the fold is the validation part. Another ``seed`` is another repeat, with other patients held
    out.
    """

    method: Literal["auto", "published", "patient", "slide", "group", "random", "saved"] = Field(
        default="auto", title="Split by"
    )
    group: str | None = Field(default=None, title="Column", description="For 'group': what must stay together")
    saved: str | None = Field(default=None, title="Saved split", description="For 'saved': its fingerprint")
    valid: Fraction = Field(default=0.15, title="Validation share", description="Share of patients, slides or patches")
    test: Fraction = Field(default=0.25, title="Test share", description="Share of patients, slides or patches")
    stratify: bool = Field(default=True, title="Like class shares", description="In every part, as well as can be")
    folds: int | None = Field(default=None, ge=2, le=100, title="Folds", description="None: a single split")
    fold: int = Field(default=0, ge=0, title="Fold", description="Which one, counted from 0")
    hold_out: bool = Field(
        default=False, title="Hold a test part out", description="The same for all folds, which then are validation"
    )
    subset: int | None = Field(
        default=None,
        ge=2,
        le=MANY,
        title="Patches in all",
        description="Drawn first, with the shares of the classes kept",
    )
    seed: int = Field(default=0, ge=0, lt=SEEDS, title="Split seed")

    @model_validator(mode="after")
    def _something_is_left_to_train(self) -> SplitConfig:
        if self.valid + self.test >= 1:
            raise ValueError("validation and test shares must leave something to train on")
        return self

    @model_validator(mode="after")
    def _fold_exists(self) -> SplitConfig:
        if self.folds is not None and self.fold >= self.folds:
            raise ValueError(f"fold counts from 0 to {self.folds - 1} where there are {self.folds} folds")
        return self

    @model_validator(mode="after")
    def _method_has_its_argument(self) -> SplitConfig:
        for method in ("group", "saved"):
            if (self.method == method) != (getattr(self, method) is not None):
                raise ValueError(f"{method} belongs to method {method!r}: give both or neither")
        return self


class PreprocessConfig(Config):
    """Centre crop, then resize, then scale to [0, 1] and normalise; in this order, always."""

    crop: int | None = Field(
        default=None, ge=8, le=4096, title="Centre crop", description="Side in input pixels; none for all"
    )
    crop_rounding: Literal["half_even", "down"] = Field(
        default="half_even",
        title="Odd margins",
        description="Where the crop's margin is odd: half a pixel to the even row and column, as in torchvision; or "
        "down, as runs before December 2026 did",
    )
    resize: int | None = Field(
        default=None, ge=8, le=1024, title="Resize to", description="Side in pixels; none as it is"
    )
    interpolation: Literal["smooth", "nearest"] = Field(
        default="smooth",
        title="Resize by",
        description="Smooth blends neighbours; nearest repeats pixels, so that enlarging adds nothing",
    )
    mean: tuple[Mean, Mean, Mean] = Field(default=IMAGENET_MEAN, title="Channel mean", description="-10 to 10 each")
    std: tuple[Spread, Spread, Spread] = Field(
        default=IMAGENET_STD, title="Channel SD", description="0.0001 to 100 each"
    )


def saved_preprocess(values: Any) -> Any:
    """Plain values of a `PreprocessConfig` as they were saved, with what they meant when they were.

    Before December 2026 there was no ``crop_rounding``, and odd margins were rounded down. What was trained so must be
    shown, resumed and applied so.
    """
    if not isinstance(values, dict) or values.get("crop") is None:
        return values
    return {"crop_rounding": "down", **values}


class AugmentConfig(Config):
    """Random changes to training patches, drawn from (run seed, epoch, sample).

    What has a range is uniform in it; what has a chance is drawn for that share of the patches and left out for the
    others. Defaults of what is off change nothing.
    """

    flips: bool = Field(
        default=True, title="Flips", description="Mirror left-right and up-down, each with the chance of flips"
    )
    flip_axes: Literal["both", "left_right"] = Field(
        default="both", title="Flip", description="Both ways, or left-right only"
    )
    flip_chance: Fraction = Field(default=0.5, title="Chance of flips", description="Of each way by itself")
    quarter_turns: bool = Field(default=True, title="Quarter turns", description="Rotate by 0, 90, 180 or 270 degrees")
    rotation: float = Field(
        default=0.0, ge=0, le=180, title="Rotation", description="By any angle up to so many degrees, either way"
    )
    rotation_chance: Fraction = Field(default=1.0, title="Chance of rotation")
    shift: float = Field(
        default=0.0, ge=0, le=0.5, title="Shift", description="Along each side, by up to this share of it"
    )
    shear: float = Field(
        default=0.0, ge=0, le=60, title="Shear", description="Slant sideways, by up to so many degrees either way"
    )
    zoom: float = Field(
        default=0.0, ge=0, le=0.9, title="Zoom", description="In or out, by up to this share: 0.2 is from 0.8 to 1.2"
    )
    geometry_chance: Fraction = Field(default=1.0, title="Chance of shift, shear and zoom", description="Of all three")
    elastic: float = Field(
        default=0.0,
        ge=0,
        le=20,
        title="Elastic",
        description="Draw tissue out of shape: up to so many pixels of displacement (root mean square)",
    )
    elastic_width: float = Field(
        default=8.0, ge=1, le=64, title="Elastic width", description="Pixels over which displacements change (SD)"
    )
    elastic_chance: Fraction = Field(default=1.0, title="Chance of elastic")
    fill: Literal["reflect", "nearest", "black", "white"] = Field(
        default="reflect",
        title="Beyond the edge",
        description="What a moved patch shows there: itself mirrored, its last pixel drawn out, black or white",
    )

    jitter: float = Field(
        default=0.1, ge=0, le=1, title="Colour jitter", description="Brightness, contrast, saturation"
    )
    hue: float = Field(default=0.0, ge=0, le=0.5, title="Hue jitter", description="Turns of the colour circle")
    colour_chance: Fraction = Field(default=1.0, title="Chance of colour changes", description="Of jitter and hue")
    stain: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="Stain jitter",
        description="More or less haematoxylin, eosin and residual, as between laboratories (HED): 0.05 is light, "
        "0.2 strong",
    )
    blur: float = Field(
        default=0.0, ge=0, le=10, title="Blur", description="Out of focus: a Gaussian's SD, up to so many pixels"
    )
    blur_chance: Fraction = Field(default=1.0, title="Chance of blur")
    pixel_dropout: Fraction = Field(
        default=0.0, title="Dropped pixels", description="Make single pixels black, up to this share of a patch"
    )


class ModelConfig(Config):
    """Which network. ``options`` are checked by the model's own specification."""

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
    """How the trained network is applied to the parts that it was not trained on."""

    parts: tuple[Literal["train", "valid", "test"], ...] = Field(
        default=("valid", "test"),
        min_length=1,
        title="Parts",
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
    def _parts_are_named_once(self) -> PredictConfig:
        if len(set(self.parts)) < len(self.parts):
            raise ValueError("each part can be named once")
        return self

    @model_validator(mode="after")
    def _votes_need_views(self) -> PredictConfig:
        if self.combine == "vote" and self.tta == "none":
            raise ValueError("combine 'vote' belongs to test-time augmentation: choose flips or symmetries")
        return self


class RunConfig(Config):
    """One run, from data to trained weights.

    Example:
        >>> from histo_core import RunConfig
        >>> config = RunConfig.parse({"model": {"name": "resnet18"}, "train": {"epochs": 3}})
        >>> config.model.name, config.train.epochs, config.data.dataset
        ('resnet18', 3, 'phantom')
        >>> RunConfig.from_yaml(config.to_yaml()) == config
        True
    """

    data: DataConfig = DataConfig()
    split: SplitConfig = SplitConfig()
    preprocess: PreprocessConfig = PreprocessConfig()
    augment: AugmentConfig = AugmentConfig()
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()
    predict: PredictConfig = PredictConfig()
    seed: int = Field(default=0, ge=0, lt=SEEDS, title="Seed")

    def hash(self, data_hash: str) -> str:
        """SHA-256 (hex) of the configuration together with the data's content hash."""
        payload = json.dumps([self.naming_values(), data_hash], sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(payload.encode()).hexdigest()

    def naming_values(self) -> dict[str, Any]:
        """Plain values that tell this run from others.

        How odd margins are rounded counts where there is a crop and the rule is not the earlier one, so that runs from
        before it was a choice keep their hash and can be resumed.
        """
        values = self.model_dump(mode="json")
        if self.preprocess.crop is None or self.preprocess.crop_rounding == "down":
            del values["preprocess"]["crop_rounding"]
        return values

    def to_yaml(self) -> str:
        """The configuration as YAML, readable and complete."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)

    @classmethod
    def from_yaml(cls, text: str, *, saved: bool = False) -> RunConfig:
        """Read what `to_yaml` wrote, or what a user wrote by hand.

        ``saved`` says that it is the configuration of a run that is there already; see `parse_saved`.

        Raises:
            ConfigError: not YAML, an unknown key, or a value out of range.
        """
        try:
            values = strict_yaml.load(text)
        except ValueError as error:
            raise ConfigError(
                f"The configuration is not YAML that can be read: {error}.",
                "A plain mapping is expected, without aliases or tags.",
                "Mend the file.",
            ) from None
        return cls.parse_saved(values) if saved else cls.parse(values)

    @classmethod
    def parse(cls, values: Any) -> RunConfig:
        """Build from plain values, with errors that name the field."""
        return parse_config(cls, values)

    @classmethod
    def parse_saved(cls, values: Any) -> RunConfig:
        """Build from what an earlier version may have saved; see `saved_preprocess`."""
        if isinstance(values, dict) and "preprocess" in values:
            values = {**values, "preprocess": saved_preprocess(values["preprocess"])}
        return cls.parse(values)


def read_config(path: Path, *, saved: bool = False) -> RunConfig:
    """Read a run configuration from a YAML file; ``saved``: of a run that is there already.

    Raises:
        ConfigError: the file is missing or its content is not allowed.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from histo_core import read_config
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "run.yaml")
        ...     _ = path.write_text("model: {name: resnet18}")
        ...     read_config(path).model.name
        'resnet18'
    """
    try:
        return RunConfig.from_yaml(read_regular(path, strict_yaml.MAX_BYTES).decode(), saved=saved)
    except FileNotFoundError:
        raise ConfigError(
            f"There is no configuration at {path}.", "A YAML file is expected.", "Check the path."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        why = "it is no text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise ConfigError(
            f"{path} cannot be read: {why}.", "A YAML file is expected.", "Choose another file."
        ) from None
