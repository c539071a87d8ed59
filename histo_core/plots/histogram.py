"""Plot the brightness histogram of a patch for each colour channel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from histo_core.plots.theme import OKABE_ITO, new_figure

_COLOURS = {"red": OKABE_ITO[3], "green": OKABE_ITO[2], "blue": OKABE_ITO[0]}


def histogram_figure(table: pd.DataFrame) -> go.Figure:
    """Plot three lines over the brightness values 0 to 255.

    Args:
        table: from `histo_core.data.patch_facts.histogram`: ``value`` and counts of ``red``, ``green``, ``blue``.
    """
    means = {name: np.average(table["value"].to_numpy(), weights=table[name].to_numpy()) for name in _COLOURS}
    said = ", ".join(f"{name} {mean:.0f}" for name, mean in means.items())
    figure = new_figure(f"Mean brightness of 255: {said}.", "histogram", height=300, legend=len(_COLOURS))
    for name, colour in _COLOURS.items():
        figure.add_scatter(
            x=table["value"], y=table[name], name=name, mode="lines", line={"color": colour, "shape": "hvh"},
            hovertemplate="%{x}: %{y:,} pixels<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.update_xaxes(title="Value of the channel (0 to 255)", range=[0, 255])
    figure.update_yaxes(title="Pixels (count)", rangemode="tozero", tickformat=",d")
    return figure
