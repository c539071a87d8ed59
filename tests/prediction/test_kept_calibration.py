"""A calibration is kept with its run, read back as it was, and never applied to another training of the run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from histo_core.errors import CorruptDataError
from histo_core.prediction.image_answer import ImageAnswer
from histo_core.prediction.kept_calibration import (
    KeptCalibration,
    kept_calibration,
    remove_calibration,
    write_calibration,
)
from histo_core.prediction.recalibration import METHODS, CalibrationMethod, Recalibration, fit_recalibration
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace

CLASSES = ("normal", "tumour")
RUN = cast(Run, SimpleNamespace(run_id="a-1", name="A", ended_at=datetime(2026, 11, 30, tzinfo=UTC)))
P = np.array([[0.9, 0.1], [0.4, 0.6], [0.01, 0.99]])


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = Workspace(tmp_path)
    found.run_folder(RUN.run_id).mkdir(parents=True)
    return found


def fitted(method: CalibrationMethod) -> Recalibration:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    p = np.clip(0.5 + 0.3 * (y - 0.5) + rng.normal(0, 0.3, 400), 0.01, 0.99)
    return fit_recalibration(y, np.stack([1 - p, p], axis=1), method)


def keep(workspace: Workspace, method: CalibrationMethod) -> KeptCalibration:
    return write_calibration(RUN, fitted(method), CLASSES, workspace, samples=400, groups=7, group_kind="patient")


@pytest.mark.parametrize("method", METHODS)
def test_it_is_read_as_it_was_kept(workspace: Workspace, method: CalibrationMethod) -> None:
    made = keep(workspace, method)
    found = kept_calibration(RUN, workspace)
    assert found == made
    assert found is not None
    assert np.array_equal(found.probabilities(P), fitted(method)(P))
    remove_calibration(RUN.run_id, workspace)
    assert kept_calibration(RUN, workspace) is None
    remove_calibration(RUN.run_id, workspace)


def test_a_table_gets_calibrated_probabilities_and_the_class_that_they_call() -> None:
    half = KeptCalibration(Recalibration("platt", ((-1.0,), (1.0,))), CLASSES, 4, 0, "", "")
    table = pd.DataFrame({"sample_id": ["a", "b"], "y_pred": "tumour", "prob_normal": 0.4, "prob_tumour": 0.6})
    found = half.table(table)
    odds = 0.6 / 0.4 / np.e
    assert found["prob_tumour"].tolist() == pytest.approx([odds / (1 + odds)] * 2)
    assert found["y_pred"].tolist() == ["normal", "normal"]
    assert table["y_pred"].tolist() == ["tumour", "tumour"], "the stored table stays"
    assert half.words == "calibrated by Platt scaling on validation"


def test_one_of_a_former_training_is_not_applied(workspace: Workspace) -> None:
    keep(workspace, "temperature")
    again = cast(Run, SimpleNamespace(run_id="a-1", name="A", ended_at=datetime(2026, 12, 1, tzinfo=UTC)))
    assert kept_calibration(again, workspace) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("method", "sigmoid"), ("parameters", [[0.0]]), ("parameters", [[1.0], [2.0]]), ("parameters", [["x"]]),
     ("parameters", []), ("classes", None), ("samples", "many")],
)  # fmt: skip
def test_a_damaged_file_is_named_and_can_be_removed(workspace: Workspace, name: str, value: Any) -> None:
    import json

    keep(workspace, "temperature")
    file = workspace.run_folder(RUN.run_id) / "calibration.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {name: value}))
    with pytest.raises(CorruptDataError, match="cannot be read"):
        kept_calibration(RUN, workspace)
    remove_calibration(RUN.run_id, workspace)
    assert kept_calibration(RUN, workspace) is None


def test_a_temperature_divides_the_logits() -> None:
    found = Recalibration("temperature", ((2.0,),))(P)
    assert found == pytest.approx(softmax(np.log(P) / 2, axis=1))


def test_an_image_is_answered_with_calibrated_probabilities_and_a_note() -> None:
    given = ImageAnswer((8, 8), (8, 8), np.zeros((1, 2), np.int64), CLASSES, P[:1], (), ((),), ("Pixel size.",))
    assert given.calibrated(None) is given
    kept = KeptCalibration(Recalibration("temperature", ((2.0,),)), CLASSES, 4, 0, "", "")
    found = given.calibrated(kept)
    assert found.sentence == "The model says normal (75%)."
    assert found.notes == ("Pixel size.", "Its probabilities are calibrated by temperature scaling on validation.")
