from __future__ import annotations

import json
import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file

from histo_core.errors import CheckpointError
from histo_core.files import sha256
from histo_core.models.weights.tensorfile import read_tensors, write_tensors


@pytest.fixture
def tensors() -> dict[str, torch.Tensor]:
    return {
        "a": torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last),
        "count": torch.tensor(7),
        "none": torch.zeros(0, 3),
        "bytes": torch.arange(5, dtype=torch.uint8),
    }


def test_what_was_written_comes_back_and_others_can_read_it(tmp_path, tensors) -> None:
    path = tmp_path / "t.safetensors"
    digest = write_tensors(path, tensors, {"numbers": [1, 0.1 + 0.2]})
    read, description = read_tensors(path, digest)
    assert digest == sha256(path)
    assert description == {"numbers": [1, 0.1 + 0.2]}
    assert read.keys() == tensors.keys()
    for name, tensor in load_file(path).items():
        assert torch.equal(tensor, tensors[name])
        assert torch.equal(read[name], tensors[name])
        assert read[name].dtype == tensors[name].dtype


def test_same_content_same_bytes(tmp_path, tensors) -> None:
    first = write_tensors(tmp_path / "a", tensors, {"b": 1, "a": 2})
    second = write_tensors(tmp_path / "b", dict(reversed(tensors.items())), {"a": 2, "b": 1})
    assert first == second


def test_a_file_of_someone_elses_has_no_description(tmp_path, tensors) -> None:
    path = tmp_path / "t.safetensors"
    save_file({"a": torch.ones(2)}, path)
    assert read_tensors(path)[1] == {}


def header(text: str) -> bytes:
    return len(text).to_bytes(8, "little") + text.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"abc",
        pickle.dumps({"a": 1}),
        header("{"),
        header("[" * 100_000),
        header(json.dumps({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}})),
        header(json.dumps({"a": {"dtype": "F33", "shape": [], "data_offsets": [0, 0]}})),
        header(json.dumps({"__metadata__": {"histoscope": "{"}})),
        (1 << 20).to_bytes(8, "little") + b"{}",
        ((1 << 20) + 1).to_bytes(8, "little") + b"{}",
        (2**64 - 1).to_bytes(8, "little"),
    ],
)
def test_hostile_files_are_refused(tmp_path, content: bytes) -> None:
    path = tmp_path / "t.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"t\.safetensors (cannot be read|claims a header)"):
        read_tensors(path)


def test_a_changed_byte_is_found(tmp_path, tensors) -> None:
    path = tmp_path / "t.safetensors"
    digest = write_tensors(path, tensors, {})
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged"):
        read_tensors(path, digest)


@pytest.mark.parametrize("name", ["missing.safetensors", "."])
def test_no_file(tmp_path, name: str) -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_tensors(tmp_path / name)
