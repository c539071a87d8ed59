"""What a run would have left behind, without any training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from histo_core.data.opening import open_dataset
from histo_core.data.predictions import build_predictions, write_predictions
from histo_core.data.splits.make_split import make_split
from histo_core.files import append_line, sha256, write_json
from histo_core.runs.store.records import Run
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.training.events import EpochDone, Started, to_json
from histo_core.workspace import Workspace

ME = ProcessIdentity.current()
TRAINED = 50
"""Samples that each run says it was trained on."""

End = Callable[..., Run]


def write_events(run: Run, workspace: Workspace, aurocs: Sequence[float]) -> None:
    """What a run of one epoch a value would have said so far."""
    folder = workspace.run_folder(run.run_id)
    started = Started(0, 0, len(aurocs), 4, train_samples=TRAINED, valid_samples=10, device="cpu", threads=1)
    append_line(folder / "events.jsonl", to_json(started))
    for epoch, auroc in enumerate(aurocs):
        append_line(folder / "events.jsonl", to_json(EpochDone(epoch, 0.6, 1 - auroc, 0.5, auroc, 1.0, best=True)))


def predict(run: Run, workspace: Workspace, skill: float) -> None:
    dataset = open_dataset(run.config.data, workspace)
    split = make_split(dataset, run.config.split, workspace)
    rows = np.concatenate([split.indices(split_set) for split_set in run.config.predict.parts])
    labels = dataset.table["label"].to_numpy(np.int64)[rows]
    drawn = np.random.default_rng(run.config.seed).normal(skill * (2 * labels - 1), 1.0)
    chance = 1 / (1 + np.exp(-drawn))
    table = build_predictions(dataset, split, rows, np.stack([1 - chance, chance], axis=1))
    folder = workspace.run_folder(run.run_id)
    write_predictions(table, folder / "predictions.parquet")
    write_json(
        folder / "manifest.json",
        {
            "config_hash": run.config_hash,
            "split_fingerprint": split.fingerprint,
            "positive": dataset.positive,
            "files": {"predictions.parquet": sha256(folder / "predictions.parquet")},
        },
    )
