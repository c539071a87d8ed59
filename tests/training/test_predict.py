from __future__ import annotations

import numpy as np
import pytest
import torch

from histo_core.config import ModelConfig, PredictConfig, PreprocessConfig
from histo_core.data.predictions import check_predictions
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import CheckpointError, CorruptDataError
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import build_model
from histo_core.training.predict import predict_sets


@pytest.fixture
def predictor() -> Predictor:
    torch.manual_seed(0)
    config = ModelConfig(name="cnn_narrow")
    model = build_model(config, 2, (16, 16))
    return Predictor(model, Preprocess(PreprocessConfig(crop=16)), ("normal", "tumour"), "tumour", config)


def test_table_keeps_the_contract(predictor, dots, split) -> None:
    told: list[tuple[int, int]] = []
    table = predict_sets(predictor, dots, split, batch_size=5, on_batch=lambda *step: told.append(step))
    check_predictions(table)
    assert told == [(number, 5) for number in range(1, 6)]
    assert table["split"].tolist() == ["valid"] * 14 + ["test"] * 9
    rows = np.arange(37, 60)
    assert table["sample_id"].tolist() == dots.table["sample_id"].iloc[rows].tolist()
    probabilities = table[["prob_normal", "prob_tumour"]].to_numpy()
    np.testing.assert_allclose(probabilities, predictor.probabilities(dots.read(rows)), rtol=1e-5)
    scores = torch.from_numpy(table[["score_normal", "score_tumour"]].to_numpy(copy=True))
    np.testing.assert_allclose(scores.softmax(dim=1).numpy(), probabilities, rtol=1e-6)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)


def test_parts_as_asked(predictor, dots, split) -> None:
    assert predict_sets(predictor, dots, split, ("train",))["split"].unique().tolist() == ["train"]


def test_other_classes_are_refused(predictor, dots, split) -> None:
    predictor.classes = ("benign", "malignant")
    with pytest.raises(CheckpointError, match=r"classes benign, malignant.*normal, tumour"):
        predict_sets(predictor, dots, split)


def test_views_are_combined_as_asked(predictor, dots, split) -> None:
    table = predict_sets(predictor, dots, split, ("test",), predict=PredictConfig(tta="symmetries"), batch_size=4)
    rows = split.indices("test")
    expected = predictor.predict(dots.read(rows), PredictConfig(tta="symmetries"))
    np.testing.assert_allclose(table[["prob_normal", "prob_tumour"]], expected.probabilities, rtol=1e-6)
    voted = predict_sets(
        predictor, dots, split, ("test",), predict=PredictConfig(tta="symmetries", combine="vote"), batch_size=4
    )
    assert not any(column.startswith("score_") for column in voted)
    assert set((voted["prob_tumour"] * 8) % 1) == {0.0}


def test_a_patch_that_cannot_be_read_ends_it(predictor, dots, split, monkeypatch) -> None:
    def broken(indices):
        raise CorruptDataError("s41 is empty.")

    monkeypatch.setattr(dots, "read_source", broken)
    with pytest.raises(CorruptDataError, match="s41"):
        predict_sets(predictor, dots, split)
