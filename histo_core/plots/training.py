"""Plot the training curves of one or more runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from histo_core.plots.theme import label, model_line, new_figure, say
from histo_core.runs.store.records import RunProgress
from histo_core.training.events import EpochDone

Measure = Literal["loss", "accuracy", "AUROC", "precision", "recall", "F1"]
_NOBODY: Mapping[str, RunProgress] = {}
_FEW = 10
"""The most epochs that each get a marker."""
RUNNING = (
    "Training figures are of the epoch's own forward passes: augmented patches, dropout on, the network still "
    "changing. Validation figures are of the network at the end of the epoch."
)
_SHOWN = {"validation": "validation", "training": "training (running)"}


@dataclass(frozen=True)
class _Kind:
    """The plot settings of one measure.

    Attributes:
        axis: the axis's title with its unit.
        macro: the title where there are more than two classes.
        hover: a value with its unit, as a plotly template.
        field: of `EpochDone`, after "valid_" or "train_".
        better: whether low or high values are better.
    """

    axis: str
    macro: str
    hover: str
    field: str
    better: Literal["lowest", "highest"] = "highest"

    def of(self, event: EpochDone, split_set: str) -> float | None:
        """Return the measure of an epoch; None where it is not defined or was not recorded."""
        return getattr(event, f"{'valid' if split_set == 'validation' else 'train'}_{self.field}")


def _rate(name: str) -> _Kind:
    return _Kind(f"{name} of the positive class", f"{name} (macro average)", f"{name} %{{y:.3f}}", name.lower())


_NATS = "Cross-entropy loss (nats)"
_SHARE = "Accuracy (share of patches)"
_KINDS: dict[Measure, _Kind] = {
    "loss": _Kind(_NATS, _NATS, "loss %{y:.4f} nats", "loss", "lowest"),
    "accuracy": _Kind(_SHARE, _SHARE, "accuracy %{y:.3f}", "accuracy"),
    "AUROC": _Kind("AUROC", "AUROC (mean of one class against the rest)", "AUROC %{y:.3f}", "auroc"),
    "precision": _rate("Precision"),
    "recall": _rate("Recall"),
    "F1": _rate("F1"),
}


def curves_figure(
    events_by_run: Mapping[str, Sequence[EpochDone]],
    measure: Measure = "loss",
    now: Mapping[str, RunProgress] = _NOBODY,
) -> go.Figure:
    """Plot a measure by epoch: validation as a line and training, which is `RUNNING`, as a thin dotted line.

    A star marks the epoch whose weights are kept: the one with the lowest validation loss, or the last one where the
    run says so. An open circle shows the mean training loss of the current epoch, at the share of its batches that are
    done.

    Args:
        events_by_run: displayed name -> the run's finished epochs in order; a run without epochs has no curve.
        measure: the measure to plot; a set without recorded values has no line.
        now: displayed name -> progress of the runs that are training.
    """
    kind = _KINDS[measure]
    within = {name: at for name, at in now.items() if _within(at)} if measure == "loss" else {}
    drawn = {name: events for name, events in events_by_run.items() if events or name in within}
    known = {name: events for name, events in drawn.items() if events}
    kept = {name: _kept(events) for name, events in known.items()}
    split_sets = {name: _split_sets(kind, events) for name, events in drawn.items()}
    entries = sum(map(len, split_sets.values())) + len(within)
    figure = new_figure(_sentence(known, measure), "curves", legend=entries)
    for i, (name, events) in enumerate(drawn.items()):
        line = model_line(i)
        hover = f"%{{fullData.name}}<br>epoch %{{x}}<br>{kind.hover}<extra></extra>"
        for split_set in split_sets[name]:
            valid = split_set == "validation"
            figure.add_scatter(
                x=[event.epoch + 1 for event in events], y=[kind.of(event, split_set) for event in events],
                mode="lines+markers" if len(events) == 1 else "lines", legendgroup=name,
                name=label(f"{name}, {_SHOWN[split_set]}"),
                line={"color": line["color"], "width": 2.0 if valid else 1.0,
                      "dash": line["dash"] if valid else "dot"},
                hovertemplate=hover,
            )  # fmt: skip
        if "validation" in split_sets[name]:
            figure.add_scatter(
                x=[kept[name].epoch + 1], y=[kind.of(kept[name], "validation")], mode="markers",
                name=label(f"{name}, kept epoch"),
                marker={"symbol": "star", "size": 13, "color": line["color"]}, legendgroup=name, showlegend=False,
                hovertemplate=hover,
            )  # fmt: skip
        if name in within:
            at = within[name]
            figure.add_scatter(
                x=[at.epoch + at.batch / at.batches], y=[at.train_loss], mode="markers", legendgroup=name,
                name=label(f"{name}, this epoch so far"),
                marker={"symbol": "circle-open", "size": 9, "color": line["color"]},
                hovertemplate=f"%{{fullData.name}}<br>{kind.hover}<extra></extra>",
            )  # fmt: skip
    if not drawn:
        say(figure, "The curves begin when the first epoch ends.")
    figure.update_xaxes(title="Epoch", tickformat="d", rangemode="tozero")
    if max((events[-1].epoch for events in known.values()), default=0) < _FEW:
        figure.update_xaxes(dtick=1)  # else an axis of two epochs has the labels 0, 1, 1, 2, 2
    figure.update_yaxes(title=_axis(kind, known), rangemode="tozero" if measure == "loss" else "normal")
    return figure


def _kept(events: Sequence[EpochDone]) -> EpochDone:
    """Return the epoch whose weights are kept so far: the last one that was marked when it ended."""
    return next((event for event in reversed(events) if event.best), events[-1])


def _split_sets(kind: _Kind, events: Sequence[EpochDone]) -> list[str]:
    """Return the sets of the data with recorded values."""
    return [split_set for split_set in _SHOWN if any(kind.of(event, split_set) is not None for event in events)]


def _axis(kind: _Kind, known: Mapping[str, Sequence[EpochDone]]) -> str:
    """Return the axis's title; it names both variants where some runs have two classes and others more."""
    macro = {event.macro for events in known.values() for event in events}
    if kind.axis == kind.macro or len(macro) < 2:
        return kind.macro if macro == {True} else kind.axis
    return f"{kind.axis}, or {kind.macro}"


def _within(at: RunProgress) -> bool:
    """Return whether a run is in an epoch that has a training loss already."""
    return at.phase == "training" and at.train_loss is not None and 0 < at.batch < at.batches


def curves_table(events_by_run: Mapping[str, Sequence[EpochDone]]) -> pd.DataFrame:
    """Return the curves' data for download: a row for each run and epoch, counted from 1, with all its figures."""
    return pd.DataFrame(
        [
            {"run": name, **asdict(event), "epoch": event.epoch + 1}
            for name, events in events_by_run.items()
            for event in events
        ]
    )


def _sentence(known: Mapping[str, Sequence[EpochDone]], measure: Measure) -> str:
    if not known:
        return "No epoch has finished yet."
    kind = _KINDS[measure]
    sign = 1.0 if kind.better == "highest" else -1.0
    points = [(name, event.epoch, number) for name, events in known.items() for event in events
              if (number := kind.of(event, "validation")) is not None]  # fmt: skip
    if not points and kind.field in ("precision", "recall", "f1"):
        return f"Validation {measure} is not known: it was not recorded, or no patch was called positive."
    if not points:
        return f"Validation {measure} is not defined: one class has no validation patch."
    name, epoch, best = max(points, key=lambda point: sign * point[2])
    macro = kind.axis != kind.macro and any(event.macro for events in known.values() for event in events)
    said = f"Validation {'macro ' * macro}{measure} is {kind.better} for {name}: {best:.3f} after epoch {epoch + 1}"
    kept = _kept(known[name]).epoch
    return f"{said}." if kept == epoch else f"{said}; the star marks epoch {kept + 1}, whose weights are kept."
