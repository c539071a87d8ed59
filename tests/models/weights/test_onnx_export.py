"""Networks as ONNX files, run by onnxruntime."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from histo_core.config import ModelConfig, PreprocessConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import CheckpointError
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import MODELS, build_network
from histo_core.models.weights import onnx_export
from histo_core.models.weights.onnx_export import export_onnx

QUICK = ("gcnn_p4", "squeezenet1_1")


def predictor_of(name: str, output: str = "softmax") -> Predictor:
    """A network whose statistics are not the initial ones."""
    torch.manual_seed(0)
    side = max(64, MODELS[name].smallest_input)
    config = ModelConfig(name=name, output=output)
    network = build_network(config, 2, (side, side)).train()
    with torch.no_grad():
        network(torch.rand(2, 3, side, side) * 3 - 1)
    preprocess = Preprocess(PreprocessConfig(crop=side))
    return Predictor(network, preprocess, ("normal", "tumour"), "tumour", config, input_size=(side, side))


def _equal(name: str, path: Path) -> None:
    predictor = predictor_of(name, "sigmoids")
    written = export_onnx(predictor, path, licence="CC0")
    assert written.relative <= 1e-4
    assert written.size == path.stat().st_size
    assert predictor.input_size is not None
    session = onnxruntime.InferenceSession(path)
    images = np.random.default_rng(0).integers(0, 256, (5, *predictor.input_size, 3), np.uint8)
    logits, probabilities = session.run(None, {"images": predictor.preprocess(images).numpy()})
    expected = predictor.predict(images)
    np.testing.assert_allclose(logits, expected.scores, rtol=1e-3, atol=1e-4 * np.abs(expected.scores).max())
    np.testing.assert_allclose(probabilities, expected.probabilities, atol=1e-4)


@pytest.mark.parametrize("name", QUICK)
def test_the_file_gives_what_the_predictor_gives(name: str, tmp_path: Path) -> None:
    _equal(name, tmp_path / "network.onnx")
    facts = {entry.key: entry.value for entry in onnx.load(tmp_path / "network.onnx").metadata_props}
    assert json.loads(facts["classes"]) == ["normal", "tumour"]
    assert (facts["positive"], facts["model"], facts["licence"]) == ("tumour", name, "CC0")
    assert json.loads(facts["crop"]) == 64
    assert json.loads(facts["mean"]) == [0.485, 0.456, 0.406]
    assert "Not a medical device" in facts["note"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in MODELS if name not in QUICK])
def test_every_other_network_too(name: str, tmp_path: Path) -> None:
    _equal(name, tmp_path / "network.onnx")


def test_a_file_that_differs_gets_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_export, "_graph", lambda *_: b"")
    for found, message in (
        ((0.01, 1.0, 0.0), r"differs from the network by 0\.01"),
        ((float("nan"), 1.0, 0.0), "differs"),
        ((0.0, 1e6, 2e-5), "what its logits mean by 2e-05"),
        ((0.0, 1.0, float("nan")), "differs"),
    ):
        monkeypatch.setattr(onnx_export, "_differences", lambda *_, found=found: found)
        with pytest.raises(CheckpointError, match=message):
            export_onnx(predictor_of("cnn_narrow"), tmp_path / "network.onnx")
    assert not list(tmp_path.iterdir())


def test_a_network_that_cannot_be_exported_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise NotImplementedError("no such operator\nand a long trace")

    monkeypatch.setattr(torch.onnx, "export", fail)
    with pytest.raises(CheckpointError, match=r"written as ONNX: NotImplementedError: no such operator\."):
        export_onnx(predictor_of("cnn_narrow"), tmp_path / "network.onnx")
    assert not list(tmp_path.iterdir())


def test_the_input_size_must_be_known(tmp_path: Path) -> None:
    predictor = predictor_of("cnn_narrow")
    predictor.input_size = None
    with pytest.raises(CheckpointError, match="input is not known"):
        export_onnx(predictor, tmp_path / "network.onnx")
