"""Plot the activity of a network's rectifiers in validation: units that are never active, and output histograms."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from histo_core.plots.theme import OKABE_ITO, label, new_figure
from histo_core.training.activations import EDGES, EpochActivity, LayerActivity, in_words

_ROW, _MOST = 18, 900
"""Pixels of a layer's row, and the most pixels of all rows together."""
_LEAST = 0.1
"""The smallest share that gets the full colour, so that a few units do not look like all."""
_SCALE = [[0.0, "rgba(128,128,128,0.12)"], [1.0, OKABE_ITO[3]]]
_NAME = 28
"""Characters of a layer's name; a longer name shows its end, which is distinctive."""
_ZERO = EDGES.index(0.0)


def never_active_figure(epochs: Sequence[EpochActivity]) -> go.Figure:
    """Plot the share of units that no validation patch activates, a row a layer and a column an epoch.

    Args:
        epochs: at least one, in order.
    """
    layers = [layer.layer for layer in epochs[-1].layers]
    shares = [{layer.layer: layer.never_active_share for layer in one.layers} for one in epochs]
    height = min(max(_ROW * len(layers), 120), _MOST) + 100
    figure = new_figure(in_words(epochs[-1]), "never active", height=height)
    figure.add_heatmap(
        x=[one.epoch + 1 for one in epochs],
        y=list(range(len(layers))),
        z=[[of.get(name) for of in shares] for name in layers],
        customdata=[[label(name)] * len(shares) for name in layers],
        zmin=0, zmax=max(_LEAST, *(share for of in shares for share in of.values())), colorscale=_SCALE,
        colorbar={"title": {"text": "Never active<br>(share of units)"}, "tickformat": ".0%", "thickness": 12},
        hovertemplate="%{customdata}<br>epoch %{x}<br>%{z:.1%} of its units never active<extra></extra>",
    )  # fmt: skip
    step = -(-len(layers) * _ROW // _MOST)
    shown = range(0, len(layers), step)
    figure.update_yaxes(
        title="Layer, first at the top", autorange="reversed", tickvals=list(shown), showgrid=False,
        ticktext=[label(_short(layers[place])) for place in shown],
    )  # fmt: skip
    figure.update_xaxes(title="Epoch", tickformat="d", showgrid=False)
    if len(epochs) <= 10:
        figure.update_xaxes(dtick=1)
    return figure


def activation_figure(epochs: Sequence[EpochActivity], layer: str) -> go.Figure:
    """Plot histograms of one layer's outputs after the first and the last epoch; the share of zeros is given as text.

    Args:
        epochs: at least one, in order.
        layer: a layer of the last epoch.
    """
    both = [(one.epoch, found) for one in dict.fromkeys((epochs[0], epochs[-1])) if (found := _layer(one, layer))]
    said = " and ".join(f"{found.zero_share:.1%} after epoch {epoch + 1}" for epoch, found in both)
    figure = new_figure(f"Outputs of {layer} that are 0: {said}.", f"activations {layer}", height=320, legend=len(both))
    filled = [place for _, found in both for place, count in enumerate(found.counts) if count and place != _ZERO]
    bins = [place for place in range(min(filled, default=_ZERO), max(filled, default=_ZERO) + 1) if place != _ZERO]
    for number, (epoch, found) in enumerate(both):
        total, last = sum(found.counts), number == len(both) - 1
        figure.add_scatter(
            x=list(range(len(bins))), y=[found.counts[place] / total for place in bins],
            mode="lines", name=f"after epoch {epoch + 1}", customdata=[_range(place) for place in bins],
            line={"shape": "hvh", "color": OKABE_ITO[0 if last else 1], "width": 2.0 if last else 1.2,
                  "dash": "solid" if last else "dot"},
            hovertemplate="%{customdata}<br>%{y:.2%} of the outputs<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    ticks = [number for number in range(len(bins)) if bins[number] % 4 == 0]
    figure.update_xaxes(
        title="Output of the layer (two bins an octave)", tickvals=ticks,
        ticktext=[f"{EDGES[min(bins[number], len(EDGES) - 1)]:.3g}" for number in ticks],
    )  # fmt: skip
    figure.update_yaxes(title="Share of the outputs", rangemode="tozero", tickformat=".1%")
    return figure


def activity_table(epochs: Sequence[EpochActivity]) -> pd.DataFrame:
    """Return a table for download with a row a layer and epoch (counted from 1)."""
    return pd.DataFrame(
        [
            {
                "epoch": one.epoch + 1,
                "layer": layer.layer,
                "units": layer.units,
                "never_active": layer.never_active,
                "low": layer.low,
                "high": layer.high,
                "mean": layer.total / sum(layer.counts),
                "zero_share": layer.zero_share,
            }
            for one in epochs
            for layer in one.layers
        ]
    )


def histogram_table(epochs: Sequence[EpochActivity], layer: str) -> pd.DataFrame:
    """Return a row an epoch (counted from 1) and bin of one layer: values above ``above`` up to ``up_to``."""
    limits = [float("-inf"), *EDGES, float("inf")]
    return pd.DataFrame(
        [
            {"epoch": one.epoch + 1, "above": limits[place], "up_to": limits[place + 1], "outputs": count}
            for one in epochs
            if (found := _layer(one, layer))
            for place, count in enumerate(found.counts)
        ]
    )


def _layer(epoch: EpochActivity, name: str) -> LayerActivity | None:
    return next((layer for layer in epoch.layers if layer.layer == name), None)


def _range(place: int) -> str:
    if place == 0:
        return f"at most {EDGES[0]:.3g}"
    if place == len(EDGES):
        return f"above {EDGES[-1]:.3g}"
    return f"above {EDGES[place - 1]:.3g} up to {EDGES[place]:.3g}"


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"…{name[1 - _NAME :]}"
