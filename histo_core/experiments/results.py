"""Summarise an experiment: each member, then all members together, with an explanation of the interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from histo_core.errors import HistoscopeError
from histo_core.evaluation.class_scores import METRICS
from histo_core.experiments.about import about
from histo_core.experiments.member_summary import MetricSummary, basis, summarise_members
from histo_core.experiments.pruned_trials import read_pruned
from histo_core.experiments.records import Experiment
from histo_core.experiments.scores import RunScores, better, chosen_by, kind_of, run_scores
from histo_core.experiments.table import ExperimentTable
from histo_core.runs.store.records import Run, RunStatus
from histo_core.workspace import Workspace

SplitSet = Literal["valid", "test"]
ScoresOf = Callable[[Run], RunScores]


@dataclass(frozen=True, eq=False)
class MemberResult:
    """The current result of one member.

    Attributes:
        position, label, changes: as in `Member`.
        run: None when it was deleted, or is not allowed.
        pruned: whether it was stopped early because others did better.
        scores: None until the run has succeeded.
        problem: why a succeeded run has no scores, or why a run is not allowed; empty otherwise.
    """

    position: int
    label: str
    changes: Mapping[str, Any]
    run: Run | None
    pruned: bool
    scores: RunScores | None
    problem: str = ""

    @property
    def why(self) -> str:
        """Return why there is no result, or none to rely on: the run's error, or that it did not learn; else empty."""
        if self.problem or self.run is None:
            return self.problem
        return self.run.reason or (self.scores.learning if self.scores else "")

    @property
    def state(self) -> str:
        """Return the run's state, or pruned, deleted, or refused where it is not allowed."""
        if self.run is None:
            return "refused" if self.problem else "deleted"
        return "pruned" if self.pruned and self.run.status is RunStatus.CANCELLED else self.run.status.value


@dataclass(frozen=True, eq=False)
class Summary:
    """The summary of an experiment.

    Attributes:
        experiment: the summarised experiment.
        split_set: the set that ``by_metric`` is about: test where the split gives each member a test set of its own,
            else valid.
        members: all members in order, waiting ones too.
        by_metric: summary by metric; empty for a sweep, whose trials differ on purpose.
        about: what the set and the interval are about, in sentences for a page.
        best: where members serve to choose, the position of the best one by the protocol's metric on the validation
            set; None before there is one.
        basis: what the intervals are computed from, in words: runs, and patches and patients of each class; empty where
            there is no interval.
    """

    experiment: Experiment
    split_set: SplitSet
    members: tuple[MemberResult, ...]
    by_metric: Mapping[str, MetricSummary]
    about: str
    best: int | None
    basis: str = ""

    @property
    def active(self) -> int:
        """Return how many members wait or run."""
        return sum(member.run is not None and member.run.status.active for member in self.members)

    @property
    def finished(self) -> int:
        """Return how many members have scores."""
        return sum(member.scores is not None for member in self.members)

    @property
    def expected(self) -> int:
        """Return how many members there will be in the end, unless the experiment is cancelled."""
        protocol = self.experiment.protocol
        # Other protocols have all their members from the start.
        return max(protocol.size, len(self.members)) if protocol.sampler == "tpe" else len(self.members)

    @property
    def ended(self) -> int:
        """Return how many members no longer wait or run, whatever their end."""
        return len(self.members) - self.active

    @property
    def to_come(self) -> int:
        """Return how many members wait or run, or are not planned yet."""
        return self.active + (self.expected - len(self.members)) * (self.experiment.cancelled_at is None)

    @property
    def goes_on(self) -> bool:
        """Return whether runs are active, or more will follow."""
        return self.to_come > 0

    def table(self) -> pd.DataFrame:
        """Return one row a member with raw numbers; NaN where a value is unknown or undefined."""
        return pd.DataFrame([self._row(member) for member in self.members])

    def _row(self, member: MemberResult) -> dict[str, Any]:
        row: dict[str, Any] = {
            "position": member.position,
            "member": member.label,
            "run_id": self.experiment.members[member.position].run_id,
            "state": member.state,
            "best": member.position == self.best,
            "why": member.why,
            **{name: _cell(value) for name, value in member.changes.items()},
        }
        for split_set in ("valid", "test"):
            scores = member.scores.scores.get(split_set) if member.scores else None
            for metric in METRICS:
                value = getattr(scores, metric) if scores else None
                row[f"{split_set}_{metric}"] = np.nan if value is None else value
        return row


def summary(experiment: Experiment, workspace: Workspace, *, scores_of: ScoresOf | None = None) -> Summary:
    """Summarise the current state of an experiment; waiting members are included without numbers.

    The interval depends on the protocol:

    - k folds: every patch was held out once by a network that had not seen its patient, where patients are known.
      These predictions are pooled, and the patches of a patient stay together. The interval is about other patients
      (else slides, else patches) from the same source. (The AUROC of pooled predictions also compares patches across
      networks; mean and SD are over folds.)
    - repeats with new splits, and repeated folds: `mean_over_splits`.
    - repeats with new seeds: `mean_over_seeds`, about chance in training, not about patients.
    - sweeps: none; the trials differ on purpose, and the best validation value is optimistic because it was chosen.

    Args:
        experiment: read just before, so that its newest members are included.
        workspace: the workspace that holds the runs.
        scores_of: returns the scores of a succeeded run; for callers that keep them.
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
    split_set = _split_set(experiment, members)
    pools = [one.scores.pools[split_set] for one in members if one.scores is not None and split_set in one.scores.pools]
    return Summary(
        experiment=experiment,
        split_set=split_set,
        members=members,
        by_metric=summarise_members(experiment, [one.scores for one in members if one.scores], len(members), split_set),
        about=about(experiment, split_set, kind_of(pools), many=any(len(pool.classes) > 2 for pool in pools)),
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


def _split_set(experiment: Experiment, members: Sequence[MemberResult]) -> SplitSet:
    """Return the set that the numbers are about: validation where members serve to choose or have no test set."""
    known = [one.scores.scores for one in members if one.scores is not None]
    untested = bool(known) and not any("test" in scores for scores in known)
    return "valid" if experiment.keeps_test_back or untested else "test"


def _best(experiment: Experiment, members: Sequence[MemberResult]) -> int | None:
    """Return the position of the member with the best validation metric; the first of equal ones.

    In a sweep over folds it is the first fold of the trial with the best mean.
    """
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
    """Return what the members of one trial have in common: all their changes except the fold of a sweep."""
    return repr(
        [
            (name, _cell(value))
            for name, value in changes.items()
            if name != "split.fold" or experiment.protocol.kind != "sweep" or name in experiment.protocol.sweep
        ]
    )


def _cell(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
