"""Define the common style of figures: colours for colour-blind readers, no background, escaped names.

Text and grid colours come from the template and the background is transparent, so that the page's light or dark theme
applies. Names of classes and runs are data; they are escaped, because plotly interprets some HTML in labels.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence

import plotly.graph_objects as go

from histo_core.shown_text import showable

OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#F0E442")
"""Okabe and Ito (2008), "Color Universal Design", without purple, which resembles the tissue, and without black, which
is invisible on a dark page."""
PALETTE = (*OKABE_ITO, "#884433", "#226666", "#5588EE", "#BB3300")
"""Four more colours for data with many classes: no purple, and at least 10 (CIEDE2000) from all others, also for
colour-blind readers."""
DASHES = ("solid", "dash", "dot", "dashdot")
SYMBOLS = ("circle", "diamond", "square", "cross")
NEUTRAL = "#808080"
"""The colour of what belongs to no class: patches without a label, chance, intervals."""
TRANSPARENT = "rgba(0,0,0,0)"
HEIGHT = 420
"""Pixels; every figure has a fixed height, so that the page does not move when it appears."""
_TITLE_WIDTH = 64
"""Characters in a line of a title at the smallest width, 400 pixels."""
_LINE = 20

_AXIS = {
    "gridcolor": "rgba(128,128,128,0.2)",
    "linecolor": NEUTRAL,
    "zeroline": False,
    "ticks": "outside",
    "title": {"standoff": 10},
    "automargin": True,
}
TEMPLATE = go.layout.Template(
    layout={
        "font": {"color": "#6E6E6E", "size": 13},
        "colorway": PALETTE,
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "hoverlabel": {"align": "left"},
    }
)


def class_colours(classes: Sequence[str]) -> dict[str, str]:
    """Return a colour for each class, the same on every figure; after ten classes they repeat, see `class_symbol`."""
    return {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(classes)}


def class_symbol(index: int) -> str:
    """Return the marker of the index-th class, which distinguishes two classes of one colour."""
    return SYMBOLS[index // len(PALETTE) % len(SYMBOLS)]


def model_line(index: int) -> dict[str, str]:
    """Return the colour and dash of the index-th model's line; after ten models the dash distinguishes them."""
    return {"color": PALETTE[index % len(PALETTE)], "dash": DASHES[index // len(PALETTE) % len(DASHES)]}


def label(text: str) -> str:
    """Escape a name, so that plotly shows it literally."""
    return html.escape(showable(text), quote=False)


def new_figure(sentence: str, revision: str, *, height: int = HEIGHT, legend: int = 0) -> go.Figure:
    """Return an empty figure in the common style.

    Args:
        sentence: the title, plain text; also stored as ``layout.meta["alt"]`` for a text alternative.
        revision: while this does not change, a redrawn figure keeps its zoom.
        height: pixels of the figure, without further title lines and without the legend.
        legend: the number of legend entries; the legend is below the plot, one entry a line, in added height.
    """
    lines = [label(line) for line in textwrap.wrap(sentence, _TITLE_WIDTH)]
    above, below = _LINE * len(lines), 22 * legend + 12 * bool(legend)
    return go.Figure(
        layout={  # plain values, because a Layout would be validated and copied twice
            "template": TEMPLATE,
            "title": {"text": "<br>".join(lines), "x": 0, "xref": "paper", "y": 1, "yref": "paper",
                      "yanchor": "bottom", "font": {"size": 15}, "pad": {"b": above - 8}},  # lines extend downwards
            "legend": {"x": 0, "xanchor": "left", "y": 0, "yref": "container", "yanchor": "bottom",
                       "bgcolor": TRANSPARENT},
            "showlegend": legend > 0,
            "meta": {"alt": sentence},
            "height": height + above - _LINE + below,
            "margin": {"l": 64, "r": 16, "t": above + 24, "b": 56 + below},
            "paper_bgcolor": TRANSPARENT,
            "plot_bgcolor": TRANSPARENT,
            "uirevision": revision,
        }
    )  # fmt: skip


def say(figure: go.Figure, sentence: str) -> None:
    """Write in the middle of an empty figure why it is empty."""
    figure.add_annotation(text=label(sentence), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
