from __future__ import annotations

import pytest
import torch

from histo_core.errors import ConfigError
from histo_core.models.device import resolve_device


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
