"""Features of networks, held to the same networks run by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models import squeezenet1_1

from histo_core.auditing.embedding.descriptor import describe_patches
from histo_core.auditing.embedding.features import feature_key, feature_words, open_features
from histo_core.auditing.embedding.network_features import MOST_NUMBERS, SQUEEZENET_FILE, squeezenet_features
from histo_core.config import ModelConfig, PreprocessConfig
from histo_core.errors import CheckpointError, ConfigError, PathNotAllowedError
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import build_network
from histo_core.models.weights.header import WeightsHeader, save_weights
from histo_core.models.weights.manifest import BestEntry, LastEntry, Manifest, write_manifest
from histo_core.models.weights.tensorfile import read_tensors, write_tensors
from histo_core.workspace import Workspace

CLASSES = ("normal", "tumour")


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (70, 96, 96, 3), dtype=np.uint8)


@pytest.fixture
def make_run(workspace: Workspace) -> Callable[..., Path]:
    """The folder of a run with one finished epoch."""

    def make(name: str = "resnet18", crop: int | None = None, seed: int = 0) -> Path:
        torch.manual_seed(seed)
        config, side = ModelConfig(name=name), crop or 96
        network = build_network(config, 2, (side, side))
        header = WeightsHeader(
            model=config, preprocess=PreprocessConfig(crop=crop), input_size=(side, side), classes=CLASSES,
            positive="tumour",
        )  # fmt: skip
        checkpoint = workspace.runs / "a1" / "checkpoint"
        digest = save_weights(checkpoint / "best.a.safetensors", network, header)
        last = LastEntry(file="last.a.safetensors", sha256="0" * 64, epoch=1, batch=0)
        best = BestEntry(file="best.a.safetensors", sha256=digest, epoch=0, valid_loss=0.5)
        write_manifest(checkpoint, Manifest(last=last, best=best))
        return workspace.runs / "a1"

    return make


def test_a_runs_features_are_what_its_classifier_reads(make_run, images: np.ndarray, workspace: Workspace) -> None:
    folder = make_run()
    found = open_features(str(folder), workspace)(images)
    assert (found.shape, found.dtype) == ((70, 512), np.float32)
    predictor = Predictor.from_run(folder, "cpu")
    weight, bias = (tensor.detach().numpy() for tensor in predictor.model.get_submodule("fc").parameters())
    np.testing.assert_allclose(found @ weight.T + bias, predictor.logits(images).numpy(), atol=1e-4)


def test_wide_features_are_projected_and_distances_stay(make_run, images: np.ndarray, workspace: Workspace) -> None:
    folder = make_run("cnn_narrow", crop=64)  # 48 x 8 x 8 numbers
    describe = open_features(str(folder), workspace)
    found = describe(images)
    assert found.shape == (70, MOST_NUMBERS)
    np.testing.assert_allclose(found[:5], describe(images[:5]), atol=1e-4)
    predictor = Predictor.from_run(folder, "cpu")
    with torch.no_grad():
        whole = predictor.model.get_submodule("stack")(predictor.preprocess(images)).flatten(1).numpy()
    ratio = np.linalg.norm(found[1:] - found[0], axis=1) / np.linalg.norm(whole[1:] - whole[0], axis=1)
    np.testing.assert_allclose(ratio, 1, atol=0.25)


def test_a_run_leaves_no_hook_behind(make_run, images: np.ndarray, monkeypatch, workspace: Workspace) -> None:
    opened: list[nn.Module] = []
    plain = Predictor.from_run

    def remembered(folder: Path, device: str = "auto") -> Predictor:
        predictor = plain(folder, device)
        opened.append(predictor.model)
        return predictor

    monkeypatch.setattr(Predictor, "from_run", remembered)
    describe = open_features(str(make_run("cnn_narrow", crop=32)), workspace)
    with pytest.raises(ConfigError, match="larger than an image"):
        describe(images[:, :16, :16])
    assert not any(module._forward_pre_hooks for module in opened[0].modules())


def test_squeezenet_is_torchvisions(shared_data: Path, images: np.ndarray, workspace: Workspace) -> None:
    source = shared_data / "weights" / SQUEEZENET_FILE
    (workspace.home / "weights").mkdir(parents=True)
    (workspace.home / "weights" / SQUEEZENET_FILE).write_bytes(source.read_bytes())
    found = squeezenet_features(workspace, "cpu")(images)
    network = squeezenet1_1()
    network.load_state_dict(read_tensors(source)[0], strict=False)
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.no_grad():
        maps = network.eval().features((pixels - mean.view(3, 1, 1)) / std.view(3, 1, 1))
    np.testing.assert_allclose(found, maps.mean(dim=(2, 3)).numpy(), atol=1e-4)


def test_weights_of_another_network_are_refused(workspace: Workspace) -> None:
    write_tensors(workspace.home / "weights" / SQUEEZENET_FILE, {"features.0.weight": torch.zeros(1)}, {})
    with pytest.raises(CheckpointError, match="does not fit"):
        open_features("squeezenet", workspace)


def test_features_are_named_by_what_they_come_from(make_run, workspace: Workspace) -> None:
    folder = make_run("cnn_narrow", crop=32)
    keys = [feature_key(features, workspace) for features in ("colour", "squeezenet", str(folder))]
    assert len(set(keys)) == 3
    make_run("cnn_narrow", crop=32, seed=1)
    assert feature_key(str(folder), workspace) != keys[2]
    assert open_features("colour", workspace) is describe_patches
    assert feature_words(str(folder)).endswith("run a1 made of them")


def test_what_is_no_feature_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no features"):
        feature_key(str(tmp_path / "nothing"), workspace)
    with pytest.raises(PathNotAllowedError):
        feature_key("/etc", workspace)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match="no finished epoch"):
        feature_key(str(tmp_path / "empty"), workspace)
