"""An experiment in numbers: each member, then all of them together, with words on what the interval is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from histo_core.errors import HistoscopeError
from histo_core.evaluation.class_scores import METRICS
from histo_core.experiments.about import about
from histo_core.experiments.folder import read_pruned
from histo_core.experiments.over_members import Together, basis, over_members
from histo_core.experiments.records import Experiment
from histo_core.experiments.scores import RunScores, better, chosen_by, kind_of, run_scores
from histo_core.experiments.table import ExperimentTable
from histo_core.runs.store.records import Run, RunStatus
from histo_core.workspace import Workspace

Part = Literal["valid", "test"]
ScoresOf = Callable[[Run], RunScores]


@dataclass(frozen=True, eq=False)
class MemberResult:
    """One member as it stands.

    Attributes:
        position, label, changes: as in `Member`.
        run: None when it was deleted, or is not allowed.
        pruned: whether it was stopped early because others did better.
        scores: None until it has succeeded.
        problem: why there are no scores although it has, or why it is not allowed; empty else.
    """

    position: int
    label: str
    changes: Mapping[str, Any]
    run: Run | None
    pruned: bool
    scores: RunScores | None
    problem: str = ""

    @property
    def state(self) -> str:
        """The run's state, or pruned, deleted, or refused where it is not allowed."""
        if self.run is None:
            return "refused" if self.problem else "deleted"
        return "pruned" if self.pruned and self.run.status is RunStatus.CANCELLED else self.run.status.value


@dataclass(frozen=True, eq=False)
class Summary:
    """An experiment in numbers.

    Attributes:
        experiment: what was summed up.
        part: the part of each member that ``together`` is about: test where each member has one of its own, as long as
            the split gives them one.
        members: in order, those that wait as well.
        together: by metric; empty for a sweep, whose trials differ on purpose.
        about: what part and interval are about, in sentences for a page.
        best: where members serve to choose, the position of the best one by the protocol's metric on validation;
            None before there is one.
        basis: what the intervals rest on, in words: runs, and patches and patients of each class; empty where there
            is none.
    """

    experiment: Experiment
    part: Part
    members: tuple[MemberResult, ...]
    together: Mapping[str, Together]
    about: str
    best: int | None
    basis: str = ""

    @property
    def active(self) -> int:
        """Members that wait or run."""
        return sum(member.run is not None and member.run.status.active for member in self.members)

    @property
    def finished(self) -> int:
        """Members that have scores."""
        return sum(member.scores is not None for member in self.members)

    @property
    def expected(self) -> int:
        """How many members there are to be in the end, unless it is cancelled."""
        protocol = self.experiment.protocol
        # Others are all there from the start.
        return max(protocol.size, len(self.members)) if protocol.sampler == "tpe" else len(self.members)

    @property
    def ended(self) -> int:
        """Members that no longer wait or run, whatever became of them."""
        return len(self.members) - self.active

    @property
    def to_come(self) -> int:
        """Members that wait or run, or are not thought up yet."""
        return self.active + (self.expected - len(self.members)) * (self.experiment.cancelled_at is None)

    @property
    def goes_on(self) -> bool:
        """Whether runs are active, or more are to come."""
        return self.to_come > 0

    def table(self) -> pd.DataFrame:
        """One row a member with raw numbers; NaN where something is not known or not defined."""
        return pd.DataFrame([self._row(member) for member in self.members])

    def _row(self, member: MemberResult) -> dict[str, Any]:
        row: dict[str, Any] = {
            "position": member.position,
            "member": member.label,
            "run_id": self.experiment.members[member.position].run_id,
            "state": member.state,
            "best": member.position == self.best,
            **{name: _cell(value) for name, value in member.changes.items()},
        }
        for part in ("valid", "test"):
            scores = member.scores.scores.get(part) if member.scores else None
            for metric in METRICS:
                value = getattr(scores, metric) if scores else None
                row[f"{part}_{metric}"] = np.nan if value is None else value
        return row


def summary(experiment: Experiment, workspace: Workspace, *, scores_of: ScoresOf | None = None) -> Summary:
    """Sum an experiment up as it stands; members that wait are there without numbers.

    The interval depends on the protocol:

    - k folds: every patch was held out once by a network that had not seen its patient, where patients are known;
      these predictions are pooled, and the patches of a patient stay together. It is about other patients (else
      slides, else patches) from the same source. (The AUROC of pooled predictions also compares patches across
      networks; mean and SD are over folds.)
    - repeats with new splits, and folds that are dealt several times: `mean_over_splits`.
    - repeats with new seeds: `mean_over_seeds`, about chance in training, not about patients.
    - sweeps: none; the trials differ on purpose, and the best validation value is too good for having been chosen.

    Args:
        experiment: newly read, or its newest members are missing.
        workspace: where the runs are.
        scores_of: scores a run that succeeded; for callers that keep them.
    """
    score = scores_of or (lambda run: run_scores(run, workspace))
    runs, pruned = ExperimentTable(workspace).runs(experiment), read_pruned(experiment.experiment_id, workspace)
    members = tuple(
        _scored(
            MemberResult(
                one.position, one.label, one.changes, runs.get(one.run_id), one.position in pruned, None, one.problem
            ),
            score,
        )
        for one in experiment.members
    )
    part = _part(experiment, members)
    pools = [one.scores.pools[part] for one in members if one.scores is not None and part in one.scores.pools]
    return Summary(
        experiment=experiment,
        part=part,
        members=members,
        together=over_members(experiment, [one.scores for one in members if one.scores], len(members), part),
        about=about(experiment, part, kind_of(pools), many=any(len(pool.classes) > 2 for pool in pools)),
        best=_best(experiment, members) if experiment.keeps_test_back else None,
        basis=basis(experiment, pools),
    )


def _scored(member: MemberResult, score: ScoresOf) -> MemberResult:
    if member.run is None or member.run.status is not RunStatus.SUCCEEDED:
        return member
    try:
        return replace(member, scores=score(member.run))
    except HistoscopeError as error:
        return replace(member, problem=str(error))


def _part(experiment: Experiment, members: Sequence[MemberResult]) -> Part:
    """What the numbers are about: the validation part also where the split leaves nothing to test."""
    known = [one.scores.scores for one in members if one.scores is not None]
    untested = bool(known) and not any("test" in scores for scores in known)
    return "valid" if experiment.keeps_test_back or untested else "test"


def _best(experiment: Experiment, members: Sequence[MemberResult]) -> int | None:
    """By the metric on validation; of equal ones the first. Of a sweep over folds, the first fold of the best mean."""
    metric, trials = experiment.protocol.metric, {}
    for member in members:
        valid = member.scores.scores.get("valid") if member.scores else None
        value = None if valid is None else chosen_by(valid, metric)
        trials.setdefault(trial_of(experiment, member.changes), []).append((member.position, value))
    best: tuple[int, float] | None = None
    for found in trials.values():
        values = [value for _, value in found if value is not None]
        if len(values) < len(found):
            continue
        mean = float(np.mean(values))
        if best is None or better(metric, mean, best[1]):
            best = found[0][0], mean
    return None if best is None else best[0]


def trial_of(experiment: Experiment, changes: Mapping[str, Any]) -> str:
    """What members of one trial have in common: all that sets them apart but the fold of a sweep."""
    return repr(
        [
            (name, _cell(value))
            for name, value in changes.items()
            if name != "split.fold" or experiment.protocol.kind != "sweep" or name in experiment.protocol.sweep
        ]
    )


def _cell(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
