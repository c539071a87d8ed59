"""Draw an image with its tiles in the colours of the predicted classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from histo_core.plots.theme import class_colours

if TYPE_CHECKING:
    from histo_core.prediction.image_answer import ImageAnswer  # it loads PyTorch

GREY = "#808080"
"""The colour of tiles that are doubted."""
STRENGTH = 0.35
"""Opacity of the colours over the image."""


def tile_picture(image: np.ndarray, answer: ImageAnswer, chosen: int, longest: int = 860) -> np.ndarray:
    """Return a reduced image under the colours of its tiles; doubted tiles are grey, and the chosen one is framed.

    Args:
        image: uint8 H x W x 3, the image that was answered.
        answer: its tiles.
        chosen: number of the tile to frame.
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
    draw = ImageDraw.Draw(cover)
    for box, name in zip(boxes, names, strict=True):
        draw.rectangle(box, fill=ImageColor.getrgb(colours.get(name, GREY)), outline="white")
    blended = Image.blend(picture, cover, STRENGTH)
    draw = ImageDraw.Draw(blended)
    left, top, right, bottom = boxes[chosen]
    draw.rectangle((left, top, right, bottom), outline="black", width=4)
    draw.rectangle((left + 1, top + 1, right - 1, bottom - 1), outline="white", width=2)
    return np.asarray(blended)


def _box(corner: np.ndarray, tile: tuple[int, int], scale: float) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a tile in the reduced image."""
    x, y = corner.tolist()
    return round(x * scale), round(y * scale), round((x + tile[1]) * scale) - 1, round((y + tile[0]) * scale) - 1
