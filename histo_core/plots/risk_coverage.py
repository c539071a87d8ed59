"""Plot the error of each model against the share of patches that it accepts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from histo_core.comparison.refusal import ModelRefusal
from histo_core.comparison.results import Comparison
from histo_core.plots.bands import thin
from histo_core.plots.theme import label, model_line, new_figure

READ = (
    "Read from right to left: how the error falls as the least sure patches are refused. A flat line means that the "
    "model does not know when it is wrong. AUGRC, the mean share of undetected errors, is best at 0."
)


def risk_coverage_figure(comparison: Comparison, found: Sequence[ModelRefusal]) -> go.Figure:
    """Plot one line a model, with dots at the coverages of the table."""
    figure = new_figure(_sentence(comparison, found), "risk-coverage", height=420, legend=len(found))
    highest = 0.0
    for i, (result, one) in enumerate(zip(comparison.results, found, strict=True)):
        kept = thin(one.curve.risk)
        shown = one.curve.coverage >= 0.05
        highest = max(highest, float(one.curve.risk[shown].max()))
        figure.add_scatter(
            x=one.curve.coverage[kept].astype(np.float32), y=one.curve.risk[kept].astype(np.float32), mode="lines",
            name=label(f"{result.name}: AUGRC {one.curve.augrc}"), line={**model_line(i), "width": 2},
            legendgroup=result.run_id,
            hovertemplate="%{fullData.name}<br>coverage %{x:.1%}<br>error %{y:.2%}<extra></extra>",
        )  # fmt: skip
        figure.add_scatter(
            x=[each.coverage for each in one.selected], y=[each.error.value for each in one.selected], mode="markers",
            marker={"color": model_line(i)["color"], "size": 9, "line": {"color": "white", "width": 1.5}},
            name=label(result.name), legendgroup=result.run_id, showlegend=False,
            hovertemplate="%{fullData.name}<br>coverage %{x:.1%}<br>error %{y:.2%}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title="Coverage (share of accepted patches)", range=[0, 1.02], tickformat=".0%")
    figure.update_yaxes(title="Error of the accepted", range=[0, 1.05 * highest or 1], tickformat=".1%")
    return figure


def _sentence(comparison: Comparison, found: Sequence[ModelRefusal]) -> str:
    value, i = min((one.curve.augrc.value, i) for i, one in enumerate(found))
    name = comparison.results[i].name
    leads = "has the smallest AUGRC" if len(found) > 1 else "has an AUGRC of"
    return f"{name} {leads}{':' if len(found) > 1 else ''} {value:.4f} on the {comparison.split_set} set, as sampled."
