"""Plot the ROC curves of all models in one figure, with each model's operating point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from histo_core.comparison.results import Comparison, ModelResult
from histo_core.evaluation.curve_band import CurveBand
from histo_core.evaluation.roc import RocCurve
from histo_core.plots.bands import add_band
from histo_core.plots.theme import NEUTRAL, label, model_line, new_figure, say

MOST_POINTS = 2000
_HOVER = (
    "%{fullData.name}<br>sensitivity %{y:.3f}<br>1 - specificity %{x:.3f}<br>threshold %{customdata:.3f}<extra></extra>"
)


def roc_figure(
    comparison: Comparison, bands: Sequence[CurveBand] = (), ranges: Sequence[tuple[float, float]] = ()
) -> go.Figure:
    """Plot sensitivity against 1 - specificity, one line a model, with a dot at its threshold.

    Curves of more than 2,000 points are drawn with fewer, with an error of at most a thousandth of an axis.

    Args:
        comparison: the models.
        bands: each model's band by patient (`histo_core.comparison.curves.roc_bands`), or none.
        ranges: between which thresholds each model's own would fall on other validation patients, or none: that stretch
            of its curve is drawn thick.
    """
    drawn = [(i, result) for i, result in enumerate(comparison.results) if len(result.roc.fpr)]
    figure = new_figure(_sentence(comparison), "roc", height=460, legend=len(drawn))
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="chance", line={"color": NEUTRAL, "dash": "dot", "width": 1},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    for i, result in drawn:
        if bands:
            add_band(figure, bands[i].x, bands[i].low, bands[i].high, model_line(i)["color"], result.run_id)
        if ranges:
            _add_stretch(figure, result, *ranges[i], model_line(i)["color"])
        curve = thinned(result.roc)
        name = label(f"{result.name}: {result.auroc}")
        figure.add_scatter(
            x=curve.fpr.astype(np.float32), y=curve.tpr.astype(np.float32), mode="lines", name=name,
            customdata=np.minimum(curve.thresholds, 1).astype(np.float32),  # the first threshold is infinite
            line={**model_line(i), "width": 2}, legendgroup=result.run_id, hovertemplate=_HOVER,
        )  # fmt: skip
        figure.add_scatter(
            x=[1 - result.metrics.specificity.value], y=[result.metrics.sensitivity.value], mode="markers",
            marker={"color": model_line(i)["color"], "size": 11, "line": {"color": "white", "width": 1.5}},
            name=label(result.name), legendgroup=result.run_id, showlegend=False,
            hovertemplate=f"%{{fullData.name}} at threshold {result.metrics.threshold:.3g}<br>"
            f"sensitivity {result.metrics.sensitivity}<br>specificity {result.metrics.specificity}<extra></extra>",
        )  # fmt: skip
    if not drawn:
        say(figure, f"A curve needs samples of {comparison.class_of_interest} and others.")
    figure.update_xaxes(title="1 - specificity (share of false alarms)", range=[-0.02, 1.02], constrain="domain")
    figure.update_yaxes(title="Sensitivity", range=[-0.02, 1.02], scaleanchor="x", scaleratio=1, constrain="domain")
    return figure


def _add_stretch(figure: go.Figure, result: ModelResult, low: float, high: float, colour: str) -> None:
    """Add the part of the curve at the thresholds from ``low`` to ``high``; NaN adds nothing."""
    if np.isnan(low):
        return
    curve = result.roc
    # A threshold between two scores calls the same samples as the next higher score.
    first = np.searchsorted(-curve.thresholds, -high, side="right") - 1
    last = np.searchsorted(-curve.thresholds, -low, side="right") - 1
    part = slice(max(int(first), 0), max(int(last), 0) + 1)
    kept = thinned(RocCurve(curve.fpr[part], curve.tpr[part], curve.thresholds[part]))
    figure.add_scatter(
        x=kept.fpr.astype(np.float32), y=kept.tpr.astype(np.float32), mode="lines+markers", opacity=0.4,
        line={"color": colour, "width": 10}, marker={"color": colour, "size": 10}, showlegend=False,
        name=label(result.name), legendgroup=result.run_id,
        hovertemplate=f"%{{fullData.name}}<br>thresholds chosen on other validation patients: {low:.3g} to {high:.3g}"
        "<extra></extra>",
    )  # fmt: skip


def thinned(curve: RocCurve, most: int = MOST_POINTS) -> RocCurve:
    """Return the curve with at most ``most`` points, for drawing.

    The sum fpr + tpr never decreases along the curve. It is cut into equal intervals, and the first and last point of
    each are kept. Between them a curve that never decreases stays in a box of 4 / ``most`` by 4 / ``most``.
    """
    if len(curve.fpr) <= most:
        return curve
    piece = np.minimum(((curve.fpr + curve.tpr) / 2 * (most // 2)).astype(int), most // 2 - 1)
    change = np.flatnonzero(np.diff(piece))
    keep = np.unique(np.concatenate([[0], change, change + 1, [len(piece) - 1]]))
    return RocCurve(curve.fpr[keep], curve.tpr[keep], curve.thresholds[keep])


def _sentence(comparison: Comparison) -> str:
    known: list[tuple[float, ModelResult]] = [
        (result.auroc.value, result) for result in comparison.results if result.auroc is not None
    ]
    if not known:
        return f"There is no ROC curve: the {comparison.split_set} set has one class only."
    models = [pair for pair in known if not pair[1].is_reference] or known
    value, best = max(models, key=lambda pair: pair[0])
    leads = "has the highest AUROC" if len(models) > 1 else "reaches an AUROC"
    what = f"for {comparison.class_of_interest}{' against the rest' if comparison.many else ''}"
    return f"{best.name} {leads} {what}: {value:.3f} on the {comparison.split_set} set ({comparison.basis})."
