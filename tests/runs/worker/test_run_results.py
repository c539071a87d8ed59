"""What a run's row says at its end: scores with intervals, and losses for a sparkline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from histo_core.data.predictions import write_predictions
from histo_core.evaluation.pooled_predictions import pooled_intervals
from histo_core.files import write_json
from histo_core.runs.store.records import SPARKLINE_VALUES, Estimate, RunProgress
from histo_core.runs.worker.results import run_results


def _folder(folder: Path, *, parts: tuple[str, ...] = ("valid", "test")) -> pd.DataFrame:
    random = np.random.default_rng(0)
    frames = []
    for part in parts:
        label = random.integers(0, 2, 60)
        score = np.clip(0.5 + 0.2 * (label - 0.5) + random.normal(0, 0.2, 60), 0, 1)
        frames.append(
            pd.DataFrame(
                {
                    "sample_id": [f"{part}{i}" for i in range(60)],
                    "patient_id": pd.Series([f"{part}{i % 12}" for i in range(60)], dtype="str"),
                    "slide_id": pd.Series([None] * 60, dtype="str"),
                    "split": part,
                    "fold": pd.array([None] * 60, dtype="Int64"),
                    "y_true": np.array(["normal", "tumour"])[label],
                    "y_pred": np.array(["normal", "tumour"])[(score > 0.5).astype(int)],
                    "prob_normal": 1 - score,
                    "prob_tumour": score,
                }
            )
        )
    table = pd.concat(frames, ignore_index=True)
    write_predictions(table, folder / "predictions.parquet")
    write_json(folder / "manifest.json", {"positive": "tumour"})
    return table


def test_scores_are_those_of_each_set_with_intervals_by_patient(tmp_path: Path) -> None:
    table = _folder(tmp_path)
    found = run_results(tmp_path)
    assert found is not None
    for part, results in (("valid", found.valid), ("test", found.test)):
        rows = table.loc[table["split"] == part]
        y_true = (rows["y_true"] == "tumour").to_numpy(np.int64)
        expected = pooled_intervals(
            y_true, rows[["prob_normal", "prob_tumour"]].to_numpy(), 1, rows["patient_id"].to_numpy(dtype=object)
        )
        assert results is not None
        assert (results.n, results.groups) == (60, 12)
        for name in ("auroc", "accuracy", "loss"):
            one = expected[name]
            assert getattr(results, name) == Estimate(one.value, one.low, one.high), name


def test_a_set_without_predictions_has_no_scores(tmp_path: Path) -> None:
    _folder(tmp_path, parts=("valid",))
    found = run_results(tmp_path)
    assert found is not None
    assert found.test is None
    assert found.valid is not None


def test_predictions_that_cannot_be_read_cost_no_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert run_results(tmp_path) is None
    assert "its predictions cannot be scored" in caplog.text


def test_losses_are_kept_evenly_and_an_epoch_trained_again_replaces_its_loss() -> None:
    progress = RunProgress("training")
    for epoch in range(3 * SPARKLINE_VALUES):
        progress = progress.with_loss(epoch, float(epoch))
    assert len(progress.losses) <= SPARKLINE_VALUES
    assert progress.losses == tuple(float(epoch) for epoch in range(0, 3 * SPARKLINE_VALUES, progress.losses_every))
    short = RunProgress("training").with_loss(0, 0.9).with_loss(1, 0.8).with_loss(1, 0.7)
    assert short.losses == (0.9, 0.7)
