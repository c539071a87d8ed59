"""Compute external validation: a run's scores on other data beside those on its own test set."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from histo_core.comparison.compare import compare
from histo_core.comparison.join import Joined, RunPredictions, join, load
from histo_core.comparison.results import Comparison
from histo_core.errors import ComparisonError
from histo_core.evaluation.multiclass import ClassRates, class_rates
from histo_core.prediction.kept_calibration import KeptCalibration
from histo_core.prediction.stored import PredictionSet
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace

OWN = "its own test set"


@dataclass(frozen=True, eq=False)
class Scored:
    """The scores of one run on the labelled patches of one set.

    Attributes:
        where: the data and the set, in words.
        comparison: AUROC, rates at the threshold, ROC curve and confusion matrix.
        rates: accuracy and balanced accuracy of the most probable class.
    """

    where: str
    comparison: Comparison
    rates: ClassRates

    def row(self) -> dict[str, str]:
        """Return all rates with their intervals and their support, in words, for a table.

        With more than two classes, the AUROC is the macro average of each class against the rest, and the names of
        rates of the class of interest alone say so.
        """
        result, many = self.comparison.results[0], self.comparison.many
        auroc = result.overall["auroc"] if many else result.auroc
        of = f" of {self.comparison.class_of_interest}" if many else ""
        row = {
            "where": self.where,
            "patches": f"{self.comparison.n:,}",
            f"{'macro ' if many else ''}AUROC": "not defined" if auroc is None else str(auroc),
            "accuracy": str(self.rates.accuracy),
            "balanced accuracy": str(self.rates.balanced_accuracy),
        }
        if many:
            row |= {f"AUROC{of}": "not defined" if result.auroc is None else str(result.auroc)}
        return row | {
            f"sensitivity{of}": str(result.metrics.sensitivity),
            f"specificity{of}": str(result.metrics.specificity),
            "intervals from": self.comparison.basis_of_all,
        }


@dataclass(frozen=True, eq=False)
class ExternalValidation:
    """The scores of a run on other data and on its own test set; ``own`` is None without predictions of that set."""

    here: Scored
    own: Scored | None


def validate(
    found: PredictionSet,
    run: Run,
    workspace: Workspace,
    split_set: str = "test",
    calibration: KeptCalibration | None = None,
) -> ExternalValidation:
    """Score the labelled patches of one set, and the run's own test set.

    Args:
        found: predictions of ``run``.
        run: the run.
        workspace: the workspace that holds it.
        split_set: the set of ``found`` to score; all patches are "test" where they were not split.
        calibration: what changes all probabilities before they are scored; None leaves them as the run gave them.

    Raises:
        ComparisonError: no patch of the set has a label.
        CorruptDataError: a table breaks its contract.
    """
    division = found.facts.get("division", "")  # predictions of older versions lack it
    divided = f" ({division})" if division else ""
    where = f"these data, {split_set}{divided}" if divided or found.facts["parts"] != [split_set] else "these data"
    mine = RunPredictions(
        found.id,
        f"{run.name or run.run_id} on {where}",
        _calibrated(found.table(), calibration),
        str(found.facts["split"]),
        tuple(found.facts["classes"]),
        str(found.facts["positive"]),
    )
    return ExternalValidation(_scored(mine, split_set, where), _own(run, workspace, calibration))


def _calibrated(table: pd.DataFrame, calibration: KeptCalibration | None) -> pd.DataFrame:
    return table if calibration is None else calibration.table(table)


def _own(run: Run, workspace: Workspace, calibration: KeptCalibration | None) -> Scored | None:
    try:
        own = load(run, workspace)
        return _scored(replace(own, table=_calibrated(own.table, calibration)), "test", OWN)
    except ComparisonError:
        return None


def _scored(predictions: RunPredictions, split_set: str, where: str) -> Scored:
    joined = join([predictions], split_set)
    return Scored(where, compare(joined), _rates(joined))


def _rates(joined: Joined) -> ClassRates:
    predicted = np.asarray(joined.probabilities[0]).argmax(axis=1)
    return class_rates(joined.y_true, predicted, len(joined.classes), joined.groups)
