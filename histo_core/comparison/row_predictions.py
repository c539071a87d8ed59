"""Put a run's predictions beside the rows of a data set: class, confidence, and whether the answer is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from histo_core.comparison.join import load
from histo_core.config import DataConfig
from histo_core.data.dataset import DATASETS, Dataset
from histo_core.data.predictions import class_names
from histo_core.errors import ComparisonError
from histo_core.prediction.stored import PredictionSet, list_predictions
from histo_core.runs.store.records import Run, RunStatus
from histo_core.shown_text import count
from histo_core.workspace import Workspace

NO_ANSWER = -1
"""In place of a class's index, and of whether an answer is right, where nothing is known of a row."""


@dataclass(frozen=True)
class PredictionSource:
    """Predictions of one run that a data set may be shown with.

    Attributes:
        key: the run's id, or that of predictions on other data; a link holds it.
        run: the run.
        stored: its later predictions; None for those of its own held-out patches.
    """

    key: str
    run: Run
    stored: PredictionSet | None = None

    @property
    def title(self) -> str:
        """The run's name, and which predictions of it these are."""
        name = self.run.name or self.run.run_id
        if self.stored is None:
            return f"{name}: held-out patches"
        when = str(self.stored.facts["made_at"])[:16].replace("T", " ")
        return f"{name}: predicted {when} UTC"


@dataclass(frozen=True, eq=False)
class RowPredictions:
    """Predictions by the rows of a data set of n rows; rows without a prediction have `NO_ANSWER` or NaN.

    Attributes:
        classes: the model's classes.
        positive: the class of interest among them.
        probabilities: float64 [n, k], 0 to 1.
        truth: int64 [n], index of the labelled class among the model's classes.
        predicted: int64 [n], index of the predicted class.
    """

    classes: tuple[str, ...]
    positive: str
    probabilities: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray

    def at(self, threshold: float, of: str | None = None) -> RowPredictions:
        """Return the predictions of two classes at a threshold: class ``of`` from this probability on.

        Args:
            threshold: 0 to 1.
            of: the class that the threshold is about; the class of interest by default.

        Raises:
            ComparisonError: there are more than two classes, or none of this name.
        """
        of = of or self.positive
        if len(self.classes) != 2 or of not in self.classes:
            raise ComparisonError(
                f"A threshold of {of!r} among {', '.join(self.classes)} decides nothing.",
                "It is for one of two classes.",
                "Leave the threshold out.",
            )
        here = self.classes.index(of)
        called = np.where(self.probabilities[:, here] >= threshold, here, 1 - here)
        predicted = np.where(self.known, called, NO_ANSWER)
        return RowPredictions(self.classes, self.positive, self.probabilities, self.truth, predicted)

    @cached_property
    def known(self) -> np.ndarray:
        """Return whether each row has a prediction, bool [n]."""
        return self.predicted != NO_ANSWER

    @cached_property
    def confidence(self) -> np.ndarray:
        """The probability of the predicted class, float64 [n]."""
        return self._probability(self.predicted)

    @cached_property
    def of_truth(self) -> np.ndarray:
        """The probability of the labelled class, float64 [n]: the lower, the more wrong."""
        return np.where(self.known, self._probability(self.truth), np.nan)

    @cached_property
    def margin(self) -> np.ndarray:
        """The distance of the two most probable classes, float64 [n], 0 to 1: the lower, the more uncertain."""
        first_two = np.sort(self.probabilities, axis=1)[:, -2:]
        return first_two[:, 1] - first_two[:, 0]

    @cached_property
    def right(self) -> np.ndarray:
        """1 where the answer is right, 0 where it is wrong, `NO_ANSWER` without a prediction or label; int64 [n]."""
        judged = self.known & (self.truth != NO_ANSWER)
        return np.where(judged, (self.predicted == self.truth).astype(np.int64), NO_ANSWER)

    @property
    def note(self) -> str:
        """Say how many patches are predicted, and how many of those answers are wrong, in a sentence."""
        known, judged = int(self.known.sum()), int((self.right != NO_ANSWER).sum())
        said = f"{known:,} of {count(len(self.known), 'patch')} {'is' if known == 1 else 'are'} predicted"
        return f"{said}; {int((self.right == 0).sum()):,} of {judged:,} labelled answers are wrong."

    def _probability(self, classes: np.ndarray) -> np.ndarray:
        values = np.take_along_axis(self.probabilities, np.maximum(classes, 0)[:, None], axis=1)[:, 0]
        return np.where(classes == NO_ANSWER, np.nan, values)


def find_sources(data: DataConfig, state: str, runs: Sequence[Run], workspace: Workspace) -> list[PredictionSource]:
    """List the predictions that may fit a data set: of runs trained on it, and later ones of it as it now is.

    Whether ids and labels agree is checked by `row_predictions`.

    Args:
        data: the data set.
        state: of its content (`Dataset.state`).
        runs: those to look at.
        workspace: holds the predictions.
    """
    found = [
        PredictionSource(run.run_id, run)
        for run in runs
        if run.status is RunStatus.SUCCEEDED and _same_source(run.config.data, data)
    ]
    known = {run.run_id: run for run in runs}
    stored = [one for one in list_predictions(workspace) if one.facts.get("state") == state and one.run_id in known]
    return found + [PredictionSource(one.id, known[one.run_id], one) for one in stored]


def row_predictions(source: PredictionSource, dataset: Dataset, workspace: Workspace) -> RowPredictions:
    """Put predictions beside the rows of a data set, by sample id.

    Raises:
        ComparisonError: no patch of the data is predicted, or labels differ from those that the model was judged by.
        CorruptDataError: the file of the predictions cannot be used.
    """
    name = source.title
    if source.stored is None:
        mine = load(source.run, workspace)
        table, positive = mine.table, mine.positive
    else:
        table, positive = source.stored.table(), str(source.stored.facts["positive"])
    classes = class_names(table)
    rows = pd.Index(dataset.table["sample_id"]).get_indexer(pd.Index(table["sample_id"]))
    table, rows = table.loc[rows >= 0], rows[rows >= 0]
    if not len(rows):
        raise ComparisonError(
            f"None of the patches that {name} has is among these.", "Predictions of these data.", "Predict these data."
        )
    truth = pd.Index(classes).get_indexer(pd.Index(table["y_true"]))
    if source.stored is None:  # later predictions are of the data in this very state
        _check_labels(name, classes, truth, dataset, rows)
    probabilities = np.full((len(dataset), len(classes)), np.nan)
    probabilities[rows] = table[[f"prob_{one}" for one in classes]].to_numpy(np.float64)
    by_row = np.full((2, len(dataset)), NO_ANSWER, np.int64)
    by_row[0, rows], by_row[1, rows] = truth, pd.Index(classes).get_indexer(pd.Index(table["y_pred"]))
    return RowPredictions(classes, positive, probabilities, by_row[0], by_row[1])


def _check_labels(name: str, classes: Sequence[str], truth: np.ndarray, dataset: Dataset, rows: np.ndarray) -> None:
    """Refuse predictions that were judged by other labels than the data now have."""
    now = pd.Index(classes).get_indexer(pd.Index([*dataset.classes, None]))[dataset.table["label"].to_numpy()[rows]]
    differ = int((now != truth).sum())
    if differ:
        raise ComparisonError(
            f"{differ:,} of {count(len(rows), 'patch')} of {name} have another label here.",
            "The labels and classes that the model was judged by are expected.",
            "Open the data as the run did, or predict these data.",
        )


def _same_source(one: DataConfig, other: DataConfig) -> bool:
    """Return whether two data sets may share patches: the same kind in one folder, or drawn by the same options."""
    if one.dataset != other.dataset or one.dataset not in DATASETS:
        return False
    if not DATASETS[one.dataset].info.needs_root:
        return one.options == other.options
    return _resolved(one.root) == _resolved(other.root)


def _resolved(root: str | None) -> Path | None:
    return None if root is None else Path(root).expanduser().resolve()
