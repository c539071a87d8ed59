"""Combine many patches into one image, so that a page sends and draws one instead of dozens."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from histo_core.shown_text import as_html

GAP = 4
FRAME = 3


def contact_sheet(images: Sequence[np.ndarray] | np.ndarray, columns: int, cell: int, colours: Sequence[str]) -> bytes:
    """Return patches in rows, each with a frame in its class's colour, as a lossless PNG with a transparent background.

    Args:
        images: uint8 H x W x 3 each; sizes may differ. A patch smaller than its cell is enlarged without smoothing,
            so that its pixels do not change; a larger one is reduced.
        columns: patches in a row.
        cell: side of a cell in pixels, without its frame.
        colours: a frame colour for each patch, as ``#rrggbb``.

    Returns:
        The bytes of one PNG file.
    """
    side = cell + 2 * FRAME
    step = side + GAP
    rows = -(-len(images) // columns)
    sheet = Image.new("RGBA", (columns * step - GAP, rows * step - GAP), (0, 0, 0, 0))
    for number, (image, colour) in enumerate(zip(images, colours, strict=True)):
        left, top = number % columns * step, number // columns * step
        sheet.paste(colour, (left, top, left + side, top + side))
        patch = _fit(Image.fromarray(image), cell)
        sheet.paste(patch, (left + (side - patch.width) // 2, top + (side - patch.height) // 2))
    return png(sheet)


def packed_sheet(images: Sequence[np.ndarray] | np.ndarray, columns: int, cell: int) -> bytes:
    """Return patches side by side without gaps or frames, as one lossless PNG that a page cuts into single images.

    Args:
        images: uint8 H x W x 3 each; sizes may differ, and are fitted as in `contact_sheet`.
        columns: patches in a row.
        cell: side of a cell in pixels.
    """
    sheet = Image.new("RGBA", (columns * cell, -(-len(images) // columns) * cell), (0, 0, 0, 0))
    for number, image in enumerate(images):
        patch = _fit(Image.fromarray(image), cell)
        left, top = number % columns * cell, number // columns * cell
        sheet.paste(patch, (left + (cell - patch.width) // 2, top + (cell - patch.height) // 2))
    return png(sheet)


def legend(colours: Mapping[str, str]) -> str:
    """Return class names beside squares of their colours, as HTML; Streamlit removes SVG from what `st.html` gets."""
    square = "display:inline-block;width:12px;height:12px;border-radius:2px;border:1px solid #7A858D"
    parts = [
        f'<span style="display:inline-flex;align-items:center;gap:6px;margin-right:18px">'
        f'<span style="{square};background:{colour}"></span>{as_html(name)}</span>'
        for name, colour in colours.items()
    ]
    return f'<div style="font-size:13px">{"".join(parts)}</div>'


def png(image: Image.Image) -> bytes:
    """Return an image as the bytes of a PNG file; fast rather than small, because it is sent over a local socket."""
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=3)
    return stream.getvalue()


def _fit(image: Image.Image, side: int) -> Image.Image:
    scale = side / max(image.size)
    size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
    return image.resize(size, Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.LANCZOS)
