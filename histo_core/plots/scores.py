"""Plot the distribution of each model's probabilities by true class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from histo_core.comparison.results import Comparison
from histo_core.plots.theme import NEUTRAL, class_colours, label, new_figure

READ = (
    "The less the classes overlap, the better the order; what lies right of the line is called positive. Each class's "
    "bars add up to 100%, so that a rare class is as tall as a frequent one."
)
BINS = 40
MOST_MODELS = 8
_ROW, _GAP = 190, 0.06


def score_bins(comparison: Comparison) -> pd.DataFrame:
    """Return each model's histogram by true class: limits of the bin, patches, and their share of the class."""
    edges = np.linspace(0, 1, BINS + 1)
    index = comparison.classes.index(comparison.class_of_interest)
    parts = [
        pd.DataFrame(
            {
                "run_id": result.run_id,
                "model": result.name,
                "true_class": name,
                "low": edges[:-1],
                "high": edges[1:],
                "patches": counts,
                "share": counts / max(counts.sum(), 1),
            }
        )
        for result in comparison.results
        for i, name in enumerate(comparison.classes)
        for counts in (np.histogram(result.probabilities[comparison.y_true == i, index], edges)[0],)
    ]
    return pd.concat(parts, ignore_index=True)


def score_figure(comparison: Comparison, bins: pd.DataFrame) -> go.Figure:
    """Plot one row of histograms a model, one colour a true class, with the model's threshold as a line.

    Args:
        comparison: the models; the first `MOST_MODELS` are drawn.
        bins: from `score_bins`.
    """
    drawn = comparison.results[:MOST_MODELS]
    rows = len(drawn)
    few = "" if rows == len(comparison.results) else f"; the first {rows} models"
    sentence = f"Probability of {comparison.class_of_interest} by true class, {comparison.n:,} patches{few}."
    figure = new_figure(sentence, "scores", height=130 + _ROW * rows, legend=len(comparison.classes))
    layout = figure.layout
    grid = make_subplots(
        rows=rows, cols=1, shared_xaxes=True, vertical_spacing=_GAP if rows < 5 else 0.03,
        figure=go.Figure(layout=layout),
    )  # fmt: skip
    for row, result in enumerate(drawn, 1):
        of_model = bins[bins["run_id"] == result.run_id]
        for name, colour in class_colours(comparison.classes).items():
            one = of_model[of_model["true_class"] == name]
            grid.add_bar(
                x=np.asarray((one["low"] + one["high"]) / 2), y=np.asarray(one["share"]),
                width=1 / BINS, name=label(name), legendgroup=name, showlegend=row == 1, opacity=0.6,
                marker={"color": colour, "line": {"width": 0}}, customdata=np.asarray(one["patches"]), row=row, col=1,
                hovertemplate="%{fullData.name}<br>around %{x:.3f}: %{y:.1%}, %{customdata:,} patches<extra></extra>",
            )  # fmt: skip
        axes = {"xref": f"x{row if row > 1 else ''}", "yref": f"y{row if row > 1 else ''} domain"}
        cut = result.metrics.threshold
        grid.add_shape(type="line", x0=cut, x1=cut, y0=0, y1=1, line={"dash": "dash", "color": NEUTRAL}, **axes)
        grid.add_annotation(
            text=f"<b>{label(result.name)}</b>", x=1, y=1, xanchor="right", yanchor="top", showarrow=False,
            xref=f"{axes['xref']} domain", yref=axes["yref"],
        )  # fmt: skip
        grid.update_yaxes(title="Share" if row == 1 else None, tickformat=".0%", rangemode="tozero", row=row, col=1)
    grid.update_layout(barmode="overlay", bargap=0)
    grid.update_xaxes(range=[0, 1])
    grid.update_xaxes(title=f"Probability of {label(comparison.class_of_interest)}", row=rows, col=1)
    return grid
