"""Published weights that are on this machine are found, and those that were trained here are not taken for them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from histo_core.config import ModelConfig, PreprocessConfig
from histo_core.models.registry import MODELS, build_network
from histo_core.models.weights.at_hand import weights_at_hand
from histo_core.models.weights.header import WeightsHeader, save_weights
from histo_core.workspace import Workspace

NAME = "squeezenet1_1"


def published(path: Path, **more: torch.Tensor) -> Path:
    """Write a file such as another program's: features only, no header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    network = build_network(ModelConfig(name=NAME), 2, (64, 64))
    features = {name: tensor for name, tensor in network.state_dict().items() if name.startswith("features.")}
    save_file(features | more, path)
    return path


def test_a_file_in_a_folder_of_weights_or_beside_the_data_is_found(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "data" / "kpcam"
    root.mkdir(parents=True)
    assert weights_at_hand(NAME, workspace, str(root)) is None
    beside = published(tmp_path / "data" / "weights" / f"{NAME}_features.safetensors")
    assert weights_at_hand(NAME, workspace, str(root)) == str(beside)
    assert weights_at_hand(NAME, workspace) is None
    shared = published(tmp_path / "shared" / f"{NAME}.safetensors")
    monkeypatch.setenv("HISTOSCOPE_WEIGHTS", str(shared.parent))
    assert weights_at_hand(NAME, workspace) == str(shared)
    own = published(workspace.home / "weights" / f"{NAME}.safetensors")
    assert weights_at_hand(NAME, workspace, str(root)) == str(own)


def test_weights_that_were_trained_here_or_do_not_fit_are_left_alone(workspace: Workspace) -> None:
    """Weights of a run may have seen the patches that are now held out."""
    config = ModelConfig(name=NAME)
    header = WeightsHeader(
        model=config, preprocess=PreprocessConfig(), input_size=(64, 64), classes=("a", "b"), positive="b"
    )
    folder = workspace.home / "weights"
    folder.mkdir(parents=True)
    save_weights(folder / f"{NAME}_mine.safetensors", build_network(config, 2, (64, 64)), header)
    published(folder / f"{NAME}_other.safetensors", **{"features.99.weight": torch.zeros(3)})
    (folder / f"{NAME}_text.safetensors").write_text("no tensors")
    assert weights_at_hand(NAME, workspace) is None


def test_the_published_file_is_found_in_the_cache_of_the_hub(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    assert weights_at_hand(NAME, workspace) is None
    file = MODELS[NAME].imagenet
    assert file is not None
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / file.name).write_bytes(b"checked against its name when it is read")
    assert weights_at_hand(NAME, workspace) == "imagenet"


def test_a_network_without_published_weights_has_none(workspace: Workspace) -> None:
    assert weights_at_hand("p4m_resnet", workspace) is None
