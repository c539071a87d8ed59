"""Compare a study's reported numbers with ours, each with its uncertainty and the source of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from histo_core.evaluation.class_report import class_report
from histo_core.evaluation.class_scores import METRICS
from histo_core.evaluation.intervals import Interval
from histo_core.evaluation.pooled_predictions import pooled_intervals
from histo_core.experiments.about import NAMES, SET_WORDS
from histo_core.experiments.api import experiments
from histo_core.experiments.results import MemberResult, Summary, summary
from histo_core.experiments.scores import Pool, RunScores, join_pools, run_scores
from histo_core.experiments.test_score import TestScore, kept_score
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.studies.origin import Origin, changes, read_origin
from histo_core.studies.recipes import STUDIES, Beside, Recipe, Reported
from histo_core.workspace import Workspace

_OF_INTEREST = "class of interest"
Ours = tuple[Interval | None, str]
"""Our number and its description, or None and the reason."""


@dataclass(frozen=True)
class Pair:
    """A reported number and ours.

    Attributes:
        of: the study's run, sweep or protocol that it is reported for.
        reported: the reported number with its uncertainty.
        measured: our number with its interval; None where there is none.
        about: what our number is, or why there is none, in words.
        source: id of the run or experiment that our number comes from; empty where there is none.
        changed: how the settings differ from the study's own.
    """

    of: str
    reported: Reported
    measured: Interval | None
    about: str
    source: str = ""
    changed: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """Return one line: the reported number with its uncertainty, then ours."""
        line = f"report: {self.reported.said}"
        if self.measured is None:
            return f"{line}; here: {self.about}" if self.about else line
        changed = f"; changed against the study: {'; '.join(self.changed)}" if self.changed else ""
        return f"{line}; here: {self.measured} ({self.about}{changed})"


def reported_for_run(run: Run, workspace: Workspace, scores: RunScores | None = None) -> tuple[Pair, ...]:
    """Return a study's numbers beside those of a run that was made from it; empty where it comes from no study.

    Args:
        run: the run; until it has finished there are no numbers of ours.
        workspace: the workspace that holds it.
        scores: scores of the run, for callers that keep them.

    Raises:
        ComparisonError, CorruptDataError: the run's files are missing, damaged or changed.
    """
    origin = read_origin(run.origin)
    if origin is None or origin.named is None:
        return ()
    if scores is None and run.status is RunStatus.SUCCEEDED:
        scores = run_scores(run, workspace)
    intervals = _Intervals()

    def ours(asked: Beside) -> Ours:
        if scores is None:
            return None, "not finished"
        return intervals.of_pool(scores.pools.get(asked.split_set), asked)

    return _pairs(STUDIES[origin.study], origin, ours, run.run_id, changes(run.config, origin))


def reported_for_experiment(now: Summary, workspace: Workspace) -> tuple[Pair, ...]:
    """Return a study's numbers beside those of an experiment that was made from it; empty where it is from no study."""
    origin = read_origin(now.experiment.origin)
    if origin is None or origin.named is None:
        return ()
    intervals, kept = _Intervals(), kept_score(now.experiment.experiment_id, workspace)

    def ours(asked: Beside) -> Ours:
        if now.experiment.protocol.kind == "sweep":
            return _of_trial(now, asked, intervals)
        if not now.experiment.keeps_test_back:
            return _of_members(now, asked, intervals)
        return _of_kept(kept, asked) if asked.split_set == "test" else _of_best(now, asked, intervals)

    differences = changes(now.experiment.config, origin)
    return _pairs(STUDIES[origin.study], origin, ours, now.experiment.experiment_id, differences)


def reported_for_study(recipe: Recipe, workspace: Workspace) -> dict[str, tuple[Pair, ...]]:
    """Return all numbers of a study by run, sweep or protocol, beside those of its newest finished run or experiment.

    A number without a counterpart of ours is included alone.
    """
    found: list[Pair] = []
    seen: set[str] = set()
    for experiment in experiments(workspace, archived=True):
        if experiment.origin.startswith(f"{recipe.name}/") and experiment.origin not in seen:
            now = summary(experiment, workspace)
            if now.finished:
                seen.add(experiment.origin)
                found += reported_for_experiment(now, workspace)
    for run in Store.open(workspace).made_from(recipe.name):
        origin = read_origin(run.origin)
        alone = origin is not None and not origin.experiment and run.status is RunStatus.SUCCEEDED
        if alone and run.origin not in seen:
            seen.add(run.origin)
            found += reported_for_run(run, workspace)
    return {of: tuple(_of_reported(of, one, found) for one in stated) for of, stated in recipe.reported.items()}


def _of_reported(of: str, reported: Reported, found: Sequence[Pair]) -> Pair:
    """Return the first pair that has a number of ours, else the reported number alone."""
    mine = (one for one in found if one.of == of and one.reported == reported and one.measured is not None)
    return next(mine, Pair(of, reported, None, "" if reported.beside is None else "not measured yet"))


class _Intervals:
    """A cache of the intervals of pools; each pool is computed once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Pool, str], Mapping[str, Interval]] = {}  # pools are compared by identity

    def of_pool(self, pool: Pool | None, asked: Beside, of: str = "") -> Ours:
        """Return a metric of a pool, and its description."""
        about = f"{SET_WORDS[asked.split_set]} {_named(asked.metric)}{f', {of}' if of else ''}"
        if pool is None:
            return None, f"no labelled predictions of the {SET_WORDS[asked.split_set]} set"
        numbers = self._of(pool, "scores" if asked.metric in METRICS else "classes")
        found = numbers.get(asked.metric)
        return (found, about) if found is not None else (None, f"no class of this name among {', '.join(pool.classes)}")

    def _of(self, pool: Pool, kind: str) -> Mapping[str, Interval]:
        key = pool, kind
        if key not in self._known:
            make = _score_intervals if kind == "scores" else _class_intervals
            self._known[key] = make(pool)
        return self._known[key]


def _score_intervals(pool: Pool) -> Mapping[str, Interval]:
    return pooled_intervals(pool.y_true, pool.probabilities, pool.positive, pool.groups)


def _class_intervals(pool: Pool) -> Mapping[str, Interval]:
    """Return the classification report by a study's names: "recall of benign", "f1 of weighted average"."""
    report = class_report(pool.y_true, pool.probabilities.argmax(axis=1), pool.classes, pool.groups)
    rows = {row.name: row for row in report.rows} | {_OF_INTEREST: report.classes[pool.positive]}
    return {
        f"{measure} of {name}": getattr(row, measure)
        for name, row in rows.items()
        for measure in ("precision", "recall", "f1")
    }


def _of_trial(now: Summary, asked: Beside, intervals: _Intervals) -> Ours:
    trial = [one for one in now.members if asked.changes and _made_so(one, asked.changes)]
    if not trial:
        return None, "no such trial"
    pool = _pool(trial, "valid")
    return intervals.of_pool(pool, asked, trial[0].label) if pool is not None else (None, "not finished")


def _of_best(now: Summary, asked: Beside, intervals: _Intervals) -> Ours:
    if now.best is None:
        return None, "not finished"
    best = now.members[now.best]
    return intervals.of_pool(_pool([best], "valid"), asked, f"{best.label}, which is chosen")


def _of_kept(kept: TestScore | None, asked: Beside) -> Ours:
    if kept is None:
        return None, "the test set is not scored yet"
    found = kept.metrics.get(asked.metric)
    return found, f"test {_named(asked.metric)} of the chosen run, scored once"


def _of_members(now: Summary, asked: Beside, intervals: _Intervals) -> Ours:
    """Return the number over all members where the summary has it for this set, else that of the pooled folds."""
    several = now.experiment.protocol.kind != "single"
    known = now.by_metric.get(asked.metric) if several or asked.split_set == now.split_set else None
    if known is not None and known.n:
        if not known.interval.defined:
            return None, known.interval.method
        over = f" over {known.n} {'folds' if now.experiment.protocol.kind == 'folds' else 'runs'}" if several else ""
        return known.interval, f"{SET_WORDS[now.split_set]} {_named(asked.metric)}{over}"
    if now.experiment.protocol.kind == "repeats":
        return None, "not measured over repeats"
    pool = _pool(now.members, asked.split_set)
    return intervals.of_pool(pool, asked, "all folds together") if pool is not None else (None, "not finished")


def _pairs(
    recipe: Recipe, origin: Origin, ours: Callable[[Beside], Ours], source: str, changed: tuple[str, ...]
) -> tuple[Pair, ...]:
    return tuple(
        Pair(of, one, *(ours(one.beside) if one.beside is not None else (None, "")), source, changed)
        for of, one in _concerning(recipe, origin)
    )


def _concerning(recipe: Recipe, origin: Origin) -> Iterable[tuple[str, Reported]]:
    """Return the numbers that concern a run or experiment; a protocol also has those of its run, a sweep does not."""
    sweeps = {one.name for one in recipe.sweeps}
    own = next((one.member for one in recipe.experiments if one.name == origin.experiment), "")
    names = {origin.experiment} if own == origin.run else set()
    run = "" if origin.experiment in sweeps else origin.run
    for of, stated in recipe.reported.items():
        for one in stated:
            if of in names or (run and (of == run or (one.beside is not None and run in one.beside.runs))):
                yield of, one


def _made_so(member: MemberResult, asked: Mapping[str, Any]) -> bool:
    return all(_plain(member.changes.get(name)) == _plain(value) for name, value in asked.items())


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _pool(members: Sequence[MemberResult], split_set: str) -> Pool | None:
    """Return the pooled predictions of several members; None where one of them has none."""
    pools = [one.scores.pools.get(split_set) if one.scores else None for one in members]
    if not pools or None in pools:
        return None
    return join_pools(cast(list[Pool], pools)) if len(pools) > 1 else pools[0]


def _named(metric: str) -> str:
    return NAMES.get(metric, metric.replace("f1", "F1"))
