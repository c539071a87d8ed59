"""Plot the ROC curves of all models in one figure, with each model's operating point."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from histo_core.comparison.results import Comparison, ModelResult
from histo_core.evaluation.roc import RocCurve
from histo_core.plots.theme import NEUTRAL, label, model_line, new_figure, say

MOST_POINTS = 2000
_HOVER = (
    "%{fullData.name}<br>sensitivity %{y:.3f}<br>1 - specificity %{x:.3f}<br>threshold %{customdata:.3f}<extra></extra>"
)


def roc_figure(comparison: Comparison) -> go.Figure:
    """Plot sensitivity against 1 - specificity, one line a model, with a dot at its threshold.

    Curves of more than 2,000 points are drawn with fewer, with an error of at most a thousandth of an axis.
    """
    drawn = [(i, result) for i, result in enumerate(comparison.results) if len(result.roc.fpr)]
    figure = new_figure(_sentence(comparison), "roc", legend=len(drawn))
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="chance", line={"color": NEUTRAL, "dash": "dot", "width": 1},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    for i, result in drawn:
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
