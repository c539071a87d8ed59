"""Plot CORP reliability diagrams: the observed share of the class of interest against the predicted probability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from histo_core.comparison.curves import MOST_BANDS
from histo_core.comparison.results import Comparison
from histo_core.evaluation.reliability import Reliability
from histo_core.plots.bands import add_band, thin
from histo_core.plots.theme import NEUTRAL, label, model_line, new_figure

READ = (
    "On the diagonal, patches that get 0.8 have the class in 80%; below it probabilities are too high. Inside its band "
    "a curve is what a calibrated model could show by chance. The band draws patches independently: with many patches "
    "of few patients a calibrated model strays farther."
)


def reliability_figure(comparison: Comparison, found: Sequence[Reliability]) -> go.Figure:
    """Plot one step line a model by isotonic regression, with the band in which a calibrated model would lie."""
    figure = new_figure(_sentence(comparison, found), "reliability", height=460, legend=len(found))
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="calibrated", line={"color": NEUTRAL, "dash": "dot", "width": 1},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    for i, (result, one) in enumerate(zip(comparison.results, found, strict=True)):
        if len(found) <= MOST_BANDS:
            add_band(figure, one.grid, one.low, one.high, model_line(i)["color"], result.run_id)
        kept = thin(one.observed)
        figure.add_scatter(
            x=one.probability[kept].astype(np.float32), y=one.observed[kept].astype(np.float32), mode="lines",
            name=label(f"{result.name}: miscalibration {one.miscalibration:.4f}"), customdata=one.samples[kept],
            line={**model_line(i), "width": 2}, legendgroup=result.run_id,
            hovertemplate="%{fullData.name}<br>probability %{x:.3f}<br>observed %{y:.3f}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title=f"Probability of {label(comparison.class_of_interest)}", range=[-0.02, 1.02])
    figure.update_yaxes(title=f"Observed share of {label(comparison.class_of_interest)}", range=[-0.02, 1.02])
    return figure


def _sentence(comparison: Comparison, found: Sequence[Reliability]) -> str:
    value, name = min((one.miscalibration, result.name) for result, one in zip(comparison.results, found, strict=True))
    best = "has the smallest miscalibration" if len(found) > 1 else "has a miscalibration of"
    return (
        f"{name} {best}{':' if len(found) > 1 else ''} {value:.4f} of the Brier score. Prevalence "
        f"{comparison.prevalence_words}."
    )
