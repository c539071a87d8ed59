"""Score the predictions of members, and compare members by a metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from histo_core.comparison.join import RunPredictions, load
from histo_core.config.protocol import Metric
from histo_core.data.grouping import GroupKind, known_groups
from histo_core.evaluation.class_scores import ClassScores, class_scores
from histo_core.evaluation.class_support import class_support, support_in_words
from histo_core.runs.artifacts.events import read_events
from histo_core.runs.learning import learning_findings
from histo_core.runs.store.records import Run
from histo_core.training.diagnosis import likeliest_cause, remedy_settings, verdict
from histo_core.training.events import EpochDone, Started
from histo_core.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Pool:
    """The labelled predictions of one set.

    Attributes:
        y_true: int64 [n].
        probabilities: float64 [n, k].
        classes: names of the k classes.
        positive: index of the class of interest.
        groups: patient ids [n], slide ids where no patient is known, None where neither is.
        group_kind: patient or slide.
    """

    y_true: np.ndarray
    probabilities: np.ndarray
    classes: tuple[str, ...]
    positive: int
    groups: np.ndarray | None
    group_kind: GroupKind | None

    @property
    def basis(self) -> str:
        """Return the support of these predictions in words: patches and patients of each class."""
        return support_in_words(class_support(self.y_true, self.classes, self.groups), self.group_kind)


@dataclass(frozen=True, eq=False)
class RunScores:
    """The scores of a finished run.

    Attributes:
        scores, pools: scores and predictions by set; sets without labelled predictions are left out.
        train_samples: size of its training set; None where its events do not say.
        learning, cause: why it ended without learning (`histo_core.training.diagnosis`), and the likeliest cause alone;
            empty for a healthy run.
        remedy: what to do about it, as dotted fields of a configuration.
    """

    scores: Mapping[str, ClassScores]
    pools: Mapping[str, Pool]
    train_samples: int | None
    learning: str = ""
    cause: str = ""
    remedy: Mapping[str, Any] = field(default_factory=dict)


def run_scores(run: Run, workspace: Workspace) -> RunScores:
    """Read and score the predictions of a succeeded run.

    Raises:
        ComparisonError, CorruptDataError: its files are missing, damaged or changed.
    """
    predictions = load(run, workspace)
    pools = {split_set: found for split_set in ("valid", "test") if (found := pool(predictions, split_set)) is not None}
    started = next(
        (event for event in read_events(workspace.run_folder(run.run_id)) if isinstance(event, Started)), None
    )
    findings = learning_findings(run, workspace)
    return RunScores(
        scores={
            split_set: class_scores(one.y_true, one.probabilities, one.positive) for split_set, one in pools.items()
        },
        pools=pools,
        train_samples=None if started is None else started.train_samples,
        learning=verdict(findings),
        cause=likeliest_cause(findings),
        remedy=remedy_settings(findings),
    )


def pool(predictions: RunPredictions, split_set: str) -> Pool | None:
    """Return the labelled predictions of a set as arrays; None where there are none."""
    table = predictions.table
    rows = table.loc[(table["split"] == split_set) & table["y_true"].notna()]
    if rows.empty:
        return None
    numbers = {name: index for index, name in enumerate(predictions.classes)}
    groups, kind = known_groups(rows)
    return Pool(
        y_true=np.asarray([numbers[name] for name in rows["y_true"]], np.int64),
        probabilities=rows[[f"prob_{name}" for name in predictions.classes]].to_numpy(np.float64),
        classes=predictions.classes,
        positive=numbers[predictions.positive],
        groups=groups,
        group_kind=kind,
    )


def join_pools(pools: list[Pool]) -> Pool:
    """Pool the predictions of several sets that share no sample, such as those of all folds."""
    groups, kind = [one.groups for one in pools if one.groups is not None], kind_of(pools)
    return Pool(
        y_true=np.concatenate([one.y_true for one in pools]),
        probabilities=np.concatenate([one.probabilities for one in pools]),
        classes=pools[0].classes,
        positive=pools[0].positive,
        groups=None if kind is None else np.concatenate(groups),
        group_kind=kind,
    )


def kind_of(pools: Sequence[Pool]) -> GroupKind | None:
    """Return the kind of group of several pools: patient where all know patients, else slide; None without groups."""
    kinds = {one.group_kind for one in pools}
    if not kinds or None in kinds:
        return None
    return "slide" if "slide" in kinds else "patient"


def chosen_by(scores: ClassScores, metric: Metric) -> float | None:
    """Return a member's value of the metric that the protocol chooses by; None where it is not defined."""
    return getattr(scores, metric.removeprefix("valid_"))


def better(metric: Metric, value: float, than: float) -> bool:
    """Return whether a value of the metric is better than another."""
    return value < than if metric == "valid_loss" else value > than


def values_by_epoch(run: Run, metric: Metric, workspace: Workspace) -> dict[int, float]:
    """Return the metric after each finished epoch of a run; epochs in which it is not defined are left out."""
    events = read_events(workspace.run_folder(run.run_id))
    values = {event.epoch: getattr(event, metric) for event in events if isinstance(event, EpochDone)}
    return {epoch: value for epoch, value in values.items() if value is not None}
