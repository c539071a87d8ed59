"""Files of weights that are damaged, lie about themselves, or hold no numbers."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from hostile_bytes import tensor_file
from hostile_kind import CHECKPOINT, CONFIG, READ, Kind, written

_DESCRIPTION = {
    "version": 1,
    "model": {"name": "cnn_narrow"},
    "preprocess": {"crop": 32},
    "input_size": [32, 32],
    "classes": ["normal", "tumour"],
    "positive": "tumour",
}


@cache
def _tensors() -> dict[str, Any]:
    import torch

    from histo_core.config import ModelConfig
    from histo_core.models.registry import build_network

    torch.manual_seed(0)
    return build_network(ModelConfig(name="cnn_narrow"), 2, (32, 32)).state_dict()


def _whole(path: Path, change: Callable[[dict[str, Any]], object] | None = None, **described: Any) -> None:
    from histo_core.models.weights.tensorfile import write_tensors

    tensors = {name: tensor.clone() for name, tensor in _tensors().items()}
    if change is not None:
        change(tensors)
    write_tensors(path, tensors, _DESCRIPTION | described)


def _plain(path: Path, rng: random.Random) -> None:
    _whole(path)


def _no_number(path: Path, rng: random.Random) -> None:
    def change(tensors: dict[str, Any]) -> None:
        name = rng.choice([name for name, tensor in tensors.items() if tensor.is_floating_point()])
        tensors[name].view(-1)[0] = float(rng.choice(["nan", "inf", "-inf"]))

    _whole(path, change)


def _shape(path: Path, rng: random.Random) -> None:
    def change(tensors: dict[str, Any]) -> None:
        name = rng.choice(list(tensors))
        tensors[name] = tensors[name].new_zeros(3, rng.randrange(2, 9))

    _whole(path, change)


def _strange(path: Path, rng: random.Random) -> None:
    _whole(
        path,
        **rng.choice(
            [
                {"positive": "nobody"},
                {"input_size": [65_536, 65_536]},
                {"input_size": [8_192, 8_192]},
                {"input_size": [0, -1]},
                {"classes": ["a", "a"], "positive": "a"},
                {"classes": ["a"], "positive": "a"},
                {"classes": [f"c{number}" for number in range(40_000)], "positive": "c0"},
                {"preprocess": {"crop": 10**9}},
                {"preprocess": {"std": [0, 0, 0]}},
                {"version": 2},
                {"model": []},
                {"more": 1},
            ]
        ),
    )


def _strange_model(path: Path, rng: random.Random) -> None:
    _whole(path, model=rng.choice([{"name": "nobody"}, {"name": "cnn_narrow", "options": {"evil": 1}}]))


def _deep(rng: random.Random) -> bytes:
    depth = rng.choice([900, 10_000, 100_000])
    inner = "[" * depth + "]" * depth
    return tensor_file({"__metadata__": {"histoscope": rng.choice([inner, '{"model":' * depth, inner[:depth]])}})


def _broken(rng: random.Random) -> bytes:
    entry = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
    return rng.choice(
        [
            tensor_file("[" * rng.randrange(2_000, 500_000)),
            tensor_file({"a": entry}),
            tensor_file({"a": entry, "b": entry}, bytes(16)),
            tensor_file({"a": entry | {"shape": [1 << 40, 1 << 40]}}, bytes(16)),
            tensor_file({"a": entry | {"shape": [-4]}}, bytes(16)),
            tensor_file({"a": entry | {"shape": [1] * 200}}, bytes(16)),
            tensor_file({"a": entry | {"data_offsets": [0, 1 << 62]}}),
            tensor_file({"a": entry | {"data_offsets": [16, 0]}}, bytes(16)),
            tensor_file({"a": entry | {"dtype": "evil"}}, bytes(16)),
            tensor_file({"a": 1}, bytes(16)),
            tensor_file({"__metadata__": 1}),
            b"\xff" * 99,
            (1 << 40).to_bytes(8, "little") + b"{}",
            rng.randbytes(rng.randrange(1, 3_000)),
            b"\x80\x04\x95" + rng.randbytes(100),
            b"PK\x03\x04" + rng.randbytes(100),
        ]
    )


def _sparse(path: Path, rng: random.Random) -> None:
    """Gigabytes that the header promises and the network does not have."""
    size = rng.randrange(2 << 30, 7 << 30) // 4 * 4
    names = rng.choice([["a"], list(_tensors())[:1]])
    header: dict[str, Any] = {name: {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]} for name in names}
    if rng.random() < 0.7:
        header["__metadata__"] = {"histoscope": json.dumps(_DESCRIPTION)}
    head = tensor_file(header)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + size)


def _flipped(path: Path, rng: random.Random) -> None:
    _whole(path)
    content = bytearray(path.read_bytes())
    for _ in range(rng.randrange(1, 20)):
        content[rng.randrange(3_000)] = rng.randrange(256)
    path.write_bytes(content)


KINDS = (
    Kind("weights plain", "weights", _plain, (READ,), most=5),
    Kind("weights no number", "weights", _no_number, (CHECKPOINT,)),
    Kind("weights shape", "weights", _shape, (CHECKPOINT,)),
    Kind("weights strange", "weights", _strange, (CHECKPOINT,)),
    Kind("weights model", "weights", _strange_model, (CHECKPOINT, CONFIG, "UnknownNameError"), most=5),
    Kind("weights deep", "weights", written(_deep), (CHECKPOINT,)),
    Kind("weights broken", "weights", written(_broken), (CHECKPOINT,)),
    Kind("weights sparse", "weights", _sparse, (CHECKPOINT,)),
    Kind("weights flipped", "weights", _flipped, (READ, CHECKPOINT, CONFIG, "UnknownNameError")),
    Kind("initial broken", "initial", written(_broken), (CHECKPOINT,)),
    Kind("initial deep", "initial", written(_deep), (CHECKPOINT,)),
    Kind("initial sparse", "initial", _sparse, (CHECKPOINT,)),
    Kind("initial other", "initial", _plain, (CHECKPOINT,), most=3),
)
