"""The layers of an overlay as RGBA pixels: signed colours, hatching, outlines."""

from __future__ import annotations

import numpy as np
from PIL import ImageColor

from histo_core.explanation.base import Explanation
from histo_core.plots.theme import OKABE_ITO

AGAINST, FOR = (ImageColor.getrgb(colour) for colour in OKABE_ITO[:2])
"""Blue and orange: told apart by colour-blind readers too, from each other and from the pinks of H&E."""
GREY = (110, 110, 110)
"""Of a map whose strongest area hardly moves the answer."""
STRIPE = 4
"""Width of a hatching stripe, in enlarged pixels."""


def signed_colours(values: np.ndarray, scale: float, *, grey: bool = False) -> np.ndarray:
    """Orange for positive and blue for negative values, the more opaque the further from zero.

    Args:
        values: float H x W.
        scale: the size at which the colour is full; larger values look like it.
        grey: take grey for both.

    Returns:
        uint8 H x W x 4, RGBA; transparent at zero, so that tissue without evidence keeps its own colour.
    """
    colours = np.empty((*values.shape, 4), np.uint8)
    against, speaking = _pair(grey)
    colours[..., :3] = np.where(values[..., None] < 0, against, speaking)
    colours[..., 3] = np.rint(np.minimum(np.abs(values) / scale, 1) * 255)
    return colours


def plotly_scale(*, grey: bool = False) -> list[list[float | str]]:
    """`signed_colours` as a Plotly colour scale from -scale (0) to scale (1)."""
    against, speaking = _pair(grey)
    stops = ((0.0, against, 1), (0.5, against, 0), (0.5, speaking, 0), (1.0, speaking, 1))
    return [[at, f"rgba({colour[0]},{colour[1]},{colour[2]},{alpha})"] for at, colour, alpha in stops]


def _pair(grey: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The colours against and for."""
    return (GREY, GREY) if grey else (AGAINST, FOR)


def marks(
    explanation: Explanation, factor: int, *, mask: np.ndarray | None = None, show_seen: bool, borders: bool
) -> np.ndarray:
    """What is drawn over the colours: hatching where the model saw nothing, superpixel borders, the mask's outline.

    Args:
        explanation: gives the seen part and the superpixels.
        factor: enlarged pixels an image pixel.
        mask: bool H x W, or None.
        show_seen: hatch what was not seen.
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
        # Black inside, white outside: to be seen on dark nuclei and on pale stroma.
        inside = enlarge(mask.astype(bool), factor)
        outline = edges(inside)
        outline |= edges(outline)  # two pixels on each side survive being drawn smaller
        layer[outline & inside] = (0, 0, 0, 255)
        layer[outline & ~inside] = (255, 255, 255, 255)
    return layer


def enlarge(pixels: np.ndarray, factor: int) -> np.ndarray:
    """Each pixel as a square of ``factor`` x ``factor`` (nearest neighbour), so that nothing is made up."""
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)


def edges(labels: np.ndarray) -> np.ndarray:
    """Bool H x W: pixels with a neighbour (above, below, left, right) of another label."""
    found = np.zeros(labels.shape, bool)
    across = labels[1:] != labels[:-1]
    found[1:] |= across
    found[:-1] |= across
    along = labels[:, 1:] != labels[:, :-1]
    found[:, 1:] |= along
    found[:, :-1] |= along
    return found


def blend(image: np.ndarray, layer: np.ndarray, opacity: float = 1.0) -> np.ndarray:
    """Lay RGBA over RGB.

    Args:
        image: uint8 H x W x 3.
        layer: uint8 H x W x 4.
        opacity: multiplies the layer's own, 0 to 1.

    Returns:
        uint8 H x W x 3.
    """
    alpha = layer[..., 3:].astype(np.float32) * (opacity / 255)
    return np.rint(image * (1 - alpha) + layer[..., :3] * alpha).astype(np.uint8)


def unseen_label(seen: np.ndarray) -> tuple[float, float] | None:
    """Where to write "not seen": (x, y) in image pixels, the middle of the upper or left strip, whichever is thicker.

    None where nothing was cropped away above or to the left.
    """
    top, left = int(seen.any(axis=1).argmax()), int(seen.any(axis=0).argmax())
    height, width = seen.shape
    if top == left == 0:
        return None
    if top >= left:
        return (width - 1) / 2, (top - 1) / 2
    return (left - 1) / 2, (height - 1) / 2
