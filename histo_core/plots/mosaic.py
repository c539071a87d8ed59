"""Plot a slide's mosaic with each patch in the colour of its label or of another attribute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from PIL import ImageColor

from histo_core.errors import ConfigError
from histo_core.plots.pixels import data_uri
from histo_core.plots.theme import NEUTRAL, label, new_figure
from histo_core.slides.mosaic import Mosaic

HEIGHT = 640
FRAME = 2
"""Mosaic pixels of a frame. Boxes less than six frames wide get none, because it would hide the tissue."""


def mosaic_figure(
    mosaic: Mosaic,
    names: Sequence[str],
    colours: Mapping[str, str],
    opacity: float = 0.35,
    *,
    texts: Sequence[str] | None = None,
) -> go.Figure:
    """Plot the mosaic under coloured boxes; each patch can be hovered over, clicked and selected with a lasso.

    An invisible point at the centre of each patch carries the data set's row in ``customdata``.

    Args:
        mosaic: the mosaic to draw.
        names: the label, or another attribute, of each patch in ``mosaic.rows``.
        colours: of the names, such as "#0072B2", in the order of the legend; names without a colour are grey.
        opacity: of the fill, 0 (frames only) to 1.
        texts: what is said of each patch that is pointed at; its name if not given.

    Raises:
        ConfigError: the number of names differs from that of patches, or the opacity is out of range.
    """
    if len(names) != len(mosaic.rows):
        raise ConfigError(
            f"There are {len(names):,} names for {len(mosaic.rows):,} patches.",
            "One name a patch is needed.",
            "Give the names in the order of mosaic.rows.",
        )
    if not 0 <= opacity <= 1:
        raise ConfigError(f"opacity = {opacity}.", "0 to 1.", "0 shows the frames alone.")
    sentence = f"{len(mosaic.rows):,} patches of slide {mosaic.slide_id}, where they sat"
    more = {"of them lie under another": mosaic.covered, "lie outside this part": mosaic.outside,
            "cannot be read": mosaic.unread}  # fmt: skip
    sentence += "".join(f"; {number:,} {what}" for what, number in more.items() if number) + "."
    figure = new_figure(sentence, f"mosaic {mosaic.slide_id}", height=HEIGHT, legend=len(colours))
    height, width = (side / mosaic.scale for side in mosaic.image.shape[:2])
    top, left = mosaic.corner
    overlay = _overlay(mosaic, [colours.get(name, NEUTRAL) for name in names], opacity)
    # For speed: writing JPEG takes a thirtieth of the time of WebP, and a quick PNG a fifth of that of a small PNG.
    pictures = {"below": data_uri(mosaic.image, "JPEG", quality=88), "above": data_uri(overlay, compress_level=1)}
    for layer, source in pictures.items():  # Plotly treats two images at one place in one layer as the same image
        figure.add_layout_image(
            source=source, x=left, y=top, sizex=width, sizey=height, xref="x", yref="y", sizing="stretch", layer=layer
        )
    middle = mosaic.corner + (mosaic.boxes[:, :2] + mosaic.boxes[:, 2:] / 2) / mosaic.scale
    figure.add_scatter(
        x=middle[:, 1].astype(np.float32), y=middle[:, 0].astype(np.float32),
        customdata=mosaic.rows.astype(np.int32), text=[label(text) for text in texts or names], mode="markers",
        marker={"size": 12, "opacity": 0, "color": "black"}, selected={"marker": {"opacity": 0.6}},
        unselected={"marker": {"opacity": 0}}, hovertemplate="%{text}<extra></extra>", showlegend=False,
    )  # fmt: skip
    for name, colour in colours.items():
        figure.add_scatter(
            x=[None], y=[None], mode="markers", marker={"symbol": "square", "size": 12, "color": colour},
            name=label(name),
        )  # fmt: skip
    figure.update_layout(dragmode="pan")
    figure.update_xaxes(title="x (patch pixels)", range=[left, left + width], constrain="domain", showgrid=False)
    figure.update_yaxes(
        title="y (patch pixels)", range=[top + height, top], scaleanchor="x", constrain="domain", showgrid=False
    )
    return figure


def _overlay(mosaic: Mosaic, colours: Sequence[str], opacity: float) -> np.ndarray:
    """Render the boxes, uint8 [H, W, 4], RGBA; transparent where there is no patch."""
    layer = np.zeros((*mosaic.image.shape[:2], 4), np.uint8)
    rgb = {colour: ImageColor.getrgb(colour)[:3] for colour in set(colours)}
    for (top, left, height, width), colour in zip(mosaic.boxes.tolist(), colours, strict=True):
        box = layer[top : top + height, left : left + width]
        box[:] = (*rgb[colour], round(opacity * 255))
        if min(height, width) >= 6 * FRAME:
            for edge in (box[:FRAME], box[-FRAME:], box[:, :FRAME], box[:, -FRAME:]):
                edge[..., 3] = 255
    return layer
