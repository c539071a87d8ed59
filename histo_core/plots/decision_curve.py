"""Plot the decision curves of all models in one figure, against calling all patches and none positive."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from histo_core.comparison.curves import ModelBenefit
from histo_core.comparison.results import Comparison
from histo_core.plots.bands import add_band
from histo_core.plots.theme import NEUTRAL, label, model_line, new_figure

READ = (
    "At the probability from which one would act, the highest line is the best policy; where grey lines are as high, "
    "the model adds nothing. A net benefit of 0.05 is 5 found cases in 100 patches, false alarms already paid for."
)


def decision_curve_figure(comparison: Comparison, found: Sequence[ModelBenefit]) -> go.Figure:
    """Plot net benefit against the threshold probability, one line a model with its band by patient."""
    figure = new_figure(_sentence(comparison, found), "decision-curve", height=460, legend=len(found) + 2)
    first = found[0].curve
    lowest = -0.15 * first.prevalence
    for name, y, dash in (("all positive", first.treat_all, "solid"), ("none positive", 0 * first.treat_all, "dot")):
        figure.add_scatter(
            x=first.thresholds, y=np.maximum(y, 10 * lowest), mode="lines", name=name,
            line={"color": NEUTRAL, "dash": dash, "width": 1.5},
            hovertemplate="%{fullData.name}<br>threshold %{x:.2f}<br>net benefit %{y:.4f}<extra></extra>",
        )  # fmt: skip
    for i, (result, one) in enumerate(zip(comparison.results, found, strict=True)):
        add_band(
            *(figure, one.band.x, np.maximum(one.band.low, 10 * lowest), one.band.high),
            *(model_line(i)["color"], result.run_id),
        )
        figure.add_scatter(
            x=one.curve.thresholds, y=one.curve.net_benefit, mode="lines", name=label(result.name),
            customdata=one.curve.avoided, line={**model_line(i), "width": 2}, legendgroup=result.run_id,
            hovertemplate="%{fullData.name}<br>threshold %{x:.2f}<br>net benefit %{y:.4f}"
            "<br>false alarms avoided in 100 patches: %{customdata:.1f}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title="Threshold probability", range=[0, 1])
    figure.update_yaxes(title="Net benefit", range=[lowest, 1.1 * first.prevalence])
    return figure


def _sentence(comparison: Comparison, found: Sequence[ModelBenefit]) -> str:
    better = [(one.curve.net_benefit > np.maximum(one.curve.treat_all, 0) + 1e-12).mean() for one in found]
    best = int(np.argmax(better))
    return (
        f"{comparison.results[best].name} is better than calling all or none positive at {better[best]:.0%} of the "
        f"thresholds. Prevalence {comparison.prevalence_words}."
    )
