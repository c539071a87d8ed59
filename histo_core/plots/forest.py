"""Plot a metric of each slice with its interval, all models side by side."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from histo_core.comparison.slices import METRICS, Slice, Slices
from histo_core.plots.theme import NEUTRAL, label, model_line, new_figure
from histo_core.shown_text import count

_ROW, _MODEL = 18, 14
"""Pixels of a slice, and of each model in it."""


def forest_figure(found: Slices, metric: str) -> go.Figure:
    """Plot one row a slice, the whole comparison last; a point's ``customdata`` begins with its slice's value.

    Args:
        found: from `histo_core.comparison.slices.slices`.
        metric: a name of `METRICS`.
    """
    rows = [*found.slices, found.whole]
    models = list(found.runs.items())
    title = METRICS[metric]
    figure = new_figure(
        _sentence(found, metric), "forest", height=130 + len(rows) * (_ROW + _MODEL * len(models)), legend=len(models)
    )
    for place, (run_id, name) in enumerate(models):
        known = [one.metrics[run_id][metric] for one in rows]
        values = np.array([one.value for one in known])
        offset = (place - (len(models) - 1) / 2) * 0.7 / len(models)
        figure.add_scatter(
            x=values, y=np.arange(len(rows)) + offset, mode="markers", name=label(name),
            error_x={"type": "data", "symmetric": False, "thickness": 1.5, "width": 3,
                     "array": np.nan_to_num([one.high for one in known] - values),
                     "arrayminus": np.nan_to_num(values - [one.low for one in known])},
            marker={"color": model_line(place)["color"], "size": 9},
            customdata=[[one.value] for one in rows],
            text=[label(f"{one.value}: {_interval(one, run_id, metric)}, {_basis(found, one)}") for one in rows],
            hovertemplate="%{text}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.add_hline(y=len(rows) - 1.5, line={"color": NEUTRAL, "width": 1, "dash": "dot"})
    figure.update_yaxes(
        tickvals=list(range(len(rows))), ticktext=[label(f"{one.value} ({one.n:,})") for one in rows],
        range=[len(rows) - 0.4, -0.6], showgrid=False,
    )  # fmt: skip
    figure.update_xaxes(title=title, range=[-0.02, 1.02])
    return figure


def _sentence(found: Slices, metric: str) -> str:
    run_id, name = next(iter(found.runs.items()))
    known = [(one.metrics[run_id][metric].value, one.value) for one in found.slices]
    known = [one for one in known if not np.isnan(one[0])]
    if not known:
        return f"{METRICS[metric]} is not defined in any slice by {found.column}."
    low, high = min(known), max(known)
    return f"{METRICS[metric]} of {name} by {found.column}: from {low[0]:.3f} ({low[1]}) to {high[0]:.3f} ({high[1]})."


def _basis(found: Slices, one: Slice) -> str:
    of = f" of {count(one.n_groups, found.group_kind)}" if found.group_kind else ""
    return count(one.n, "patch") + of


def _interval(one: Slice, run_id: str, metric: str) -> str:
    known = one.metrics[run_id][metric]
    if not known.defined:
        return "not defined"
    return f"{known.value:.3f}, no interval" if np.isnan(known.low) else str(known)
