"""How many patches of each class lie in each part of a split."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from histo_core.plots.theme import class_colours, label, new_figure


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
    figure.update_xaxes(title="Part of the split", type="category")
    figure.update_yaxes(title="Patches (count)", tickformat=",d")
    return figure
