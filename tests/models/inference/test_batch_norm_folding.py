"""Faster, and still the same network."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from histo_core.config import ModelConfig
from histo_core.models.inference.batch_norm_folding import fold_batch_norm, interactive_dtype
from histo_core.models.registry import build_network

NORMALISING = [
    *("cnn_rnn", "densenet121", "efficientnet_b0", "gcnn_p4", "googlenet", "p4m_densenet", "p4m_resnet", "resnet18"),
]


def used(name: str) -> nn.Module:
    """A network whose statistics are not the initial ones."""
    torch.manual_seed(0)
    network = build_network(ModelConfig(name=name), 2, (64, 64)).train()
    with torch.no_grad():
        network(torch.rand(4, 3, 64, 64) * 3 - 1)
    return network.eval()


@pytest.mark.parametrize("name", NORMALISING)
@torch.no_grad()
def test_the_logits_are_the_same(name: str) -> None:
    network, images = used(name), torch.rand(3, 3, 64, 64)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    expected = network(images)
    torch.testing.assert_close(
        fold_batch_norm(network)(images), expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max())
    )
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items()), "the network is kept"


@pytest.mark.parametrize("name", ["efficientnet_b0", "gcnn_p4", "googlenet", "resnet18"])
def test_no_batch_normalisation_is_left_where_each_follows_a_convolution(name: str) -> None:
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in fold_batch_norm(used(name)).modules())


@pytest.mark.parametrize(("name", "left"), [("p4m_resnet", 5), ("p4m_densenet", 10), ("cnn_rnn", 3)])
def test_one_that_follows_something_else_stays(name: str, left: int) -> None:
    kept = [layer for layer in fold_batch_norm(used(name)).modules() if isinstance(layer, nn.BatchNorm2d)]
    assert len(kept) == left


class Branched(nn.Module):
    """The first rectifier's input is used once more, the second one's is not."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 3, 1), nn.ReLU()])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        convolution, norm, rectifier, second, last = self.layers
        maps = norm(convolution(images))
        return last(second(rectifier(maps))) + maps


@torch.no_grad()
def test_a_rectifier_writes_over_what_nobody_else_reads() -> None:
    network = Branched().eval()
    images = torch.randn(2, 3, 8, 8).contiguous(memory_format=torch.channels_last)
    fast, before = fold_batch_norm(network), images.clone()
    torch.testing.assert_close(fast(images), network(images))
    assert torch.equal(images, before)
    assert [layer.inplace for layer in fast.modules() if isinstance(layer, nn.ReLU)] == [False, True]
    assert not any(layer.inplace for layer in network.modules() if isinstance(layer, nn.ReLU))


@torch.no_grad()
def test_bfloat16_answers_nearly_alike() -> None:
    network, images = used("resnet18"), torch.rand(8, 3, 64, 64)
    fast = fold_batch_norm(network, torch.bfloat16)(images.bfloat16())
    assert fast.dtype == torch.bfloat16
    torch.testing.assert_close(fast.float().softmax(1), network(images).softmax(1), rtol=0, atol=0.02)


def test_bfloat16_is_for_processors_that_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    for has, expected in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda has=has: has)
        assert interactive_dtype(torch.device("cpu")) == expected
    assert interactive_dtype(torch.device("mps")) == torch.float32
