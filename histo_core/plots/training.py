"""Training curves of one or more runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from histo_core.plots.theme import label, model_line, new_figure, say
from histo_core.training.events import EpochDone


def curves_figure(events_by_run: Mapping[str, Sequence[EpochDone]]) -> go.Figure:
    """Loss by epoch, validation as a line and training as a thin dotted one; a star marks the best epoch.

    Args:
        events_by_run: shown name -> its finished epochs in order; a run without any is left out.
    """
    known = {name: events for name, events in events_by_run.items() if events}
    best = {name: min(events, key=lambda event: event.valid_loss) for name, events in known.items()}
    figure = new_figure(_sentence(best), "curves", legend=2 * len(known))
    for i, (name, events) in enumerate(known.items()):
        line = model_line(i)
        epochs = [event.epoch + 1 for event in events]
        for part, width in (("validation", 2.0), ("training", 1.0)):
            valid = part == "validation"
            figure.add_scatter(
                x=epochs, y=[event.valid_loss if valid else event.train_loss for event in events],
                mode="lines+markers" if len(epochs) == 1 else "lines", legendgroup=name,
                name=label(f"{name}, {part}"),
                line={"color": line["color"], "width": width, "dash": line["dash"] if valid else "dot"},
                hovertemplate="%{fullData.name}<br>epoch %{x}<br>loss %{y:.4f} nats<extra></extra>",
            )  # fmt: skip
        figure.add_scatter(
            x=[best[name].epoch + 1], y=[best[name].valid_loss], mode="markers", name=label(f"{name}, best epoch"),
            marker={"symbol": "star", "size": 13, "color": line["color"]}, legendgroup=name, showlegend=False,
            hovertemplate="%{fullData.name}<br>epoch %{x}<br>loss %{y:.4f} nats<extra></extra>",
        )  # fmt: skip
    if not known:
        say(figure, "The curves begin when the first epoch ends.")
    figure.update_xaxes(title="Epoch", tickformat="d", rangemode="tozero")
    figure.update_yaxes(title="Cross-entropy loss (nats)", rangemode="tozero")
    return figure


def _sentence(best: Mapping[str, EpochDone]) -> str:
    if not best:
        return "No epoch has finished yet."
    name = min(best, key=lambda run: best[run].valid_loss)
    lowest = best[name]
    return f"Validation loss is lowest for {name}: {lowest.valid_loss:.3f} after epoch {lowest.epoch + 1}."
