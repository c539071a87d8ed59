from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from histo_core.config import ModelConfig, PredictConfig, PreprocessConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import ConfigError
from histo_core.models.device import full_float32, resolve_device
from histo_core.models.inference import predictor as predictor_module
from histo_core.models.inference.predictor import Predictor


def machine(monkeypatch: pytest.MonkeyPatch, *, cuda: int = 0, mps: bool = False) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"), [(0, False, "cpu"), (0, True, "mps"), (2, False, "cuda:0"), (1, True, "cuda:0")]
)
def test_auto_takes_the_fastest_kind(monkeypatch, cuda: int, mps: bool, expected: str) -> None:
    machine(monkeypatch, cuda=cuda, mps=mps)
    assert resolve_device("auto") == torch.device(expected)


def test_named_devices_that_are_there(monkeypatch) -> None:
    machine(monkeypatch, cuda=2, mps=True)
    for name in ("cpu", "mps", "cuda:0", "cuda:1"):
        assert str(resolve_device(name)) == name


@pytest.mark.parametrize("name", ["cuda:0", "mps"])
def test_a_device_that_is_not_there(monkeypatch, name: str) -> None:
    machine(monkeypatch)
    with pytest.raises(ConfigError, match=rf"'{name}' is not on this machine\. Allowed: auto, cpu\."):
        resolve_device(name)


def test_full_float32_ends_with_the_last_who_asked_for_it() -> None:
    """In any thread, nested or not, and also after an error."""
    torch.backends.cudnn.allow_tf32 = True
    first, second = full_float32(), full_float32()
    first.__enter__()
    assert not torch.backends.cudnn.allow_tf32
    second.__enter__()
    first.__exit__(None, None, None)
    assert not torch.backends.cudnn.allow_tf32
    second.__exit__(None, None, None)
    assert torch.backends.cudnn.allow_tf32
    with pytest.raises(ConfigError), full_float32():
        resolve_device("nowhere")
    assert torch.backends.cudnn.allow_tf32


def test_reported_numbers_are_computed_in_full_float32(monkeypatch) -> None:
    """Of a batch and of views; what a person waits for may be rounded."""
    seen: list[bool] = []

    class Watched(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            seen.append(torch.backends.cudnn.allow_tf32)
            return images.mean(dim=(2, 3))

    monkeypatch.setattr(predictor_module, "fold_batch_norm", lambda model, dtype=torch.float32: model)
    predictor = Predictor(Watched(), Preprocess(PreprocessConfig()), ("a", "b", "c"), "a", ModelConfig(name="cnn_rnn"))
    pixels = np.zeros((2, 64, 64, 3), np.uint8)
    predictor.logits(pixels)
    predictor.predict(pixels, PredictConfig(tta="flips"))
    assert seen
    assert not any(seen)
    assert torch.backends.cudnn.allow_tf32
