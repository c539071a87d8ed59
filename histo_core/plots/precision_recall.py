"""Plot the precision-recall curves of all models in one figure, with each model's operating point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from histo_core.comparison.curves import ModelCurve
from histo_core.comparison.results import Comparison
from histo_core.plots.bands import add_band, thin
from histo_core.plots.theme import NEUTRAL, label, model_line, new_figure, say

READ = (
    "The higher a curve lies to the right, the fewer false alarms among what is found. Guessing lies on the dotted "
    "line, the prevalence; so curves are comparable at one prevalence only."
)


def precision_recall_figure(comparison: Comparison, curves: Sequence[ModelCurve]) -> go.Figure:
    """Plot precision against recall, one line a model, with its band by patient and a dot at its threshold."""
    drawn = [
        (i, result, one)
        for i, (result, one) in enumerate(zip(comparison.results, curves, strict=True))
        if len(one.curve.recall)
    ]
    figure = new_figure(_sentence(comparison, curves), "precision-recall", height=460, legend=len(drawn))
    prevalence = comparison.share if comparison.prevalence is None else comparison.prevalence
    figure.add_scatter(
        x=[0, 1], y=[prevalence, prevalence], mode="lines", name="guessing",
        line={"color": NEUTRAL, "dash": "dot", "width": 1}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    for i, result, one in drawn:
        colour = model_line(i)["color"]
        add_band(figure, one.band.x, one.band.low, one.band.high, colour, result.run_id)
        kept = thin(one.curve.precision)
        thresholds = np.append(one.curve.thresholds, 1.0)
        figure.add_scatter(
            x=one.curve.recall[kept].astype(np.float32), y=one.curve.precision[kept].astype(np.float32), mode="lines",
            name=label(f"{result.name}: AUPRC {one.area}"), customdata=thresholds[kept].astype(np.float32),
            line={**model_line(i), "width": 2, "shape": "vh"}, legendgroup=result.run_id,
            hovertemplate="%{fullData.name}<br>precision %{y:.3f}<br>recall %{x:.3f}"
            "<br>threshold %{customdata:.3f}<extra></extra>",
        )  # fmt: skip
        figure.add_scatter(
            x=[result.metrics.sensitivity.value], y=[result.metrics.precision.value], mode="markers",
            marker={"color": colour, "size": 11, "line": {"color": "white", "width": 1.5}},
            name=label(result.name), legendgroup=result.run_id, showlegend=False,
            hovertemplate=f"%{{fullData.name}} at threshold {result.metrics.threshold:.3g}"
            f"<br>precision {result.metrics.precision}<br>recall {result.metrics.sensitivity}<extra></extra>",
        )  # fmt: skip
    if not drawn:
        say(figure, f"A curve needs samples of {comparison.class_of_interest}.")
    figure.update_xaxes(title="Recall (sensitivity)", range=[-0.02, 1.02])
    figure.update_yaxes(title="Precision (PPV)", range=[-0.02, 1.02])
    return figure


def _sentence(comparison: Comparison, curves: Sequence[ModelCurve]) -> str:
    known = [
        (one.area.value, str(one.area), result.name)
        for result, one in zip(comparison.results, curves, strict=True)
        if one.area.defined
    ]
    if not known:
        return f"There is no precision-recall curve: the {comparison.split_set} set has one class only."
    _, area, name = max(known)
    leads = "has the highest AUPRC" if len(known) > 1 else "reaches an AUPRC"
    return f"{name} {leads} for {comparison.class_of_interest}, {area}. Prevalence: {comparison.prevalence_words}."
