"""Every number that a protocol can choose by is known of each epoch and of each finished run, and is offered."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import get_args

import pytest
from fake_runs import End
from sklearn.metrics import f1_score

from histo_core.config import RunConfig
from histo_core.config.protocol import Metric, ProtocolConfig, SweepField
from histo_core.evaluation.class_scores import METRICS, ClassScores
from histo_core.experiments.about import NAMES
from histo_core.experiments.api import get_experiment, start_experiment
from histo_core.experiments.narrative import verdict
from histo_core.experiments.results import summary
from histo_core.experiments.scores import chosen_by, run_scores, values_by_epoch
from histo_core.files import append_line
from histo_core.runs.store.runs import Store
from histo_core.training.events import EpochDone, to_json
from histo_core.workspace import Workspace
from pages.train.experiment_form import METRICS as OFFERED


@pytest.mark.parametrize("metric", get_args(Metric))
def test_it_is_a_number_of_epochs_and_of_runs(metric: str) -> None:
    assert metric in {field.name for field in fields(EpochDone)}
    assert metric.removeprefix("valid_") in {field.name for field in fields(ClassScores)}
    assert metric in OFFERED
    assert metric.removeprefix("valid_") in NAMES


def test_every_number_has_a_name() -> None:
    assert set(METRICS) == set(NAMES)


def test_weighted_f1_chooses_and_is_read_from_each_epoch(workspace: Workspace, config: RunConfig, end: End) -> None:
    """Three runs that differ by their seed; the one with the highest weighted F1 on validation is the best."""
    protocol = ProtocolConfig(kind="sweep", sweep={"seed": SweepField(values=(0, 1, 2))}, metric="valid_weighted_f1")
    begun = start_experiment(config, protocol, workspace)
    values = []
    for member, skill in zip(begun.members, (0.4, 1.5, 0.2), strict=True):
        pool = run_scores(end(member.run_id, skill=skill), workspace).pools["valid"]
        called = pool.probabilities.argmax(axis=1)
        values.append(f1_score(pool.y_true, called, average="weighted"))
    found = summary(get_experiment(begun.experiment_id, workspace), workspace)
    assert found.best == values.index(max(values))
    scores = found.members[found.best].scores
    assert scores is not None
    assert chosen_by(scores.scores["valid"], "valid_weighted_f1") == pytest.approx(max(values))
    assert verdict(found).endswith(f"has the highest validation weighted F1, {max(values):.3f}.")

    run = Store.open(workspace).get(begun.members[0].run_id)
    assert values_by_epoch(run, "valid_weighted_f1", workspace) == {}, "events of an older version do not have it"
    done = replace(EpochDone(5, 0.6, 0.5, 0.5, 0.5, 1.0, best=False), valid_weighted_f1=0.61)
    append_line(workspace.run_folder(run.run_id) / "events.jsonl", to_json(done))
    assert values_by_epoch(run, "valid_weighted_f1", workspace) == {5: 0.61}
