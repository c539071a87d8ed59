"""Many patches as one picture: one image to send and draw instead of dozens."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from histo_core.shown_text import as_html

GAP = 4
FRAME = 3


def contact_sheet(images: Sequence[np.ndarray] | np.ndarray, columns: int, cell: int, colours: Sequence[str]) -> bytes:
    """Patches in rows, each with a frame in the colour of its class, as a lossless PNG with a transparent ground.

    Args:
        images: uint8 H x W x 3 each; sizes may differ. A patch smaller than its cell is enlarged without smoothing,
            so that its pixels stay what they are; a larger one is reduced.
        columns: patches in a row.
        cell: side of a cell in pixels, without its frame.
        colours: a frame colour each, as ``#rrggbb``.

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
    """Patches side by side without gaps or frames, as one lossless PNG from which a page cuts its pictures.

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
    """Class names beside squares of their colours, as SVG in a grey that reads on both themes."""
    left, parts = 0, []
    for name, colour in colours.items():
        parts.append(f'<rect x="{left}" y="4" width="12" height="12" rx="2" fill="{colour}"/>')
        parts.append(f'<text x="{left + 18}" y="15">{as_html(name)}</text>')
        left += 42 + 8 * len(name)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left}" height="20" font-family="system-ui, sans-serif" '
        f'font-size="13" fill="#7A858D">{"".join(parts)}</svg>'
    )


def png(image: Image.Image) -> bytes:
    """An image as the bytes of a PNG file; fast rather than small, because it travels over a local socket."""
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=3)
    return stream.getvalue()


def _fit(image: Image.Image, side: int) -> Image.Image:
    scale = side / max(image.size)
    size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
    return image.resize(size, Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.LANCZOS)
