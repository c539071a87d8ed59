from __future__ import annotations

import pytest
import torch
from torch import nn

from histo_core.config import ModelConfig, PreprocessConfig
from histo_core.errors import CheckpointError
from histo_core.models.weights.header import WeightsHeader, assign, load_weights, save_weights
from histo_core.models.weights.tensorfile import write_tensors

HEADER = WeightsHeader(
    model=ModelConfig(name="cnn_narrow", options={"dropout": (0.1, 0.1, 0.0), "extra_linear": True}),
    preprocess=PreprocessConfig(crop=32, mean=(0.1, 0.2, 1 / 3)),
    input_size=(32, 40),
    classes=("normal", "tumour"),
    positive="tumour",
)


def test_weights_say_what_they_are(tmp_path) -> None:
    model = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    path = tmp_path / "w.safetensors"
    tensors, header = load_weights(path, save_weights(path, model, HEADER))
    assert header == HEADER
    other = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    assign(other, tensors, path)
    assert torch.equal(other.weight, model.weight)
    assert other.weight.stride() == model.weight.stride()


def test_weights_from_before_crops_were_rounded_to_even_keep_their_crop(tmp_path) -> None:
    description = HEADER.model_dump(mode="json")
    del description["preprocess"]["crop_rounding"]
    write_tensors(tmp_path / "w.safetensors", {"a": torch.ones(1)}, description)
    assert load_weights(tmp_path / "w.safetensors")[1].preprocess.crop_rounding == "down"
    assert HEADER.preprocess.crop_rounding == "half_even"


@pytest.mark.parametrize("description", [{}, {"version": 2}, {**HEADER.model_dump(mode="json"), "classes": ["one"]}])
def test_a_header_that_does_not_say_what_it_is(tmp_path, description: dict) -> None:
    path = tmp_path / "w.safetensors"
    write_tensors(path, {"a": torch.ones(1)}, description)
    with pytest.raises(CheckpointError, match="does not say what it is"):
        load_weights(path)


def test_tensors_that_do_not_fit_are_named_and_change_nothing() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    given = {"0.weight": torch.ones(3, 5), "0.bias": torch.ones(3), "9.weight": torch.ones(1)}
    with pytest.raises(CheckpointError) as caught:
        assign(model, given, "these")
    assert caught.value.found == (
        "these does not fit Sequential: 0.weight is [3, 5], not [3, 4]; 1.weight is missing; 1.bias is missing; "
        "and 1 more."
    )
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
