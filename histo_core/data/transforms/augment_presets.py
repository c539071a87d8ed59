"""Augmentations worth having at hand, by name.

The studies' own are here as far as they can be said in flips, quarter turns and colour. Turns by other angles, shifts,
shear, zoom, blur and elastic changes interpolate, and are not offered; the titles say where a study had them.
"""

from __future__ import annotations

from typing import NamedTuple

from histo_core.config import AugmentConfig


class _Preset(NamedTuple):
    name: str
    title: str
    config: AugmentConfig


_ALL = (
    _Preset("none", "None", AugmentConfig(flips=False, quarter_turns=False, jitter=0)),
    _Preset("flips", "Flips", AugmentConfig(quarter_turns=False, jitter=0)),
    _Preset("symmetries", "Flips and quarter turns", AugmentConfig(jitter=0)),
    _Preset("default", "Flips, quarter turns and slight colour changes (the default)", AugmentConfig()),
    _Preset("colour", "Flips, quarter turns and clear changes of colour and hue", AugmentConfig(jitter=0.2, hue=0.05)),
    _Preset(
        "histology",
        "For H&E: flips, quarter turns, other stains (HED, light) and slight colour changes",
        AugmentConfig(stain=0.05),
    ),
    _Preset(
        "fub_breakhis",
        "BreaKHis study: flips; its turns by up to 20 degrees are left out",
        AugmentConfig(quarter_turns=False, jitter=0),
    ),
    _Preset(
        "gatech_kpcam",
        "Six networks on kPCam: flips, turns and colour jitter; its ranges are not given",
        AugmentConfig(jitter=0.1),
    ),
    _Preset(
        "pcam_gcnn",
        "Rotation-equivariant study: flips, quarter turns, strong colour; blur, dropout and elastic are left out",
        AugmentConfig(jitter=0.5, hue=0.1),
    ),
    _Preset(
        "uts_neuroblastoma",
        "Neuroblastoma study: flips; its turns by up to 50 degrees and shifts are left out",
        AugmentConfig(quarter_turns=False, jitter=0),
    ),
)

PRESETS: dict[str, AugmentConfig] = {preset.name: preset.config for preset in _ALL}
TITLES: dict[str, str] = {preset.name: preset.title for preset in _ALL}
"""What a page calls each preset."""
