"""What counts as stained, and as how much of a stain."""

from __future__ import annotations

FAINT = 0.08
"""Optical density (base 10, mean of the channels) below which a pixel is empty background."""
ENOUGH = 0.05
"""Share of a patch that must be stained for its colour to be judged."""
MOST = 0.25
"""The amount of a stain, in `skimage.color.rgb2hed`'s units, that fills the scale; more counts as this much. It is
above 99.9% of tissue's haematoxylin and 99% of its eosin in PatchCamelyon."""
