"""Render the layers of an overlay as RGBA pixels: signed colours, hatching, outlines."""

from __future__ import annotations

import numpy as np
from PIL import ImageColor

from histo_core.explanation.base import Explanation
from histo_core.plots.theme import OKABE_ITO

AGAINST, FOR = (ImageColor.getrgb(colour) for colour in OKABE_ITO[:2])
"""Blue and orange: colour-blind readers can distinguish them from each other and from the pinks of H&E."""
GREY = (110, 110, 110)
"""The colour of a negligible map, whose strongest area hardly changes the prediction."""
STRIPE = 4
"""Width of a hatching stripe, in enlarged pixels."""


def signed_colours(values: np.ndarray, scale: float, *, grey: bool = False) -> np.ndarray:
    """Colour positive values orange and negative ones blue, more opaque further from zero.

    Args:
        values: float H x W.
        scale: the absolute value with the full colour; larger values get the same colour.
        grey: use grey for both.

    Returns:
        uint8 H x W x 4, RGBA; transparent at zero, so that tissue without evidence keeps its own colour.
    """
    colours = np.empty((*values.shape, 4), np.uint8)
    against, speaking = _pair(grey)
    colours[..., :3] = np.where(values[..., None] < 0, against, speaking)
    colours[..., 3] = np.rint(np.minimum(np.abs(values) / scale, 1) * 255)
    return colours


def plotly_scale(*, grey: bool = False) -> list[list[float | str]]:
    """Return `signed_colours` as a Plotly colour scale from -scale (0) to scale (1)."""
    against, speaking = _pair(grey)
    stops = ((0.0, against, 1), (0.5, against, 0), (0.5, speaking, 0), (1.0, speaking, 1))
    return [[at, f"rgba({colour[0]},{colour[1]},{colour[2]},{alpha})"] for at, colour, alpha in stops]


def _pair(grey: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the colours against and for the class."""
    return (GREY, GREY) if grey else (AGAINST, FOR)


def marks(
    explanation: Explanation, factor: int, *, mask: np.ndarray | None = None, show_seen: bool, borders: bool
) -> np.ndarray:
    """Render the marks over the colours: hatching outside of the model's input, superpixel borders, the mask's outline.

    Args:
        explanation: gives the seen area and the superpixels.
        factor: enlarged pixels per image pixel.
        mask: bool H x W, or None.
        show_seen: hatch the area that the model did not see.
        borders: draw superpixel borders, where the method has superpixels.

    Returns:
        uint8 (H factor) x (W factor) x 4, RGBA.
    """
    seen = enlarge(explanation.seen, factor)
    layer = np.zeros((*seen.shape, 4), np.uint8)
    if show_seen:
        rows, columns = np.ogrid[: seen.shape[0], : seen.shape[1]]
        stripes = (rows + columns) // STRIPE % 2 == 1
        layer[~seen] = (150, 150, 150, 190)
        layer[~seen & stripes] = (95, 95, 95, 190)
    if borders and explanation.segments is not None:
        layer[edges(enlarge(explanation.segments, factor))] = (255, 255, 255, 170)
    if mask is not None:
        # Black inside, white outside: visible on dark nuclei and on pale stroma.
        inside = enlarge(mask.astype(bool), factor)
        outline = edges(inside)
        outline |= edges(outline)  # two pixels on each side stay visible when the figure is shown smaller
        layer[outline & inside] = (0, 0, 0, 255)
        layer[outline & ~inside] = (255, 255, 255, 255)
    return layer


def enlarge(pixels: np.ndarray, factor: int) -> np.ndarray:
    """Enlarge each pixel to a square of ``factor`` x ``factor`` (nearest neighbour), without interpolation."""
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)


def edges(labels: np.ndarray) -> np.ndarray:
    """Return the pixels that have a neighbour (above, below, left, right) with another label, bool H x W."""
    found = np.zeros(labels.shape, bool)
    across = labels[1:] != labels[:-1]
    found[1:] |= across
    found[:-1] |= across
    along = labels[:, 1:] != labels[:, :-1]
    found[:, 1:] |= along
    found[:, :-1] |= along
    return found


def blend(image: np.ndarray, layer: np.ndarray, opacity: float = 1.0) -> np.ndarray:
    """Blend an RGBA layer over an RGB image.

    Args:
        image: uint8 H x W x 3.
        layer: uint8 H x W x 4.
        opacity: factor of the layer's own opacity, 0 to 1.

    Returns:
        uint8 H x W x 3.
    """
    alpha = layer[..., 3:].astype(np.float32) * (opacity / 255)
    return np.rint(image * (1 - alpha) + layer[..., :3] * alpha).astype(np.uint8)


def unseen_label(seen: np.ndarray) -> tuple[float, float] | None:
    """Return where to write "not seen": (x, y) in image pixels, the centre of the upper or left strip, the thicker one.

    None where nothing was cropped above or to the left.
    """
    top, left = int(seen.any(axis=1).argmax()), int(seen.any(axis=0).argmax())
    height, width = seen.shape
    if top == left == 0:
        return None
    if top >= left:
        return (width - 1) / 2, (top - 1) / 2
    return (left - 1) / 2, (height - 1) / 2
