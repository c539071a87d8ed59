"""What an experiment says its numbers are about: of patients only where they are known, and how many of each class."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_runs import End

from histo_core.config import RunConfig, SplitConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.data.grouping import GroupKind
from histo_core.experiments.api import get_experiment, start_experiment
from histo_core.experiments.results import Summary, summary
from histo_core.experiments.scores import Pool, RunScores, kind_of, run_scores
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace

PROTOCOLS = {
    "single": ProtocolConfig(),
    "folds": ProtocolConfig(kind="folds", folds=2),
    "folds twice": ProtocolConfig(kind="folds", folds=2, repeats=2),
    "seeds": ProtocolConfig(kind="repeats", repeats=2),
    "splits": ProtocolConfig(kind="repeats", repeats=2, new="splits"),
}


def _known_as(pool: Pool, kind: GroupKind | None) -> Pool:
    return replace(pool, groups=None if kind is None else pool.groups, group_kind=kind)


def _summed(
    protocol: ProtocolConfig, config: RunConfig, workspace: Workspace, end: End, kind: GroupKind | None
) -> Summary:
    begun = start_experiment(config, protocol, workspace)
    for member in begun.members:
        if not member.reused:
            end(member.run_id)

    def scores(run: Run) -> RunScores:
        found = run_scores(run, workspace)
        return replace(found, pools={split_set: _known_as(pool, kind) for split_set, pool in found.pools.items()})

    return summary(get_experiment(begun.experiment_id, workspace), workspace, scores_of=scores)


@pytest.mark.parametrize("name", list(PROTOCOLS))
def test_patients_are_named_where_they_are_known(workspace: Workspace, config: RunConfig, end: End, name: str) -> None:
    found = _summed(PROTOCOLS[name], config, workspace, end, "patient")
    assert "patient" in found.about
    assert "patient" in found.basis
    assert "independent" not in found.about


@pytest.mark.parametrize("name", list(PROTOCOLS))
def test_of_data_without_patients_nothing_is_said_of_them(
    workspace: Workspace, config: RunConfig, end: End, name: str
) -> None:
    found = _summed(PROTOCOLS[name], config, workspace, end, None)
    assert "patient" not in found.about + found.basis
    assert "slide" not in found.about + found.basis
    assert "patches" in found.about


def test_slides_are_named_where_only_they_are_known(workspace: Workspace, config: RunConfig, end: End) -> None:
    found = _summed(PROTOCOLS["single"], config, workspace, end, "slide")
    assert "other slides from the same source; which patients they are of is not known." in found.about
    assert " slides" in found.basis


def test_the_patients_of_each_class_are_counted_over_all_folds(
    workspace: Workspace, config: RunConfig, end: End
) -> None:
    """80 patches of 8 patients; each is held out once."""
    found = _summed(PROTOCOLS["folds"], config, workspace, end, "patient")
    normal, tumour = found.basis.split("; ")
    patches = [int(one.split(": ")[1].split(" ")[0]) for one in (normal, tumour)]
    patients = [int(one.split(" of ")[1].split(" ")[0]) for one in (normal, tumour)]
    assert sum(patches) == 80
    assert (normal.startswith("normal: "), tumour.startswith("tumour: ")) == (True, True)
    assert max(patients) == 8


def test_runs_are_counted_where_the_interval_is_over_runs(workspace: Workspace, config: RunConfig, end: End) -> None:
    seeds = _summed(PROTOCOLS["seeds"], config, workspace, end, "patient")
    assert seeds.basis.startswith("2 runs on the same patches: normal: ")
    splits = _summed(PROTOCOLS["splits"], config, workspace, end, "patient")
    assert splits.basis.startswith("2 runs, each on ")
    assert splits.basis.endswith(" patients")


def test_before_anything_has_finished_nothing_is_said_of_patients(workspace: Workspace, config: RunConfig) -> None:
    begun = start_experiment(config.model_copy(update={"split": SplitConfig(seed=3)}), PROTOCOLS["folds"], workspace)
    found = summary(get_experiment(begun.experiment_id, workspace), workspace)
    assert "patient" not in found.about
    assert found.basis == ""


def test_what_is_known_of_several_sets_is_what_is_known_of_all(
    workspace: Workspace, config: RunConfig, end: End
) -> None:
    begun = start_experiment(config, PROTOCOLS["single"], workspace)
    (member,) = begun.members
    pool = run_scores(end(member.run_id), workspace).pools["test"]
    patient, slide, neither = (_known_as(pool, kind) for kind in ("patient", "slide", None))
    assert kind_of([patient, patient]) == "patient"
    assert kind_of([patient, slide]) == "slide"
    assert kind_of([patient, neither]) is None
    assert kind_of([]) is None
