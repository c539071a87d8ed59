"""Augmentations worth having at hand, by name: the studies' own, and ours.

A title says what a study left open or had otherwise; what is "ours" stands there too. The corners that a rotation
uncovers are filled as the study's library does by default: black in torchvision and imgaug, the nearest pixel in Keras.
"""

from __future__ import annotations

from typing import NamedTuple

from histo_core.config import AugmentConfig


class _Preset(NamedTuple):
    name: str
    title: str
    config: AugmentConfig


_NONE = AugmentConfig(flips=False, quarter_turns=False, jitter=0)
_FLIPS = AugmentConfig(quarter_turns=False, jitter=0)


def _with(start: AugmentConfig, **settings: object) -> AugmentConfig:
    return AugmentConfig.model_validate({**start.model_dump(), **settings})


_SCRATCH = _with(
    _FLIPS,
    flip_chance=0.25,
    jitter=0.5,
    hue=0.1,
    colour_chance=0.5,
    blur=1.5,
    blur_chance=0.25,
    pixel_dropout=0.2,
    elastic=1.5,
    elastic_width=4,
    fill="black",
)

_ALL = (
    _Preset("none", "None", _NONE),
    _Preset("flips", "Flips", _FLIPS),
    _Preset("symmetries", "Flips and quarter turns", AugmentConfig(jitter=0)),
    _Preset("default", "Flips, quarter turns and slight colour changes (the default)", AugmentConfig()),
    _Preset("colour", "Flips, quarter turns and clear changes of colour and hue", AugmentConfig(jitter=0.2, hue=0.05)),
    _Preset(
        "histology",
        "For H&E: flips, quarter turns, other stains (HED, light) and slight colour changes",
        AugmentConfig(stain=0.05),
    ),
    _Preset(
        "pcam_4000",
        "4,000 patches of PCam: angles and zoom for half of them, stains and colours; mirroring is the network's part",
        _with(_NONE, rotation=45, rotation_chance=0.5, zoom=0.1, geometry_chance=0.5, jitter=0.1, hue=0.02, stain=0.05),
    ),
    _Preset("wpi_kpcam", "CNN-RNN on kPCam: none", _NONE),
    _Preset(
        "gatech_kpcam",
        "Six networks on kPCam: jitter for half the patches, rotation or flips; ranges are ours, choices are chances",
        _with(_FLIPS, flip_chance=0.375, rotation=45, rotation_chance=0.5, jitter=0.2, colour_chance=0.5, fill="black"),
    ),
    _Preset(
        "gatech_vgg16",
        "VGG16 on kPCam: rotation 40, shift, zoom and left-right flip; shear 0.2 is in degrees, as Keras reads it",
        _with(_FLIPS, flip_axes="left_right", rotation=40, shift=0.2, shear=0.2, zoom=0.2, fill="nearest"),
    ),
    _Preset("fub_breakhis", "BreaKHis: flips and rotation up to 20 degrees", _with(_FLIPS, rotation=20, fill="black")),
    _Preset(
        "uts_neuroblastoma",
        "Neuroblastoma: left-right flip, rotation up to 50 degrees, shift; the shift of 0.1 is ours",
        _with(_FLIPS, flip_axes="left_right", rotation=50, shift=0.1, fill="nearest"),
    ),
    _Preset(
        "pcam_gcnn_inception_2",
        "Inception v3 on PCam, 2nd: rotation 45, flips, shear and jitter at 0.3; shift and ranges of jitter are ours",
        _with(
            _FLIPS,
            flip_chance=0.3,
            rotation=45,
            shift=0.1,
            shear=45,
            geometry_chance=0.3,
            jitter=0.2,
            hue=0.05,
            colour_chance=0.3,
            fill="black",
        ),
    ),
    _Preset(
        "pcam_gcnn_scratch",
        "G-CNN on PCam, from scratch: rotation, flips, colour, blur, dropped pixels, elastic; 'one of' are chances",
        _with(_SCRATCH, rotation=90, rotation_chance=0.3),
    ),
    _Preset("pcam_gcnn_final", "G-CNN on PCam, final run: as from scratch, without rotation", _SCRATCH),
)

PRESETS: dict[str, AugmentConfig] = {preset.name: preset.config for preset in _ALL}
TITLES: dict[str, str] = {preset.name: preset.title for preset in _ALL}
"""What a page calls each preset."""

GROUPS: dict[str, tuple[str, ...]] = {
    "Mirror and turn": ("flips", "flip_axes", "flip_chance", "quarter_turns", "rotation", "rotation_chance"),
    "Move and bend": (
        *("shift", "shear", "zoom", "geometry_chance"),
        *("elastic", "elastic_width", "elastic_chance", "fill"),
    ),
    "Stain and colour": ("stain", "jitter", "hue", "colour_chance"),
    "Focus and gaps": ("blur", "blur_chance", "pixel_dropout"),
}
"""The fields of `AugmentConfig` as a form shows them, under what a group is called."""
