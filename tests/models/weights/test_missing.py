from __future__ import annotations

import pytest

from histo_core.config import ModelConfig
from histo_core.errors import UnknownNameError
from histo_core.models.weights.missing import missing_weights

RESNET = ModelConfig(name="resnet18", weights="imagenet")
FILE = "resnet18-f37072fd"


def test_weights_from_scratch_are_never_missing(workspace) -> None:
    assert missing_weights(ModelConfig(name="resnet18"), workspace) is None


def test_the_file_its_address_and_its_place_are_named(workspace) -> None:
    said = missing_weights(RESNET, workspace)
    assert said is not None
    assert "ImageNet weights of ResNet18" in said
    assert "downloaded when the run starts" in said
    assert f"https://download.pytorch.org/models/{FILE}.pth" in said
    assert str(workspace.home / "weights" / f"{FILE}.pth") in said


@pytest.mark.parametrize("suffix", [".pth", ".safetensors.json"])
def test_a_file_that_is_there_is_not_missing(workspace, suffix: str) -> None:
    folder = workspace.home / "weights"
    folder.mkdir(parents=True)
    (folder / f"{FILE}{suffix}").write_bytes(b"")
    assert missing_weights(RESNET, workspace) is None


def test_a_network_without_imagenet_weights_says_so(workspace) -> None:
    said = missing_weights(ModelConfig(name="cnn_rnn", weights="imagenet"), workspace)
    assert said is not None
    assert "has no ImageNet weights" in said


def test_own_weights_must_be_there(workspace) -> None:
    path = workspace.home / "mine.safetensors"
    assert "There is no" in str(missing_weights(ModelConfig(weights=str(path)), workspace))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    assert missing_weights(ModelConfig(weights=str(path)), workspace) is None
    assert "lies outside" in str(missing_weights(ModelConfig(weights="/etc/passwd"), workspace))


def test_an_unknown_model_is_refused(workspace) -> None:
    with pytest.raises(UnknownNameError):
        missing_weights(ModelConfig(name="resnet81"), workspace)
