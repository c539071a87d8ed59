"""Figures of an experiment, straight from numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig, SweepField
from histo_core.evaluation.class_scores import METRICS, ClassScores
from histo_core.evaluation.intervals import Interval
from histo_core.experiments.records import Experiment, Member
from histo_core.experiments.results import MemberResult, MetricSummary, Summary
from histo_core.experiments.scores import RunScores
from histo_core.plots.experiment import members_figure, points_table, sweep_figure

NAME = "<b>rate</b> & more"
FOLDS = ProtocolConfig(kind="folds", folds=3)


def _summary(protocol: ProtocolConfig, changes: list[dict[str, Any]], values: list[float | None]) -> Summary:
    split_set = "valid" if protocol.kind == "sweep" else "test"
    members = []
    for position, (change, value) in enumerate(zip(changes, values, strict=True)):
        scores = None
        if value is not None:
            one = ClassScores(
                n=10,
                accuracy=value,
                auroc=value,
                balanced_accuracy=value,
                macro_f1=value,
                weighted_f1=value,
                loss=1 - value,
            )
            scores = RunScores({split_set: one}, {}, 50)
        members.append(MemberResult(position, f"{NAME} {position}", change, None, False, scores))
    known = [value for value in values if value is not None]
    mean, sd = (float(np.mean(known)), float(np.std(known))) if known else (np.nan, np.nan)
    interval = Interval(mean - 0.01, mean - 0.1, mean + 0.1, "a <b>method</b>")
    experiment = Experiment(
        experiment_id="e-1", name="", config=RunConfig(), protocol=protocol, created_at=datetime.now(UTC),
        cancelled_at=None, final_run_id=None, test_touched_at=None,
        members=tuple(Member(one.position, f"r-{one.position}", one.label, one.changes) for one in members),
    )  # fmt: skip
    return Summary(
        experiment=experiment, split_set=split_set, members=tuple(members),
        by_metric={} if split_set == "valid" else {
            name: MetricSummary(name, len(known), mean, sd, interval) for name in METRICS
        },
        about="", best=values.index(max(known)) if known and split_set == "valid" else None,
    )  # fmt: skip


def test_members_are_points_with_mean_and_interval() -> None:
    summary = _summary(FOLDS, [{"split.fold": fold} for fold in range(3)], [0.7, 0.8, None])
    figure = members_figure(summary)
    points, mean, interval = figure.data
    assert list(points.x) == [0.7, 0.8]
    assert list(points.y) == ["&lt;b&gt;rate&lt;/b&gt; &amp; more 0", "&lt;b&gt;rate&lt;/b&gt; &amp; more 1"]
    assert (list(mean.x), list(mean.error_x.array)) == ([0.75], [pytest.approx(0.05)])
    assert list(interval.x) == pytest.approx([0.65, 0.74, 0.85])
    assert "<b>method" not in interval.hovertemplate
    assert figure.layout.xaxis.title.text == "Test AUROC"
    assert figure.layout.meta["alt"].startswith("Test AUROC is 0.750 on average over 2 folds")
    table = points_table(summary, "auroc")
    assert table["member"].tolist() == [f"{NAME} 0", f"{NAME} 1", "mean", "95% interval"]
    assert table["value"].tolist() == pytest.approx([0.7, 0.8, 0.75, 0.74])
    assert (table["sd"][2], table["low"][3], table["high"][3]) == pytest.approx((0.05, 0.65, 0.85))
    assert table["split.fold"].tolist()[:2] == [0, 1]


def test_an_experiment_without_a_finished_run_says_so() -> None:
    summary = _summary(FOLDS, [{"split.fold": fold} for fold in range(3)], [None] * 3)
    figure = members_figure(summary, "loss")
    assert not figure.data
    assert "as runs finish" in figure.layout.annotations[0].text
    sweep = _summary(ProtocolConfig(kind="sweep", sweep={"seed": SweepField(values=(1,))}), [{"seed": 1}], [None])
    assert "first trial ends" in sweep_figure(sweep, "auroc").layout.annotations[0].text


def test_one_setting_is_a_curve_in_the_order_of_its_values() -> None:
    sweep = ProtocolConfig(kind="sweep", sweep={"train.learning_rate": SweepField(values=(0.1, 0.001, 0.01))})
    changes = [{"train.learning_rate": rate} for rate in (0.1, 0.001, 0.01)]
    summary = _summary(sweep, changes, [0.5, 0.7, 0.9])
    figure = sweep_figure(summary, "auroc")
    assert (list(figure.data[0].x), list(figure.data[0].y)) == ([0.001, 0.01, 0.1], [0.7, 0.9, 0.5])
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.xaxis.ticktext == ("0.001", "0.01", "0.1")
    assert points_table(summary, "auroc")["train.learning_rate"].tolist() == [0.1, 0.001, 0.01]
    assert figure.layout.xaxis.title.text == "learning rate"
    colours = figure.data[0].marker.color
    assert colours[1] != colours[0] == colours[2], "the best one stands out"
    assert [len(members_figure(summary).data), members_figure(summary).layout.xaxis.title.text] == [
        1,
        "Validation AUROC",
    ]


def test_names_and_pairs_of_numbers_are_categories() -> None:
    sweep = ProtocolConfig(kind="sweep", sweep={"model.options.dropout": SweepField(values=((0.5, 0.2), (0.1, 0.0)))})
    changes = [{"model.options.dropout": [0.5, 0.2]}, {"model.options.dropout": [0.1, 0.0]}]
    figure = sweep_figure(_summary(sweep, changes, [0.6, 0.7]), "accuracy")
    assert figure.layout.xaxis.type == "category"
    assert list(figure.data[0].x) == ["0.1 / 0.0", "0.5 / 0.2"]


def test_several_settings_are_parallel_axes() -> None:
    fields = {"train.optimizer": SweepField(values=("sgd", "adam")), "seed": SweepField(values=(1, 2))}
    changes = [{"train.optimizer": name, "seed": seed} for name in ("sgd", "adam") for seed in (1, 2)]
    summary = _summary(ProtocolConfig(kind="sweep", sweep=fields), changes, [0.5, 0.6, 0.7, 0.8])
    optimizer, seed, metric = sweep_figure(summary, "auroc").data[0].dimensions
    assert (list(optimizer["ticktext"]), list(optimizer["values"])) == (["adam", "sgd"], [1, 1, 0, 0])
    assert list(seed["values"]) == [1, 2, 1, 2]
    assert list(metric["values"]) == [0.5, 0.6, 0.7, 0.8]
