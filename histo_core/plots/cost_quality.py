"""Plot each model's AUROC against what it costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from histo_core.comparison.results import Comparison
from histo_core.plots.theme import label, model_line, new_figure, say
from histo_core.runs.run_cost import RunCost

AXES = {
    "parameters": "Parameters",
    "train_seconds": "Training time (s)",
    "images_per_second": "Training patches a second",
}
READ = (
    "Up and to the cheap side is better: left for parameters and time, right for patches a second. Times were measured "
    "while each run was trained, validation included: they compare networks only on one device with nothing beside it."
)


def cost_table(comparison: Comparison, costs: Mapping[str, RunCost]) -> pd.DataFrame:
    """Return one row a model: its AUROC with limits, parameters, time, patches a second, and device.

    Args:
        comparison: the models.
        costs: of those that are runs, by id.
    """
    unknown = RunCost(None, None, None, "")
    return pd.DataFrame(
        [
            {
                "run_id": result.run_id,
                "model": result.name,
                "auroc": np.nan if result.auroc is None else result.auroc.value,
                "low": np.nan if result.auroc is None else result.auroc.low,
                "high": np.nan if result.auroc is None else result.auroc.high,
                **vars(costs.get(result.run_id, unknown)),
            }
            for result in comparison.results
        ]
    ).astype(dict.fromkeys(AXES, float))


def cost_figure(comparison: Comparison, table: pd.DataFrame, axis: str) -> go.Figure:
    """Plot one point a model with the interval of its AUROC; the axis of cost is logarithmic.

    Args:
        comparison: the models.
        table: from `cost_table`.
        axis: one of `AXES`.
    """
    known = table.dropna(subset=[axis, "auroc"])
    figure = new_figure(_sentence(comparison, known, axis), "cost", height=420, legend=len(known))
    for i, row in known.iterrows():
        figure.add_scatter(
            x=[row[axis]], y=[row["auroc"]], mode="markers", name=label(str(row["model"])),
            marker={"color": model_line(int(str(i)))["color"], "size": 12},
            error_y={"type": "data", "symmetric": False, "array": [row["high"] - row["auroc"]],
                     "arrayminus": [row["auroc"] - row["low"]], "thickness": 1.5},
            hovertemplate=f"%{{fullData.name}}<br>{AXES[axis]}: %{{x:,.4g}}<br>AUROC {row['auroc']:.3f} "
            f"({row['low']:.3f} to {row['high']:.3f})<br>{label(str(row['device']))}<extra></extra>",
        )  # fmt: skip
    if known.empty:
        say(figure, "None of these models is a run whose cost is on record.")
    figure.update_xaxes(title=AXES[axis], type="log")
    figure.update_yaxes(title="AUROC")
    return figure


def _sentence(comparison: Comparison, known: pd.DataFrame, axis: str) -> str:
    if known.empty:
        return f"{AXES[axis]} is on record for none of these models."
    cheapest = known.loc[known[axis].idxmax() if axis == "images_per_second" else known[axis].idxmin()]
    best = known.loc[known["auroc"].idxmax()]
    what = f"{AXES[axis].lower()}: {_number(best[axis])}"
    if cheapest["run_id"] == best["run_id"]:
        return f"{best['model']} has the highest AUROC, {best['auroc']:.3f}, and costs least. {what.capitalize()}."
    return (
        f"{best['model']} has the highest AUROC, {best['auroc']:.3f}; {what}. {cheapest['model']} costs least: "
        f"{_number(cheapest[axis])}, AUROC {cheapest['auroc']:.3f}."
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
