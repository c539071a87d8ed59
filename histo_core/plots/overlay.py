"""Plot an explanation over its image: an interactive figure, and a PNG for downloads and the command line."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import plotly.graph_objects as go
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from histo_core.errors import ConfigError
from histo_core.explanation.base import EXPLAINERS, Explanation
from histo_core.explanation.words import describe
from histo_core.plots.overlay_layers import blend, enlarge, marks, plotly_scale, signed_colours, unseen_label
from histo_core.plots.pixels import data_uri
from histo_core.plots.theme import HEIGHT, label, new_figure

__all__ = ["common_scale", "describe", "overlay_figure", "overlay_png"]

SMALLEST_SIDE = 480
"""The approximate minimum of a PNG's longer side, in pixels."""
BAR, PAD, FONT = 18, 10, 14
LEAST_HEIGHT = 100
"""The minimum height of a PNG in pixels, which its colour bar with three labels needs."""
NOT_SEEN = "not seen"
NEGLIGIBLE = "negligible"


def common_scale(*explanations: Explanation) -> float:
    """Return the largest absolute value of several maps, for a common colour scale; 1 where all are zero.

    Example:
        >>> import numpy as np
        >>> from histo_core.explanation import Explanation
        >>> from histo_core.plots.overlay import common_scale
        >>> seen = np.ones((96, 96), bool)
        >>> weak, strong = (
        ...     Explanation("gradcam", np.full((96, 96), height, np.float32), seen, 1, "tumour", 0.9, {})
        ...     for height in (0.25, 2.0)
        ... )
        >>> common_scale(weak, strong)
        2.0
    """
    return max(float(np.abs(explanation.map).max()) for explanation in explanations) or 1.0


def overlay_figure(
    image: np.ndarray,
    explanation: Explanation,
    *,
    opacity: float = 0.5,
    scale: float | None = None,
    mask: np.ndarray | None = None,
    show_seen: bool = True,
    borders: bool = False,
) -> go.Figure:
    """Plot the map over its image: orange for and blue against the explained class, grey for a negligible map.

    Args:
        image: uint8 H x W x 3 RGB, the explained image.
        explanation: of this image.
        opacity: of the map's strongest colour, 0 to 1.
        scale: the value of the strongest colour, symmetric about 0; None uses this map's own largest value. Two maps
            can be compared only at the same scale (`common_scale`).
        mask: bool H x W, outlined in black and white; None for none.
        show_seen: hatch the area that preprocessing cropped away, with the words "not seen".
        borders: outline the superpixels, where the method has any.

    Raises:
        ConfigError: the sizes differ, or an opacity or scale is out of range.

    Example:
        >>> import numpy as np
        >>> from histo_core.explanation import Explanation
        >>> from histo_core.plots.overlay import overlay_figure
        >>> image, seen = np.full((96, 96, 3), 200, np.uint8), np.ones((96, 96), bool)
        >>> explanation = Explanation("gradcam", np.eye(96, dtype=np.float32), seen, 1, "tumour", 0.9, {})
        >>> [trace.type for trace in overlay_figure(image, explanation).data]
        ['image', 'heatmap', 'image']
    """
    scale = _checked_scale(image, explanation, opacity, scale, mask)
    height, width = explanation.map.shape
    # Marks are finer than image pixels, else lines would hide the nuclei of a small patch.
    factor = _factor(height, width)
    lines = marks(explanation, factor, mask=mask, show_seen=show_seen, borders=borders)
    figure = new_figure(_title(explanation), "overlay", height=HEIGHT, legend=0 if mask is None else 1)
    figure.update_layout(meta={"alt": describe(explanation)})
    figure.add_image(source=data_uri(image), hoverinfo="skip")
    figure.add_heatmap(
        z=np.where(explanation.seen, explanation.map, np.nan).astype(np.float32),
        zmin=-scale,
        zmax=scale,
        colorscale=plotly_scale(grey=explanation.negligible),
        opacity=opacity,
        hovertemplate="x %{x}, y %{y}: %{z:.3g}<extra></extra>",
        colorbar={
            "tickvals": [-scale, 0, scale],
            "ticktext": ["<br>".join(map(label, lines)) for lines in _ticks(explanation, scale)],
            "thickness": BAR,
        },
    )
    fine, first = 1 / factor, (1 / factor - 1) / 2
    figure.add_image(source=data_uri(lines), x0=first, y0=first, dx=fine, dy=fine, hoverinfo="skip")
    if mask is not None:
        figure.add_scatter(x=[None], y=[None], mode="lines", line={"color": "black", "width": 2}, name="tumour (mask)")
    at = unseen_label(explanation.seen) if show_seen else None
    if at is not None:
        figure.add_annotation(
            x=at[0], y=at[1], text=NOT_SEEN, showarrow=False, bgcolor="white", font={"color": "black"}
        )
    figure.update_xaxes(title="x (pixels)", range=[-0.5, width - 0.5], constrain="domain", showgrid=False)
    figure.update_yaxes(
        title="y (pixels)", range=[height - 0.5, -0.5], scaleanchor="x", constrain="domain", showgrid=False
    )
    return figure


def overlay_png(
    image: np.ndarray,
    explanation: Explanation,
    *,
    opacity: float = 0.5,
    scale: float | None = None,
    mask: np.ndarray | None = None,
    show_seen: bool = True,
    borders: bool = False,
) -> bytes:
    """Render `overlay_figure` as a PNG without a browser: enlarged at least four times, with its colour bar.

    The file's ``Description`` text holds the words of `describe`.

    Raises:
        ConfigError: as `overlay_figure`.

    Example:
        >>> import numpy as np
        >>> from histo_core.explanation import Explanation
        >>> from histo_core.plots.overlay import overlay_png
        >>> image, seen = np.full((96, 96, 3), 200, np.uint8), np.ones((96, 96), bool)
        >>> explanation = Explanation("gradcam", np.eye(96, dtype=np.float32), seen, 1, "tumour", 0.9, {})
        >>> overlay_png(image, explanation)[1:4]
        b'PNG'
    """
    scale = _checked_scale(image, explanation, opacity, scale, mask)
    factor = _factor(*explanation.map.shape)
    values = np.where(explanation.seen, explanation.map, 0)
    colours = enlarge(signed_colours(values, scale, grey=explanation.negligible), factor)
    picture = blend(enlarge(image, factor), colours, opacity)
    picture = blend(picture, marks(explanation, factor, mask=mask, show_seen=show_seen, borders=borders))
    canvas = _with_colour_bar(picture, explanation, scale, opacity)
    at = unseen_label(explanation.seen) if show_seen else None
    if at is not None:
        _boxed_text(canvas, ((at[0] + 0.5) * factor, (at[1] + 0.5) * factor), NOT_SEEN)
    about = PngInfo()
    about.add_itxt("Description", describe(explanation))
    buffer = BytesIO()
    canvas.save(buffer, "PNG", pnginfo=about)
    return buffer.getvalue()


def _checked_scale(
    image: np.ndarray, explanation: Explanation, opacity: float, scale: float | None, mask: np.ndarray | None
) -> float:
    shape = explanation.map.shape
    for name, value in (("image", image), ("mask", mask)):
        if value is not None and value.shape[:2] != shape:
            raise ConfigError(
                f"The {name} is {value.shape[1]} x {value.shape[0]} pixels, the map {shape[1]} x {shape[0]}.",
                "Both of one size.",
                f"Give the {name} that belongs to this explanation.",
            )
    if not 0 <= opacity <= 1:
        raise ConfigError(f"opacity = {opacity}.", "0 to 1.", "0 shows the image alone.")
    if scale is None:
        return common_scale(explanation)
    if not (np.isfinite(scale) and scale > 0):
        raise ConfigError(f"scale = {scale}.", "A number above 0.", "Leave it out to take the map's own largest value.")
    return scale


def _title(explanation: Explanation) -> str:
    method = explanation.method
    title = EXPLAINERS[method].title if method in EXPLAINERS else method
    return f"What spoke for {explanation.target_name}, by {title}"


def _factor(height: int, width: int) -> int:
    return max(4, SMALLEST_SIDE // max(height, width))


def _ticks(explanation: Explanation, scale: float) -> list[tuple[str, ...]]:
    """Return the labels of the colour bar's smallest, middle and largest value with their meaning, as lines."""
    if explanation.negligible:
        return [(f"{-scale:.3g}", NEGLIGIBLE), ("0",), (f"{scale:.3g}", NEGLIGIBLE)]
    return [(f"{-scale:.3g} speaks", "against"), ("0",), (f"{scale:.3g} speaks", f"for {explanation.target_name}")]


def _with_colour_bar(picture: np.ndarray, explanation: Explanation, scale: float, opacity: float) -> Image.Image:
    width, tall = picture.shape[1], max(picture.shape[0], LEAST_HEIGHT)
    steps = np.linspace(scale, -scale, tall - 2 * PAD)
    bar = signed_colours(steps[:, None].repeat(BAR, axis=1), scale, grey=explanation.negligible)
    font = ImageFont.load_default(FONT)
    low, middle, high = (" ".join(lines) for lines in _ticks(explanation, scale))
    labels = {high: (PAD, "lt"), middle: (tall / 2, "lm"), low: (tall - PAD, "ls")}
    room = max(int(font.getlength(text)) for text in labels) + 1
    canvas = Image.new("RGB", (width + 4 * PAD + BAR + room, tall), "white")
    canvas.paste(Image.fromarray(picture), (0, 0))
    canvas.paste(Image.fromarray(blend(np.full((*bar.shape[:2], 3), 255, np.uint8), bar, opacity)), (width + PAD, PAD))
    draw = ImageDraw.Draw(canvas)
    for text, (y, anchor) in labels.items():
        draw.text((width + 2 * PAD + BAR, y), text, fill="black", font=font, anchor=anchor)
    return canvas


def _boxed_text(canvas: Image.Image, at: tuple[float, float], text: str) -> None:
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(FONT)
    left, top, right, bottom = draw.textbbox(at, text, font=font, anchor="mm")
    draw.rectangle((left - 3, top - 3, right + 3, bottom + 3), fill="white")
    draw.text(at, text, fill="black", font=font, anchor="mm")
