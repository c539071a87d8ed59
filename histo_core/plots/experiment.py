"""Plot an experiment: its members with mean and interval, and the effect of a setting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from histo_core.experiments.about import NAMES, SET_WORDS
from histo_core.experiments.narrative import verdict
from histo_core.experiments.results import MemberResult, Summary
from histo_core.plots.theme import NEUTRAL, OKABE_ITO, label, new_figure, say

_POINT, _BEST = OKABE_ITO[0], OKABE_ITO[3]
_ROW = 26
"""Pixels of one member's row."""
_FAR = 20.0
"""Ratio of a setting's largest to smallest value above which the axis is logarithmic."""
_MOST_TICKS = 8
"""The most values of a setting that each get a tick on a logarithmic axis."""


def members_figure(summary: Summary, metric: str = "auroc") -> go.Figure:
    """Plot each finished member's value as a point, and below them the mean over members with its interval.

    Args:
        summary: the experiment's present state.
        metric: a name of `histo_core.evaluation.class_scores.METRICS`.
    """
    known = [
        (member, value)
        for member in summary.members
        if (value := value_of(member, summary.split_set, metric)) is not None
    ]
    sentence = verdict(summary, metric) if summary.by_metric else f"{_axis(summary, metric)} of each trial."
    figure = new_figure(sentence, "experiment", height=140 + _ROW * max(len(known), 3))
    if not known:
        say(figure, "Points appear here as runs finish.")
        return figure
    colours = [_BEST if member.position == summary.best else _POINT for member, _ in known]
    figure.add_scatter(
        x=[value for _, value in known], y=[label(member.label) for member, _ in known], mode="markers",
        marker={"size": 10, "color": colours}, hovertemplate="%{y}: %{x:.4f}<extra></extra>", showlegend=False,
    )  # fmt: skip
    order = [label(member.label) for member, _ in known]
    found = summary.by_metric.get(metric)
    if found is not None and found.n > 1:
        order.append("mean")
        figure.add_scatter(
            x=[found.mean], y=["mean"], mode="markers", showlegend=False,
            marker={"size": 13, "symbol": "diamond", "color": _POINT},
            error_x={"type": "data", "array": [found.sd], "color": NEUTRAL, "thickness": 1.5},
            hovertemplate=f"mean {found.mean:.4f}, SD {found.sd:.4f}<extra></extra>",
        )  # fmt: skip
    if found is not None and found.interval.defined:
        at = found.interval
        order.append("95% interval")
        figure.add_scatter(
            x=[at.low, at.value, at.high], y=["95% interval"] * 3, mode="lines+markers", showlegend=False,
            line={"color": _POINT, "width": 2}, marker={"size": [7, 11, 7], "symbol": "line-ns-open", "color": _POINT},
            hovertemplate=f"{at}<br>{label(at.method)}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title=_axis(summary, metric))
    figure.update_yaxes(categoryorder="array", categoryarray=order[::-1])
    return figure


def sweep_figure(summary: Summary, metric: str) -> go.Figure:
    """Plot the metric against a sweep's settings: a curve for one setting, parallel axes for several.

    Args:
        summary: of a sweep.
        metric: a name of `histo_core.evaluation.class_scores.METRICS`.
    """
    fields = list(summary.experiment.protocol.sweep)
    known = [(member, value) for member in summary.members if (value := value_of(member, "valid", metric)) is not None]
    if not known:
        figure = new_figure("No trial has finished yet.", "sweep")
        say(figure, "The curve begins when the first trial ends.")
        return figure
    return _curve(summary, fields[0], known, metric) if len(fields) == 1 else _parallel(summary, fields, known, metric)


def points_table(summary: Summary, metric: str) -> pd.DataFrame:
    """Return the data of both figures: a row for each finished member, then the mean over members and the interval.

    Columns: member, each setting that differs between members, value, and sd, low and high where they are known.
    """
    rows: list[dict[str, Any]] = [
        {"member": member.label, **{name: _cell(setting) for name, setting in member.changes.items()}, "value": value}
        for member in summary.members
        if (value := value_of(member, summary.split_set, metric)) is not None
    ]
    found = summary.by_metric.get(metric)
    if found is not None and found.n > 1:
        rows.append({"member": "mean", "value": found.mean, "sd": found.sd})
    if found is not None and found.interval.defined:
        at = found.interval
        rows.append({"member": "95% interval", "value": at.value, "low": at.low, "high": at.high})
    return pd.DataFrame(rows)


def value_of(member: MemberResult, split_set: str, metric: str) -> float | None:
    """Return a member's value of a metric on a set; None where it has none."""
    scores = member.scores.scores.get(split_set) if member.scores else None
    return None if scores is None else getattr(scores, metric)


def _curve(summary: Summary, field: str, known: Sequence[tuple[MemberResult, float]], metric: str) -> go.Figure:
    points = sorted(
        ((member.changes[field], value, member) for member, value in known), key=lambda point: _key(point[0])
    )
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x, _, _ in points)
    figure = new_figure(verdict(summary), "sweep")
    figure.add_scatter(
        x=[x if numbers else label(_text(x)) for x, _, _ in points], y=[y for _, y, _ in points],
        mode="lines+markers" if numbers and not summary.experiment.protocol.folds else "markers", showlegend=False,
        line={"color": _POINT, "width": 1},
        marker={"size": 10, "color": [_BEST if member.position == summary.best else _POINT for _, _, member in points]},
        hovertemplate=f"{label(_short(field))} %{{x}}<br>%{{y:.4f}}<extra></extra>",
    )  # fmt: skip
    positive = [x for x, _, _ in points if numbers and x > 0]
    wide = len(positive) == len(points) and max(positive) / min(positive) > _FAR
    figure.update_xaxes(title=label(_short(field)), type="log" if wide else None if numbers else "category")
    if wide and len(set(positive)) <= _MOST_TICKS:  # else plotly labels a logarithmic axis 2, 5, 100µ
        figure.update_xaxes(tickvals=positive, ticktext=[f"{x:g}" for x in positive])
    figure.update_yaxes(title=_axis(summary, metric))
    return figure


def _parallel(
    summary: Summary, fields: Sequence[str], known: Sequence[tuple[MemberResult, float]], metric: str
) -> go.Figure:
    values = [value for _, value in known]
    figure = new_figure(verdict(summary), "sweep")
    axes = [_dimension(field, [member.changes[field] for member, _ in known]) for field in fields]
    figure.add_parcoords(
        dimensions=[*axes, {"label": _axis(summary, metric), "values": values}],
        line={"color": values, "colorscale": "Cividis", "reversescale": metric == "loss"},
    )
    figure.update_layout(margin_t=110)  # room for the axes' names, which are above them
    return figure


def _dimension(field: str, values: Sequence[Any]) -> dict[str, Any]:
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return {"label": label(_short(field)), "values": list(values)}
    names = sorted({_text(value) for value in values})
    return {
        "label": label(_short(field)),
        "values": [names.index(_text(value)) for value in values],
        "tickvals": list(range(len(names))),
        "ticktext": [label(name) for name in names],
    }


def _axis(summary: Summary, metric: str) -> str:
    split_set = "valid" if summary.experiment.keeps_test_back else summary.split_set
    unit = " (nats)" if metric == "loss" else ""
    return f"{SET_WORDS[split_set].capitalize()} {NAMES[metric]}{unit}"


def _short(field: str) -> str:
    return field.rpartition(".")[2].replace("_", " ")


def _cell(value: Any) -> Any:
    """Return a setting's value for a table cell."""
    return _text(value) if isinstance(value, list | tuple) else value


def _text(value: Any) -> str:
    return " / ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _key(value: Any) -> tuple[bool, Any]:
    """Return a sort key: numbers by size, everything else by name."""
    number = isinstance(value, int | float)
    return (not number, value if number else _text(value))
