"""Define the limits of stained pixels and of stain amounts."""

from __future__ import annotations

FAINT = 0.08
"""Optical density (base 10, mean of the channels) below which a pixel is background."""
ENOUGH = 0.05
"""Share of a patch that must be stained for its colour to be measured."""
MOST = 0.25
"""The largest amount of a stain on the scale, in units of `skimage.color.rgb2hed`; larger amounts are clipped. It is
above 99.9% of tissue's haematoxylin and 99% of its eosin in PatchCamelyon."""
