"""Weights that hold no numbers, or whose header promises what they are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from histo_core.config import ModelConfig
from histo_core.errors import CheckpointError
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import build_model, build_network
from histo_core.models.weights.manifest import read_manifest
from histo_core.models.weights.tensorfile import read_tensors, write_tensors
from histo_core.workspace import Workspace

DESCRIPTION: dict[str, Any] = {
    "version": 1,
    "model": {"name": "cnn_narrow"},
    "preprocess": {"crop": 32},
    "input_size": [32, 32],
    "classes": ["normal", "tumour"],
    "positive": "tumour",
}


def weights(path: Path, number: float = 0.5, **described: Any) -> Path:
    tensors = build_network(ModelConfig(name="cnn_narrow"), 2, (32, 32)).state_dict()
    name = next(name for name, tensor in tensors.items() if tensor.is_floating_point())
    tensors[name].view(-1)[-1] = number
    write_tensors(path, tensors, DESCRIPTION | described)
    return path


def sparse(path: Path, name: str, size: int, description: dict[str, Any] | None) -> Path:
    header: dict[str, Any] = {name: {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}
    if description is not None:
        header["__metadata__"] = {"histoscope": json.dumps(description)}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + size)
    return path


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_values_that_are_no_numbers_are_refused_in_words(tmp_path: Path, workspace: Workspace, number: float) -> None:
    path = weights(tmp_path / "w.safetensors", number)
    with pytest.raises(CheckpointError, match="infinite or no numbers"):
        Predictor.load(path, "cpu")
    with pytest.raises(CheckpointError, match="infinite or no numbers"):
        build_model(ModelConfig(name="cnn_narrow", weights=str(path)), 2, (32, 32), workspace)
    assert Predictor.load(weights(path), "cpu").classes == ("normal", "tumour")


@pytest.mark.parametrize(
    ("described", "says"),
    [
        ({"positive": "nobody"}, "positive 'nobody' is none of the classes normal, tumour"),
        ({"classes": ["tumour", "tumour"]}, "a name of its own"),
        ({"input_size": [65_536, 65_536]}, "less than or equal to 8192"),
        ({"input_size": [8_192, 8_192]}, "does not fit"),
    ],
)
def test_a_header_that_cannot_be_right_is_refused_in_words(
    tmp_path: Path, described: dict[str, Any], says: str
) -> None:
    with pytest.raises(CheckpointError, match=says):
        Predictor.load(weights(tmp_path / "w.safetensors", **described), "cpu")


def test_shapes_are_compared_before_gigabytes_are_read(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("histo_core.models.weights.tensorfile.load", lambda content: pytest.fail("the data were read"))
    path = sparse(tmp_path / "w.safetensors", "0.weight", 6 << 30, DESCRIPTION)
    with pytest.raises(CheckpointError, match="does not fit"):
        Predictor.load(path, "cpu")
    config = ModelConfig(name="cnn_narrow", weights=str(path))
    with pytest.raises(CheckpointError, match="At most 629,145,600 are read"):
        build_model(config, 2, (32, 32), workspace)
    for description in (DESCRIPTION, None):
        sparse(path, "0.weight", 500 << 20, description)
        with pytest.raises(CheckpointError, match="does not fit"):
            build_model(config, 2, (32, 32), workspace)
    sparse(path, "x", 9 << 30, None)
    with pytest.raises(CheckpointError, match=r"9,6\d\d,\d{3},\d{3} bytes, and at most"):
        read_tensors(path)


def test_a_file_is_as_long_as_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    write_tensors(path, {"a": torch.ones(4)}, {})
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(CheckpointError, match="its header says"):
        read_tensors(path)


def test_a_manifest_nested_deep_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"last":' * 10_000)
    with pytest.raises(CheckpointError, match="nested too deep"):
        read_manifest(tmp_path)
    described = {"__metadata__": {"histoscope": "[" * 10_000}}
    text = json.dumps(described).encode()
    (tmp_path / "w.safetensors").write_bytes(len(text).to_bytes(8, "little") + text)
    with pytest.raises(CheckpointError, match="nested too deep"):
        read_tensors(tmp_path / "w.safetensors")
