"""Draw an image with its tiles framed in the colours of the predicted classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from histo_core.plots.theme import class_colours

if TYPE_CHECKING:
    from histo_core.prediction.image_answer import ImageAnswer  # it loads PyTorch

GREY = "#808080"
"""The colour of tiles that are doubted."""
VEIL = 0.6
"""Opacity of the grey over doubted tiles; the others keep the colours of their stain."""


def tile_picture(image: np.ndarray, answer: ImageAnswer, chosen: int, longest: int = 860) -> np.ndarray:
    """Return a reduced image with framed tiles; doubted tiles are grey, and the frame of the chosen one is black.

    Args:
        image: uint8 H x W x 3, the image that was answered.
        answer: its tiles.
        chosen: number of the tile with the black frame.
        longest: longest side of the result in pixels; smaller images are enlarged without smoothing.

    Returns:
        uint8 h x w x 3.
    """
    height, width = answer.size
    scale = longest / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = Image.Resampling.BOX if scale < 1 else Image.Resampling.NEAREST
    picture = Image.fromarray(image).resize(size, how)
    colours = class_colours(answer.classes)
    names = [answer.classes[number] if fits else "" for number, fits in zip(answer.predicted, answer.fits, strict=True)]
    boxes = [_box(corner, answer.tile, scale) for corner in answer.corners]
    cover = picture.copy()
    for box, name in zip(boxes, names, strict=True):
        if not name:
            ImageDraw.Draw(cover).rectangle(box, fill=GREY)
    framed = Image.blend(picture, cover, VEIL)
    draw = ImageDraw.Draw(framed)
    frame = max(1, min(3, round(min(answer.tile) * scale / 12)))
    for box, name in zip(boxes, names, strict=True):
        draw.rectangle(box, outline=ImageColor.getrgb(colours.get(name, GREY)), width=frame)
    left, top, right, bottom = boxes[chosen]
    draw.rectangle(boxes[chosen], outline="black", width=2 * frame)
    draw.rectangle((left + frame, top + frame, right - frame, bottom - frame), outline="white", width=frame)
    return np.asarray(framed)


def _box(corner: np.ndarray, tile: tuple[int, int], scale: float) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a tile in the reduced image."""
    x, y = corner.tolist()
    return round(x * scale), round(y * scale), round((x + tile[1]) * scale) - 1, round((y + tile[0]) * scale) - 1
