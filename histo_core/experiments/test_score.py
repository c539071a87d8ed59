"""Score the test set once, for the member that was chosen without it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from histo_core.access import LOCAL, User, authorise
from histo_core.comparison.join import RunPredictions
from histo_core.data.predictions import write_predictions
from histo_core.errors import CorruptDataError, RunError
from histo_core.evaluation.intervals import Interval
from histo_core.evaluation.pooled_predictions import pooled_intervals
from histo_core.experiments.records import Experiment
from histo_core.experiments.results import Summary, summary
from histo_core.experiments.scores import pool
from histo_core.experiments.table import ExperimentTable
from histo_core.files import read_json, write_json
from histo_core.progress import Progress, silent
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.runs.store.test_set_access import fingerprint_of, record_score, scored_before
from histo_core.workspace import Workspace


@dataclass(frozen=True)
class TestScore:
    """The score of the chosen member on the test set.

    Attributes:
        run_id: the member's run.
        n, n_groups: number of patches, and of patients or slides (0 where neither is known).
        metrics: each metric of `class_scores` with its interval.
        scored_before: how often this test set had been scored for other runs, experiments or predictions.
        predictions: the file, in the format of a run's ``predictions.parquet``.
        basis: patches and patients of each class, in words; empty in scores that an older version kept.
    """

    __test__ = False  # pytest would take it for a test by its name

    run_id: str
    n: int
    n_groups: int
    metrics: Mapping[str, Interval]
    predictions: Path
    scored_before: int = 0
    basis: str = ""


def score_test(
    experiment_id: str, workspace: Workspace, *, user: User = LOCAL, progress: Progress = silent
) -> TestScore:
    """Apply the chosen member's weights to the test set. Nothing is trained, and nothing can be chosen afterwards.

    The first call fixes the member once and for all. Each later call returns the kept result, or computes the same one
    where the first call was interrupted. The workspace records that the set was scored, and other experiments report
    how often.

    Raises:
        PermissionDeniedError: the user may not apply runs.
        RunError: no such experiment; its members have test sets of their own; some still train, or none has finished;
            or the chosen one was deleted.
        CorruptDataError: the kept score is damaged, or the data set is not the one the member was trained on.
    """
    authorise(user, "run.predict", experiment_id)
    table = ExperimentTable(workspace)
    experiment = table.get(experiment_id)
    if (kept := kept_score(experiment_id, workspace)) is not None:
        return kept
    run_id = experiment.final_run_id or table.touch_test(experiment_id, _chosen(experiment, workspace))
    found = _scored(experiment_id, Store.open(workspace).get(run_id), workspace, progress)
    write_json(workspace.test_score(experiment_id), {**asdict(found), "predictions": found.predictions.name})
    return found


def looked_at_before(experiment: Experiment, workspace: Workspace) -> int:
    """Return how often an experiment's held-out test set was scored for others, as far as that is known."""
    store, runs = Store.open(workspace), ExperimentTable(workspace).runs(experiment).values()
    known = next((run.test_fingerprint for run in runs if run.test_fingerprint), "")
    return scored_before(store.database, known, experiment.experiment_id) if known else 0


def kept_score(experiment_id: str, workspace: Workspace) -> TestScore | None:
    """Read the kept score of the test set; None where it was not scored yet.

    Raises:
        CorruptDataError: the file is damaged.
    """
    file = workspace.test_score(experiment_id)
    try:
        values: dict[str, Any] = read_json(file)
        metrics = {name: _interval(interval) for name, interval in values["metrics"].items()}
        return TestScore(**{**values, "metrics": metrics, "predictions": file.with_name(values["predictions"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptDataError(
            f"The kept score {file} cannot be read: {error}.",
            "What `experiments test` wrote is expected.",
            "Delete the file and score the test set again; it gives the same numbers.",
        ) from None


def _interval(values: Mapping[str, Any]) -> Interval:
    """Return an interval from JSON, where null stands for undefined values."""
    numbers: dict[str, Any] = {name: math.nan if value is None else value for name, value in values.items()}
    return Interval(**numbers)


def why_not(found: Summary) -> str:
    """Return why the test set cannot be scored now, in a sentence; empty when it can."""
    experiment = found.experiment
    if not experiment.keeps_test_back:
        return "Each run has a test set of its own, and it is in the table."
    if found.active:
        return f"{found.active} of its runs wait or train, so nothing can be chosen yet."
    if len(found.members) < found.expected and experiment.cancelled_at is None:
        return "The sweep has more trials to start, so nothing can be chosen yet."
    return "" if found.best is not None else "None of its runs has finished, so there is nothing to choose."


def _chosen(experiment: Experiment, workspace: Workspace) -> str:
    found = summary(experiment, workspace)
    reason = why_not(found)
    if reason or found.best is None:
        raise RunError(
            f"The test set of experiment {experiment.experiment_id} cannot be scored.",
            reason,
            "Wait until all runs have ended, or cancel the experiment to choose among those that have.",
        )
    return experiment.members[found.best].run_id


def _scored(experiment_id: str, run: Run, workspace: Workspace, progress: Progress) -> TestScore:
    # Imported here, because PyTorch takes seconds to load, and reading a kept score does not need it.
    from histo_core.models.inference.predictor import Predictor
    from histo_core.runs.worker.run_data import check_unchanged, open_data
    from histo_core.training.predict import predict_sets

    dataset, split, workspace = open_data(run.config, workspace)
    check_unchanged(run, dataset, split)
    database, test_set = Store.open(workspace).database, fingerprint_of(dataset, split)
    with database.write() as connection:
        record_score(connection, test_set, experiment_id, workspace)
    predictor = Predictor.from_run(workspace.run_folder(run.run_id), run.device)
    table = predict_sets(predictor, dataset, split, ("test",), predict=run.config.predict, on_batch=progress)
    file = workspace.experiment_folder(experiment_id) / "predictions.parquet"
    write_predictions(table, file)
    predictions = RunPredictions(run.run_id, run.name, table, split.fingerprint, dataset.classes, dataset.positive)
    held_out = pool(predictions, "test")
    if held_out is None:
        raise CorruptDataError(
            "The test set holds no labelled patch.", "At least one is needed.", "Use a split with a test set."
        )
    return TestScore(
        run_id=run.run_id,
        n=len(held_out.y_true),
        n_groups=0 if held_out.groups is None else len(set(held_out.groups)),
        metrics=pooled_intervals(held_out.y_true, held_out.probabilities, held_out.positive, held_out.groups),
        predictions=file,
        scored_before=scored_before(database, test_set, experiment_id),
        basis=held_out.basis,
    )
