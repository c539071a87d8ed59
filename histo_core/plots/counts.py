"""How many patches there are of each class, by part of a split or by any column."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from histo_core.plots.theme import NEUTRAL, class_colours, label, new_figure

MOST_BARS = 40
"""More values are drawn without their names, which would lie over each other."""


def counts_figure(table: pd.DataFrame) -> go.Figure:
    """Stacked bars, one a part, one colour a class.

    Args:
        table: from `Split.counts`: parts in the index, a column of counts for each class, last ``patients`` (NA where
            they are not known).
    """
    classes = [str(name) for name in table.columns if name != "patients"]
    counts = table[classes].astype(int)
    totals = counts.sum(axis=1)
    parts = ", ".join(f"{total:,} {part}" for part, total in totals.items())
    figure = new_figure(f"{int(totals.sum()):,} labelled patches: {parts}.", "counts", height=360, legend=len(classes))
    patients = table["patients"].dropna().to_dict() if "patients" in table else {}
    bars = [
        f"{label(str(part))}<br>{patients[part]:,} patients" if part in patients else label(str(part))
        for part in table.index
    ]
    for name, colour in class_colours(classes).items():
        figure.add_bar(
            x=bars, y=counts[name].tolist(), name=label(name), marker={"color": colour},
            text=[f"{count:,}" for count in counts[name]], textposition="auto",
            hovertemplate="%{fullData.name}<br>%{x}<br>%{y:,} patches<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="Set of the split", type="category")
    figure.update_yaxes(title="Patches (count)", tickformat=",d")
    return figure


def counts_by_figure(table: pd.DataFrame) -> go.Figure:
    """Stacked bars, one a value of a column, one colour a class, grey for patches without a label.

    Args:
        table: from `histo_core.data.class_counts.counts_by`: values in the index, a column of counts for each class,
            last ``total``.
    """
    counts, totals = table.iloc[:, :-1], table.iloc[:, -1]
    classes = [str(name) for name in counts.columns]
    column = str(table.index.name).replace("_", " ")
    unlabelled = totals - counts.sum(axis=1)
    sentence = f"{int(totals.sum()):,} patches by {column}: {len(table):,} values"
    if len(table):
        sentence += f", from {int(totals.min()):,} to {int(totals.max()):,} patches each"
    bars = {
        name: (counts.iloc[:, place], colour) for place, (name, colour) in enumerate(class_colours(classes).items())
    }
    if unlabelled.any():
        bars["no label"] = (unlabelled, NEUTRAL)
    figure = new_figure(f"{sentence}.", f"counts by {column}", height=360, legend=len(bars))
    values = [label(str(value)) for value in table.index]
    for name, (heights, colour) in bars.items():
        figure.add_bar(
            x=values, y=heights.to_numpy(), name=label(name), marker={"color": colour, "line": {"width": 0}},
            hovertemplate="%{fullData.name}<br>%{x}<br>%{y:,} patches<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="stack", bargap=0.2 if len(table) <= MOST_BARS else 0)
    figure.update_xaxes(title=label(column.capitalize()), type="category", showticklabels=len(table) <= MOST_BARS)
    figure.update_yaxes(title="Patches (count)", tickformat=",d")
    return figure
