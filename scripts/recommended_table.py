"""Results of recommended runs against goals and yardsticks, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import numpy as np
import pandas as pd

from histo_core.data.predictions import class_names, read_predictions
from histo_core.evaluation.auroc import auroc_difference, auroc_interval
from histo_core.evaluation.multiclass import class_rates
from histo_core.files import read_json
from scripts.results import PREDICTIONS, SPENT

RECOMMENDED = "recommended"
SEEN = 0.01
"""The difference of AUROCs that the table should be able to see."""
_HEADER = ("data", "split", "recipe", "patients", "patches", "CPU s", "AUROC (95%)", "accuracy", "balanced accuracy")
_FOLD = "fold"


@dataclass(frozen=True)
class Goal:
    """What the recommended runs of a data set should reach on their test sets.

    Attributes:
        mean: AUROC, mean over the repeats.
        accuracy, balanced: likewise.
        least: AUROC of the worst repeat.
        pooled: AUROC of all folds' predictions together.
    """

    mean: float
    accuracy: float | None = None
    balanced: float | None = None
    least: float | None = None
    pooled: float | None = None


@dataclass(frozen=True, eq=False)
class Trained:
    """A run with its predictions.

    Attributes:
        repeat: name of the split or seed.
        recipe: name of the recipe.
        table: predictions of the validation and test set.
        cpu_seconds: of training and validation; None where they were not counted.
    """

    repeat: str
    recipe: str
    table: pd.DataFrame
    cpu_seconds: float | None = None

    def scores(self, split_set: str = "test") -> Scores:
        """Return what the run says of a set."""
        return Scores.of(self.table.loc[self.table["split"] == split_set])


@dataclass(frozen=True, eq=False)
class Scores:
    """Truth and answers of n samples.

    Attributes:
        ids: object [n].
        truth, called: int64 [n], indices into the classes; 1 is the class of interest.
        score: float64 [n], the probability of class 1.
        groups: object [n], patients; None where not all are known.
    """

    ids: np.ndarray
    truth: np.ndarray
    called: np.ndarray
    score: np.ndarray
    groups: np.ndarray | None

    @classmethod
    def of(cls, table: pd.DataFrame) -> Scores:
        """Read a table of predictions of two classes."""
        table, names = table.sort_values("sample_id"), class_names(table)
        known = bool(table["patient_id"].notna().all())
        return cls(
            ids=table["sample_id"].to_numpy(object),
            truth=(table["y_true"] == names[1]).to_numpy(np.int64),
            called=(table["y_pred"] == names[1]).to_numpy(np.int64),
            score=table[f"prob_{names[1]}"].to_numpy(np.float64),
            groups=table["patient_id"].to_numpy(object) if known else None,
        )

    @property
    def auroc(self) -> float:
        """The AUROC; NaN where a class is missing."""
        found = auroc_interval(self.truth, self.score, self.groups)
        return float("nan") if found is None else found.value

    @property
    def accuracy(self) -> float:
        """The share of samples whose most probable class is the true one."""
        return class_rates(self.truth, self.called, 2).accuracy.value

    @property
    def balanced(self) -> float:
        """The mean recall of both classes."""
        return class_rates(self.truth, self.called, 2).balanced_accuracy.value


def read_trained(home: Path) -> list[Trained]:
    """Read the finished runs of a data set: ``<home>/<repeat>/<recipe>/predictions.parquet``."""
    return [
        Trained(
            repeat=file.parent.parent.name,
            recipe=file.parent.name,
            table=read_predictions(file),
            cpu_seconds=read_json(spent)["cpu_seconds"] if (spent := file.with_name(SPENT)).is_file() else None,
        )
        for file in sorted(home.glob(f"*/*/{PREDICTIONS}"))
    ]


def markdown(found: Mapping[str, Sequence[Trained]], goals: Mapping[str, Goal]) -> str:
    """Return a table of all runs, then what each data set reaches of its goal and beside its yardsticks."""
    lines = [_row(_HEADER), _row(["---"] * len(_HEADER))]
    lines += [_row(_cells(data, run)) for data, runs in found.items() for run in runs]
    lines.append("")
    for data, runs in found.items():
        lines += [f"- **{data}**: {sentence}" for sentence in (*against_goal(runs, goals[data]), *against_best(runs))]
    return "\n".join(lines)


def _cells(data: str, run: Trained) -> tuple[str, ...]:
    scores = run.scores()
    return (
        data,
        run.repeat,
        run.recipe,
        "unknown" if scores.groups is None else f"{len(set(scores.groups)):,}",
        f"{len(scores.truth):,}",
        "" if run.cpu_seconds is None else f"{run.cpu_seconds:,.0f}",
        str(auroc_interval(scores.truth, scores.score, scores.groups)),
        f"{scores.accuracy:.3f}",
        f"{scores.balanced:.3f}",
    )


def against_goal(runs: Sequence[Trained], goal: Goal) -> list[str]:
    """Say what the recommended runs reach of the goal, a sentence for each part of it."""
    own = [run for run in runs if run.recipe == RECOMMENDED]
    repeats = [run.scores() for run in own if not run.repeat.startswith(_FOLD)]
    if not repeats:
        return ["the recommended run was not trained."]
    aurocs, number = [scores.auroc for scores in repeats], len(repeats)
    said = [_judged(f"mean AUROC of {number}", mean(aurocs), goal.mean)]
    if goal.least is not None:
        said.append(_judged(f"lowest AUROC of {number}", min(aurocs), goal.least))
    if goal.accuracy is not None:
        said.append(_judged(f"mean accuracy of {number}", mean(scores.accuracy for scores in repeats), goal.accuracy))
    if goal.balanced is not None:
        balanced = mean(scores.balanced for scores in repeats)
        said.append(_judged(f"mean balanced accuracy of {number}", balanced, goal.balanced))
    folds = [run for run in own if run.repeat.startswith(_FOLD)]
    if goal.pooled is not None and folds:
        tested = pd.concat([run.table.loc[run.table["split"] == "test"] for run in folds])
        pooled = Scores.of(tested)
        interval = auroc_interval(pooled.truth, pooled.score, pooled.groups)
        said.append(f"{_judged(f'AUROC of {len(folds)} folds together', pooled.auroc, goal.pooled)[:-1]}: {interval}.")
    return said


def _judged(what: str, value: float, goal: float) -> str:
    return f"{what} {value:.3f}, goal {goal:g}, {'reached' if value >= goal else '**missed**'}."


def against_best(runs: Sequence[Trained]) -> list[str]:
    """Compare the recommended run with the yardstick that is best on the validation set, on the same test set."""
    yardsticks = [run for run in runs if run.recipe != RECOMMENDED]
    if not yardsticks:
        return ["no yardstick was trained."]
    best = max(yardsticks, key=lambda run: run.scores("valid").auroc)
    own = next((run for run in runs if run.recipe == RECOMMENDED and run.repeat == best.repeat), None)
    if own is None:
        return ["the recommended run was not trained on the split of the yardsticks."]
    first, second = own.scores(), best.scores()
    if first.ids.tolist() != second.ids.tolist():
        raise ValueError(f"{own.repeat}: {own.recipe} and {best.recipe} were tested on different patches")
    difference = auroc_difference(first.truth, first.score, second.score, first.groups)
    if difference is None:
        return ["the test set lacks a class, so that AUROCs cannot be compared."]
    by = "patch" if first.groups is None else "patient"
    chosen = f"{best.recipe}, best of {len(yardsticks)} on validation"
    said = f"{own.repeat}: recommended minus {chosen}: {difference} by {by}."
    half = (difference.high - difference.low) / 2
    if half > SEEN:
        said += f" The interval is {half:.3f} wide to each side: too few data to see a difference of {SEEN:g}."
    return [said]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
