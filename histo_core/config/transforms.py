"""Configure preprocessing of every patch and augmentation of training patches."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from histo_core.config.base import Config
from histo_core.config.fields import Fraction

Channels = tuple[float, float, float]
Mean = Annotated[float, Field(ge=-10, le=10)]
Spread = Annotated[float, Field(ge=1e-4, le=100)]
IMAGENET_MEAN: Channels = (0.485, 0.456, 0.406)
IMAGENET_STD: Channels = (0.229, 0.224, 0.225)


class PreprocessConfig(Config):
    """The preprocessing: centre crop, then resize, then scale to [0, 1], then normalise; always in this order.

    Example:
        >>> from histo_core.config import PreprocessConfig
        >>> preprocess = PreprocessConfig(crop=64, resize=32)
        >>> preprocess.crop, preprocess.resize, preprocess.mean
        (64, 32, (0.485, 0.456, 0.406))
    """

    crop: int | None = Field(
        default=None, ge=8, le=4096, title="Centre crop", description="Side in input pixels; none for all"
    )
    crop_rounding: Literal["half_even", "down"] = Field(
        default="half_even",
        title="Crop rounding",
        description="Where the crop's margin is odd: half a pixel to the even row and column, as in torchvision; or "
        "down, as runs before December 2026 did",
    )
    resize: int | None = Field(
        default=None, ge=8, le=1024, title="Resize to", description="Side in pixels; none as it is"
    )
    interpolation: Literal["smooth", "nearest"] = Field(
        default="smooth",
        title="Interpolation",
        description="Smooth blends neighbours; nearest repeats pixels, so that enlarging adds nothing",
    )
    mean: tuple[Mean, Mean, Mean] = Field(default=IMAGENET_MEAN, title="Channel mean", description="-10 to 10 each")
    std: tuple[Spread, Spread, Spread] = Field(
        default=IMAGENET_STD, title="Channel SD", description="0.0001 to 100 each"
    )


def saved_preprocess(values: Any) -> Any:
    """Return saved plain values of a `PreprocessConfig` with the meaning they had when they were saved.

    Before December 2026 there was no ``crop_rounding``, and odd margins were rounded down. Runs that were trained this
    way must be shown, resumed and applied this way.

    Example:
        >>> from histo_core.config import saved_preprocess
        >>> saved_preprocess({"crop": 32}), saved_preprocess({"crop": None})
        ({'crop_rounding': 'down', 'crop': 32}, {'crop': None})
    """
    if not isinstance(values, dict) or values.get("crop") is None:
        return values
    return {"crop_rounding": "down", **values}


class AugmentConfig(Config):
    """The random augmentation of training patches, drawn from (run seed, epoch, sample).

    A setting with a range is drawn uniformly from it. A setting with a probability applies to that share of the
    patches. The defaults of settings that are off change nothing.

    Example:
        >>> from histo_core.config import AugmentConfig
        >>> augment = AugmentConfig(rotation=15, stain=0.05)
        >>> augment.flips, augment.rotation, augment.blur
        (True, 15.0, 0.0)
    """

    flips: bool = Field(
        default=True, title="Flips", description="Mirror left-right and up-down, each with the flip probability"
    )
    flip_axes: Literal["both", "left_right"] = Field(
        default="both", title="Flip directions", description="Both ways, or left-right only"
    )
    flip_chance: Fraction = Field(default=0.5, title="Flip probability", description="Of each way by itself")
    quarter_turns: bool = Field(default=True, title="Quarter turns", description="Rotate by 0, 90, 180 or 270 degrees")
    rotation: float = Field(
        default=0.0, ge=0, le=180, title="Rotation", description="By any angle up to so many degrees, either way"
    )
    rotation_chance: Fraction = Field(default=1.0, title="Rotation probability")
    shift: float = Field(
        default=0.0, ge=0, le=0.5, title="Shift", description="Along each side, by up to this share of it"
    )
    shear: float = Field(
        default=0.0, ge=0, le=60, title="Shear", description="Slant sideways, by up to so many degrees either way"
    )
    zoom: float = Field(
        default=0.0, ge=0, le=0.9, title="Zoom", description="In or out, by up to this share: 0.2 is from 0.8 to 1.2"
    )
    geometry_chance: Fraction = Field(
        default=1.0, title="Shift, shear and zoom probability", description="Of all three"
    )
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
    elastic_chance: Fraction = Field(default=1.0, title="Elastic probability")
    fill: Literal["reflect", "nearest", "black", "white"] = Field(
        default="reflect",
        title="Padding",
        description="What a moved patch shows there: itself mirrored, its last pixel drawn out, black or white",
    )

    jitter: float = Field(
        default=0.1, ge=0, le=1, title="Colour jitter", description="Brightness, contrast, saturation"
    )
    hue: float = Field(default=0.0, ge=0, le=0.5, title="Hue jitter", description="Turns of the colour circle")
    colour_chance: Fraction = Field(default=1.0, title="Colour probability", description="Of jitter and hue")
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
    blur_chance: Fraction = Field(default=1.0, title="Blur probability")
    pixel_dropout: Fraction = Field(
        default=0.0, title="Dropped pixels", description="Make single pixels black, up to this share of a patch"
    )
