from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from histo_core.config import ModelConfig, PredictConfig, PreprocessConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import CheckpointError, ConfigError
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import build_network
from histo_core.models.weights.header import WeightsHeader, save_weights
from histo_core.models.weights.manifest import BestEntry, LastEntry, Manifest, write_manifest
from histo_core.models.weights.tensorfile import write_tensors

CONFIG = ModelConfig(name="cnn_rnn")
PREPROCESS = PreprocessConfig(crop=32)
HEADER = WeightsHeader(
    model=CONFIG, preprocess=PREPROCESS, input_size=(32, 32), classes=("normal", "tumour"), positive="tumour"
)


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    return build_network(CONFIG, 2, (32, 32))


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (7, 96, 96, 3), dtype=np.uint8)


@pytest.fixture
def run(tmp_path, model):
    """A run's folder with one finished epoch."""
    checkpoint = tmp_path / "run" / "checkpoint"
    digest = save_weights(checkpoint / "best.a.safetensors", model, HEADER)
    last = LastEntry(file="last.a.safetensors", sha256="0" * 64, epoch=1, batch=0)
    best = BestEntry(file="best.a.safetensors", sha256=digest, epoch=0, valid_loss=0.5)
    write_manifest(checkpoint, Manifest(last=last, best=best))
    return tmp_path / "run"


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_probabilities_are_the_models_softmax(model, images, batch_size: int) -> None:
    predictor = Predictor(model.train(), Preprocess(PREPROCESS), ("normal", "tumour"), "tumour", CONFIG)
    probabilities = predictor.probabilities(images, batch_size)
    # By hand: centre 32 x 32, scaled to [0, 1], normalised by ImageNet's mean and SD.
    pixels = torch.from_numpy(images[:, 32:64, 32:64]).permute(0, 3, 1, 2).double() / 255
    mean, std = (torch.tensor(values).double().view(1, 3, 1, 1) for values in (PREPROCESS.mean, PREPROCESS.std))
    with torch.no_grad():
        expected = model.eval()(((pixels - mean) / std).float()).softmax(dim=1).numpy()
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_images_may_differ_in_size_where_the_crop_makes_them_equal(model, images) -> None:
    predictor = Predictor(model, Preprocess(PREPROCESS), ("normal", "tumour"), "tumour", CONFIG)
    mixed = [images[0], images[1][8:-8, 8:-8]]
    np.testing.assert_allclose(predictor.probabilities(mixed), predictor.probabilities(images[:2]), atol=1e-6)


def small_memory(predictor: Predictor, fits: int) -> list[int]:
    """Let a batch of more patches run out of memory; the sizes that were tried."""
    network, tried = predictor._engine, []

    def engine(pixels: torch.Tensor) -> torch.Tensor:
        tried.append(len(pixels))
        if len(pixels) > fits:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return network(pixels)

    predictor.__dict__["_engine"] = engine
    return tried


@pytest.mark.parametrize("tta", ["none", "flips"])
def test_what_memory_does_not_hold_is_predicted_in_halves(model, images, tta) -> None:
    predictor = Predictor(model, Preprocess(PREPROCESS), ("normal", "tumour"), "tumour", CONFIG)
    expected = predictor.predict(images, PredictConfig(tta=tta))
    tried = small_memory(predictor, fits=2)
    found = predictor.predict(images, PredictConfig(tta=tta))
    np.testing.assert_allclose(found.probabilities, expected.probabilities, rtol=1e-6)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-6)
    assert tried[:3] == [7, 4, 2]


def test_a_patch_that_memory_does_not_hold_is_refused(model, images) -> None:
    predictor = Predictor(model, Preprocess(PREPROCESS), ("normal", "tumour"), "tumour", CONFIG)
    small_memory(predictor, fits=0)
    with pytest.raises(ConfigError, match=r"cnn_rnn predicted a single patch.*Choose a device with more memory"):
        predictor.predict(images)


def test_no_images_no_rows(model) -> None:
    predictor = Predictor(model, Preprocess(PREPROCESS), ("normal", "tumour"), "tumour", CONFIG)
    assert predictor.probabilities([]).shape == (0, 2)


def test_a_run_rebuilds_its_predictor(run, model, images) -> None:
    predictor = Predictor.from_run(run, "cpu")
    expected = Predictor(model, Preprocess(PREPROCESS), ("normal", "tumour"), "tumour", CONFIG)
    assert (predictor.classes, predictor.positive, predictor.name) == (("normal", "tumour"), "tumour", "cnn_rnn")
    assert predictor.preprocess.config == PREPROCESS
    assert not predictor.model.training
    assert torch.equal(predictor.logits(images), expected.logits(images))


def test_a_gradient_can_still_be_taken(run, images) -> None:
    predictor = Predictor.from_run(run, "cpu")
    predictor.logits(images)
    predictor.model(predictor.preprocess(images[:1]))[0, 1].backward()
    assert predictor.model.stack[10].weight.grad is not None


def test_changed_weights_are_refused(run) -> None:
    file = run / "checkpoint" / "best.a.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged"):
        Predictor.from_run(run, "cpu")


def test_a_run_without_a_finished_epoch(tmp_path) -> None:
    with pytest.raises(CheckpointError, match="no finished epoch yet"):
        Predictor.from_run(tmp_path, "cpu")


def test_tensors_that_do_not_fit_what_the_header_names(tmp_path, model) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(path, model, HEADER.model_copy(update={"model": ModelConfig(name="resnet18")}))
    with pytest.raises(CheckpointError, match="does not fit ResNet"):
        Predictor.load(path, "cpu")


def test_a_model_of_another_version(tmp_path, model) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(path, model, HEADER.model_copy(update={"model": ModelConfig(name="resnet999")}))
    with pytest.raises(ConfigError, match="Unknown model 'resnet999'"):
        Predictor.load(path, "cpu")


def test_a_training_state_is_no_predictor(tmp_path, model) -> None:
    path = tmp_path / "last.safetensors"
    write_tensors(path, model.state_dict(), {"position": {}})
    with pytest.raises(CheckpointError, match=r"does not say what it is.*best\.\*\.safetensors"):
        Predictor.load(path, "cpu")


def test_only_samples_that_a_person_waits_for_may_be_less_exact(model, images, monkeypatch) -> None:
    monkeypatch.setattr("histo_core.models.inference.predictor.interactive_dtype", lambda device: torch.bfloat16)
    predictor = Predictor(model, Preprocess(PREPROCESS), ("normal", "tumour"), "tumour", CONFIG)
    exact = predictor.probabilities(images)
    assert predictor.sampling_dtype == torch.float32
    np.testing.assert_array_equal(predictor.sampled(images), exact)
    predictor.interactive = True
    assert predictor.sampling_dtype == torch.bfloat16
    np.testing.assert_allclose(predictor.sampled(images), exact, atol=0.02)
    np.testing.assert_array_equal(predictor.probabilities(images), exact)
