from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from histo_core.config import ModelConfig, PreprocessConfig
from histo_core.errors import CheckpointError, ConfigError, PathNotAllowedError, UnknownNameError
from histo_core.files import sha256
from histo_core.models.registry import build_model, build_network
from histo_core.models.weights.header import WeightsHeader, save_weights


@pytest.fixture
def saved(workspace):
    """Weights of a two-class CNN-RNN, and their path."""
    torch.manual_seed(1)
    model = build_network(ModelConfig(name="cnn_rnn"), 2, (32, 32))
    header = WeightsHeader(
        model=ModelConfig(name="cnn_rnn"),
        preprocess=PreprocessConfig(crop=32),
        input_size=(32, 32),
        classes=("a", "b"),
        positive="b",
    )
    path = workspace.home / "mine.safetensors"
    save_weights(path, model, header)
    return model.state_dict(), str(path)


def test_an_unknown_model_lists_the_known() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown model 'resnet81'.*cnn_narrow.*Did you mean 'resnet18'"):
        build_model(ModelConfig(name="resnet81"), 2, (32, 32))


@pytest.mark.parametrize(("name", "size"), [("resnet18", (7, 64)), ("cnn_rnn", (32, 7))])
def test_too_small_an_input_is_refused(name: str, size: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match=f"patches of {size[0]} x {size[1]} pixels.*Crop less"):
        build_model(ModelConfig(name=name), 2, size)


def test_one_class_is_refused() -> None:
    with pytest.raises(ConfigError, match="1 class"):
        build_model(ModelConfig(), 1, (32, 32))


def test_own_weights_are_taken(saved, workspace) -> None:
    state, path = saved
    model = build_model(ModelConfig(name="cnn_rnn", weights=path), 2, (32, 32), workspace)
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())


def test_a_file_that_was_exchanged_is_refused(saved, workspace) -> None:
    path = Path(saved[1])
    noted = ModelConfig(name="cnn_rnn", weights=saved[1], weights_sha256=sha256(path))
    build_model(noted, 2, (32, 32), workspace)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointError, match=r"another file under its name.*SHA-256"):
        build_model(noted, 2, (32, 32), workspace)


def test_another_number_of_classes_starts_the_classifier_afresh(saved, workspace) -> None:
    state, path = saved
    torch.manual_seed(2)
    fresh = build_network(ModelConfig(name="cnn_rnn"), 5, (32, 32)).state_dict()
    torch.manual_seed(2)
    model = build_model(ModelConfig(name="cnn_rnn", weights=path), 5, (32, 32), workspace).state_dict()
    for name, tensor in model.items():
        assert torch.equal(tensor, fresh[name] if name.startswith("head.") else state[name])


def saved_inception(workspace, name: str, side: int, *, auxiliary: bool) -> tuple[dict[str, torch.Tensor], str]:
    torch.manual_seed(1)
    config = ModelConfig(name=name, options={"auxiliary": auxiliary})
    model = build_network(config, 3, (side, side))
    header = WeightsHeader(
        model=config,
        preprocess=PreprocessConfig(),
        input_size=(side, side),
        classes=("a", "b", "c"),
        positive="b",
    )
    path = workspace.home / "mine.safetensors"
    save_weights(path, model, header)
    return model.state_dict(), str(path)


@pytest.mark.parametrize(
    ("name", "side", "auxiliary", "to_side", "to_auxiliary"),
    [
        ("googlenet", 64, True, 64, True),
        ("googlenet", 64, True, 64, False),
        ("googlenet", 64, False, 64, True),
        ("inception_v3", 299, True, 96, True),
    ],
)
def test_auxiliary_classifiers_start_afresh_or_are_left_out(
    workspace, monkeypatch, name: str, side: int, auxiliary: bool, to_side: int, to_auxiliary: bool
) -> None:
    """Other classes, no auxiliary classifiers, or a patch too small for them: the backbone is taken as it is."""
    monkeypatch.setattr(nn.init, "trunc_normal_", lambda weight, **_: weight)  # layers are random without it, and soon
    state, path = saved_inception(workspace, name, side, auxiliary=auxiliary)
    config = ModelConfig(name=name, weights=path, options={"auxiliary": to_auxiliary})
    for classes in (2, 3):
        ours = build_model(config, classes, (to_side, to_side), workspace).state_dict()
        backbone = [key for key in ours if not key.startswith(("fc.", "aux1.", "aux2.", "AuxLogits."))]
        assert all(torch.equal(ours[key], state[key]) for key in backbone)
        assert torch.equal(ours["fc.weight"], state["fc.weight"]) == (classes == 3)
        assert any(key.startswith(("aux", "Aux")) for key in ours) == (to_auxiliary and to_side != 96)


def test_another_input_size_does_not_fit(saved, workspace) -> None:
    with pytest.raises(CheckpointError, match=r"head\.0\.weight is \[2, 192\], not \[2, 768\]"):
        build_model(ModelConfig(name="cnn_rnn", weights=saved[1]), 2, (64, 64), workspace)


def test_weights_of_another_model_do_not_fit(saved, workspace) -> None:
    with pytest.raises(CheckpointError, match=r"weights of 'cnn_rnn'\. Weights of 'resnet18' are needed"):
        build_model(ModelConfig(name="resnet18", weights=saved[1]), 2, (32, 32), workspace)


def test_published_features_are_taken_under_a_fresh_classifier(workspace) -> None:
    torch.manual_seed(1)
    features = {
        name: tensor
        for name, tensor in build_network(ModelConfig(name="squeezenet1_1"), 1000, (64, 64)).state_dict().items()
        if name.startswith("features.")
    }
    workspace.home.mkdir()
    path = workspace.home / "features.safetensors"
    save_file(features, path)
    config = ModelConfig(name="squeezenet1_1", weights=str(path), options={"head": "dense_512"})
    state = build_model(config, 2, (64, 64), workspace).state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in features.items())
    assert len(state) > len(features)

    with pytest.raises(CheckpointError, match=r"does not fit ResNet: conv1\.weight is missing"):
        build_model(ModelConfig(name="resnet18", weights=str(path)), 2, (64, 64), workspace)


def test_weights_outside_the_allowed_folders_are_not_touched(workspace) -> None:
    with pytest.raises(PathNotAllowedError):
        build_model(ModelConfig(weights="/etc/passwd"), 2, (32, 32), workspace)


def test_no_imagenet_weights_for_the_small_networks(workspace) -> None:
    with pytest.raises(ConfigError, match=r"no ImageNet weights\. Models that have: convnext_tiny, .*resnet18"):
        build_model(ModelConfig(name="cnn_rnn", weights="imagenet"), 2, (32, 32), workspace)
