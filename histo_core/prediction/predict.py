"""Apply a finished run to other data, or to other sets of its own data, and store the predictions."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from histo_core.config import DataConfig, PredictConfig, SplitConfig
from histo_core.data.class_mapping import mapping_for
from histo_core.data.dataset import UNLABELLED, Dataset
from histo_core.data.label_mapping import under_classes
from histo_core.data.opening import open_dataset
from histo_core.data.predictions import build_predictions, write_predictions
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.split import Split, fingerprint
from histo_core.errors import DataError, RunError
from histo_core.files import new_folder, sha256, write_json
from histo_core.models.inference.predictor import Predictor
from histo_core.models.weights.manifest import read_manifest
from histo_core.prediction.preflight import (
    Check,
    classes_check,
    fit_checks,
    held_out_check,
    seen_check,
    shared_check,
    trained_on,
    training_digests,
)
from histo_core.prediction.remap import predicted_before
from histo_core.prediction.resume import predict_chunks
from histo_core.prediction.seen_samples import count_seen, division_in_words, own_split
from histo_core.prediction.stored import (
    FACTS,
    TABLE,
    PredictionSet,
    asked,
    get_predictions,
    home,
    list_predictions,
)
from histo_core.progress import Progress, silent
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.test_set_access import fingerprint_of, kept_back_by, record_score, scored_before
from histo_core.workspace import Workspace

__all__ = ["PredictionSet", "get_predictions", "list_predictions", "predict_with"]

SCHEMA = 1
_PLAIN = PredictConfig()


def predict_with(
    run_id: str,
    data: DataConfig,
    workspace: Workspace,
    *,
    split: SplitConfig | None = None,
    predict: PredictConfig = _PLAIN,
    classes: Mapping[str, str] | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> PredictionSet:
    """Apply a finished run to a data set; existing predictions are only read.

    Resolution, stain and shared patches are compared with the run's training data, and the result holds the outcome.
    A stop keeps the predictions made so far, and the same call continues from there.

    Args:
        run_id: a run that has succeeded.
        data: the data set, labelled or not.
        workspace: holds the run and the predictions.
        split: predict the sets ``predict.parts`` of this split (for the run's own data use ``run.config.split``); None
            predicts all patches, as the set "test".
        predict: the test-time augmentation, and the sets.
        classes: for classes of the data, the matching class of the run, or "" for none. The others are matched by
            name, case, spelling and declared synonyms (`histo_core.data.class_mapping`). With another mapping of data
            that are predicted already, only the labels are read anew.
        device: as `histo_core.models.device.resolve_device`.
        progress: called with (patches done, patches in total), first while opening, then while predicting.

    Raises:
        RunError: the run is unknown or has not succeeded.
        CheckpointError: its weights are damaged.
        ConfigError: a class of the data with labelled patches matches none of the run's, or the device or data set is
            not available.
        DataError, AccessError: the data cannot be used, or the sets hold no patch.
        CancelledError: ``progress`` raised it.

    Example:
        >>> from histo_core.config import DataConfig
        >>> from histo_core.examples import finished_run
        >>> from histo_core.prediction.predict import predict_with
        >>> other = DataConfig(dataset="phantom", options={"patches": 40, "patients": 4, "seed": 1})
        >>> with finished_run() as (run, workspace):
        ...     made = predict_with(run.run_id, other, workspace, device="cpu")
        ...     n = len(made.table())
        >>> n, made.labelled
        (40, 40)
    """
    run = finished_run(run_id, workspace)
    predictor = Predictor.from_run(workspace.run_folder(run_id), device)
    source = open_dataset(data, workspace, progress)
    trained_data, meant = run.config.data.dataset, dict(classes or {})
    proposed = mapping_for(source, predictor.classes, trained_data).changed(meant).plain or {}
    dataset = under_classes(source, predictor.classes, predictor.positive, proposed | meant)
    division = make_split(source, split, workspace) if split is not None else undivided(source)
    split_sets = predict.parts if split is not None else ("test",)
    rows = np.concatenate([division.indices(split_set) for split_set in split_sets])
    if not len(rows):
        raise DataError(
            f"No patch is in {', '.join(split_sets)}.",
            "At least one is needed.",
            "Choose another set or another split.",
        )
    settings = {
        "run_id": run_id,
        "weights": _weights(run, workspace),
        "asked": asked(data, split, predict, proposed),
        "state": source.state,
        "split": division.fingerprint,
        "parts": list(split_sets),
    }
    name = hashlib.sha256(json.dumps(settings, sort_keys=True, allow_nan=False).encode()).hexdigest()[:16]
    folder = home(workspace) / name
    if not folder.is_dir():
        own = own_split(run, source, workspace)
        work = folder.with_name(f".{name}.work")
        kept = predicted_before(settings, dataset.table["sample_id"].to_numpy()[rows], workspace)
        if kept is not None:
            predicted, checks = kept.predicted, kept.checks
        else:
            trained = trained_on(run, workspace)
            checks = fit_checks(trained, dataset, rows, predictor.preprocess)
            chunk = predict_chunks(predictor, dataset, rows, predict, work, progress)
            predicted = chunk.predicted
            if own is None:
                shared = shared_check(training_digests(trained, progress), chunk.digests)
            else:
                shared = seen_check(count_seen(own, rows), len(rows))
            checks = (*checks, shared)
        if own is not None and (own.split_sets[rows] == "test").any():
            checks = (*checks, _looked_at(run, fingerprint_of(source, own), name, workspace))
        mapping = mapping_for(source, predictor.classes, trained_data, rows).changed(meant)
        checks = (*checks, *classes_check(mapping))
        table = build_predictions(dataset, division, rows, predicted.probabilities, predicted.scores)
        facts = settings | _facts(run, dataset, division, rows, predictor)
        facts["mapping"] = [asdict(match) for match in mapping.matches]
        facts["division"] = division_in_words(division, split, own)
        facts["checks"] = [asdict(check) for check in checks]
        facts["warnings"] = [check.sentence for check in checks if check.verdict == "differs"]
        with new_folder(folder) as made:
            write_predictions(table, made / TABLE)
            write_json(made / FACTS, facts | {"sha256": sha256(made / TABLE)})
        shutil.rmtree(work, ignore_errors=True)
    return get_predictions(name, workspace)


def finished_run(run_id: str, workspace: Workspace) -> Run:
    """Return a run that has succeeded.

    Raises:
        RunError: the run is unknown or has not succeeded.
    """
    run = Store.open(workspace).get(run_id)
    if run.status is not RunStatus.SUCCEEDED:
        raise RunError(
            f"Run {run_id} is {run.status}.", "Only runs that succeeded predict.", "Wait for it, or resume it."
        )
    return run


def undivided(dataset: Dataset) -> Split:
    """Return a split that puts all patches, labelled or not, into the set "test"."""
    split_sets = np.full(len(dataset), "test", dtype=object)
    ids, labels = dataset.table["sample_id"].tolist(), dataset.table["label"].tolist()
    return Split(split_sets, "undivided", fingerprint(ids, labels, split_sets.tolist()), "All patches are predicted.")


def _facts(run: Run, dataset: Dataset, split: Split, rows: np.ndarray, predictor: Predictor) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "run_name": run.name or run.config.model.name,
        "samples": len(rows),
        "labelled": int((dataset.table["label"].to_numpy()[rows] != UNLABELLED).sum()),
        "classes": list(predictor.classes),
        "positive": predictor.positive,
        "split_note": split.note,
        "device": str(predictor.device),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _looked_at(run: Run, test_set: str, name: str, workspace: Workspace) -> Check:
    """Record that these predictions score the run's own test set, and report how often it was scored before."""
    database = Store.open(workspace).database
    with database.write() as connection:
        record_score(connection, test_set, name, workspace)
    return held_out_check(scored_before(database, test_set, name), kept_back_by(run, database))


def _weights(run: Run, workspace: Workspace) -> str:
    """Return the SHA-256 of the weights that predict."""
    manifest = read_manifest(workspace.run_folder(run.run_id) / "checkpoint")
    return manifest.best.sha256 if manifest is not None and manifest.best is not None else ""
