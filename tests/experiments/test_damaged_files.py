"""What an experiment keeps beside its rows, damaged."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import pytest

from histo_core.errors import CorruptDataError
from histo_core.evaluation.intervals import Interval
from histo_core.experiments.pruned_trials import read_pruned, write_pruned
from histo_core.experiments.test_score import kept_score
from histo_core.files import write_json
from histo_core.workspace import Workspace

SCORE = {"run_id": "r-1", "n": 3, "n_groups": 0, "predictions": "predictions.parquet"}


def test_an_interval_that_is_not_defined_comes_back_from_json_as_it_was(workspace: Workspace) -> None:
    metrics = {"auroc": asdict(Interval.undefined("one class only")), "loss": asdict(Interval(0.5, 0.4, 0.6, "m"))}
    write_json(workspace.test_score("e-1"), SCORE | {"metrics": metrics})
    assert "NaN" not in workspace.test_score("e-1").read_text(encoding="utf-8")
    kept = kept_score("e-1", workspace)
    assert kept is not None
    assert not kept.metrics["auroc"].defined
    assert math.isnan(kept.metrics["auroc"].high)
    assert kept.metrics["loss"] == Interval(0.5, 0.4, 0.6, "m")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"metrics": 1}', '{"metrics": {"auroc": {"value": 1}}}', "NaN"])
def test_a_damaged_score_is_explained(text: str, workspace: Workspace) -> None:
    file = workspace.test_score("e-1")
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CorruptDataError, match=r"test\.json cannot be read.*Delete the file"):
        kept_score("e-1", workspace)


def test_a_score_that_an_older_version_kept_with_nan_is_read(workspace: Workspace) -> None:
    metrics = {"auroc": asdict(Interval.undefined("one class only"))}
    workspace.test_score("e-1").parent.mkdir(parents=True)
    workspace.test_score("e-1").write_text(json.dumps(SCORE | {"metrics": metrics}), encoding="utf-8")
    kept = kept_score("e-1", workspace)
    assert kept is not None
    assert not kept.metrics["auroc"].defined


@pytest.mark.parametrize("text", ["", "{", "7", "[[1]]"])
def test_a_damaged_list_of_given_up_trials_stops_nobody(text: str, workspace: Workspace) -> None:
    write_pruned("e-1", frozenset({2}), workspace)
    assert read_pruned("e-1", workspace) == {2}
    (workspace.experiment_folder("e-1") / "pruned.json").write_text(text, encoding="utf-8")
    assert read_pruned("e-1", workspace) == frozenset()
