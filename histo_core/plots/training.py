"""Training curves of one or more runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from histo_core.plots.theme import label, model_line, new_figure, say
from histo_core.training.events import EpochDone

Measure = Literal["loss", "accuracy", "AUROC"]


@dataclass(frozen=True)
class _Kind:
    """How one measure is drawn.

    Attributes:
        axis: the axis's name with its unit.
        hover: a value with its unit, as a template of plotly.
        parts: for each part of the data, its value in an epoch.
        better: whether low or high values are better.
    """

    axis: str
    hover: str
    parts: Mapping[str, Callable[[EpochDone], float | None]]
    better: Literal["lowest", "highest"] = "highest"


_KINDS: dict[Measure, _Kind] = {
    "loss": _Kind(
        "Cross-entropy loss (nats)",
        "loss %{y:.4f} nats",
        {"validation": lambda event: event.valid_loss, "training": lambda event: event.train_loss},
        "lowest",
    ),
    "accuracy": _Kind(
        "Accuracy (share of patches)", "accuracy %{y:.3f}", {"validation": lambda event: event.valid_accuracy}
    ),
    "AUROC": _Kind("AUROC", "AUROC %{y:.3f}", {"validation": lambda event: event.valid_auroc}),
}


def curves_figure(events_by_run: Mapping[str, Sequence[EpochDone]], measure: Measure = "loss") -> go.Figure:
    """A measure by epoch, validation as a line and training as a thin dotted one.

    A star marks the epoch whose weights are kept, which is the one with the lowest validation loss.

    Args:
        events_by_run: shown name -> its finished epochs in order; a run without any is left out.
        measure: of loss there is a training curve, too; accuracy and AUROC are measured in validation only.
    """
    kind = _KINDS[measure]
    value = kind.parts["validation"]
    known = {name: events for name, events in events_by_run.items() if events}
    kept = {name: min(events, key=lambda event: event.valid_loss) for name, events in known.items()}
    figure = new_figure(_sentence(known, measure), "curves", legend=len(kind.parts) * len(known))
    for i, (name, events) in enumerate(known.items()):
        line = model_line(i)
        hover = f"%{{fullData.name}}<br>epoch %{{x}}<br>{kind.hover}<extra></extra>"
        for part, of in kind.parts.items():
            valid = part == "validation"
            figure.add_scatter(
                x=[event.epoch + 1 for event in events], y=[of(event) for event in events],
                mode="lines+markers" if len(events) == 1 else "lines", legendgroup=name,
                name=label(f"{name}, {part}"),
                line={"color": line["color"], "width": 2.0 if valid else 1.0,
                      "dash": line["dash"] if valid else "dot"},
                hovertemplate=hover,
            )  # fmt: skip
        figure.add_scatter(
            x=[kept[name].epoch + 1], y=[value(kept[name])], mode="markers", name=label(f"{name}, best epoch"),
            marker={"symbol": "star", "size": 13, "color": line["color"]}, legendgroup=name, showlegend=False,
            hovertemplate=hover,
        )  # fmt: skip
    if not known:
        say(figure, "The curves begin when the first epoch ends.")
    figure.update_xaxes(title="Epoch", tickformat="d", rangemode="tozero")
    figure.update_yaxes(title=kind.axis, rangemode="tozero" if measure == "loss" else "normal")
    return figure


def _sentence(known: Mapping[str, Sequence[EpochDone]], measure: Measure) -> str:
    if not known:
        return "No epoch has finished yet."
    kind = _KINDS[measure]
    sign = 1.0 if kind.better == "highest" else -1.0
    of = kind.parts["validation"]
    points = [(name, event.epoch, number) for name, events in known.items() for event in events
              if (number := of(event)) is not None]  # fmt: skip
    if not points:
        return f"Validation {measure} is not defined: one class has no validation patch."
    name, epoch, best = max(points, key=lambda point: sign * point[2])
    return f"Validation {measure} is {kind.better} for {name}: {best:.3f} after epoch {epoch + 1}."
