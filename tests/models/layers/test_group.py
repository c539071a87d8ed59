"""Turning or mirroring the input moves each layer's features with it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from histo_core.models.layers.group import (
    GROUPS,
    P4,
    P4M,
    Group,
    GroupConv2d,
    GroupPool,
    plain_convolution,
)
from histo_core.models.layers.group_norm import GroupBatchNorm2d, plain_normalisation

ELEMENTS = [(group, element) for group in GROUPS.values() for element in range(group.size)]
named = pytest.mark.parametrize(("group", "element"), ELEMENTS, ids=lambda value: getattr(value, "name", str(value)))


def moved(group: Group, element: int, maps: Tensor) -> Tensor:
    """What the features of a turned image must be: each plane turned, and in its new place."""
    n, channels, height, width = maps.shape
    planes = maps.reshape(n, group.size, -1, height, width)
    places = [group.product(group.inverse(element), place) for place in range(group.size)]
    return group.act(element, planes[:, places]).reshape(n, channels, height, width)


def assert_close(actual: Tensor, expected: Tensor) -> None:
    error = (actual - expected).abs().max() / expected.abs().max()
    assert error <= 1e-5, f"relative error {error:.1e}"


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("group", GROUPS.values(), ids=lambda group: group.name)
def test_the_product_of_two_elements_acts_like_one_after_the_other(group: Group) -> None:
    image = torch.arange(9.0).view(3, 3)
    for first, second in itertools.product(range(group.size), repeat=2):
        both = group.act(first, group.act(second, image))
        assert torch.equal(group.act(group.product(first, second), image), both)
    for element in range(group.size):
        assert group.product(element, group.inverse(element)) == 0


def test_the_bank_over_an_image_holds_each_filter_in_every_turn() -> None:
    layer = GroupConv2d(P4M, 3, 2, 3, lifting=True)
    bank = layer.bank().detach().numpy().reshape(8, 2, 3, 3, 3)
    learnt = layer.weight.detach().numpy()
    for element in range(8):
        mirrored = learnt[..., ::-1] if element >= 4 else learnt
        np.testing.assert_array_equal(bank[element], np.rot90(mirrored, element % 4, (-2, -1)))


@named
@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 1), (3, 2, 0), (2, 2, 0), (5, 1, 0), (1, 1, 0)])
def test_features_move_with_the_image(group: Group, element: int, kernel: int, stride: int, padding: int) -> None:
    side = 9 if kernel % 2 else 10  # so that the stride divides
    first = GroupConv2d(group, 3, 4, 3, lifting=True, padding=1)
    second = GroupConv2d(group, 4, 5, kernel, stride=stride, padding=padding)
    image = torch.randn(2, 3, side, side)
    lifted, lifted_turned = first(image), first(group.act(element, image))
    assert_close(lifted_turned, moved(group, element, lifted))
    assert_close(second(lifted_turned), moved(group, element, second(lifted)))


@named
def test_normalised_and_pooled_features_move_too(group: Group, element: int) -> None:
    layers = nn.Sequential(
        GroupConv2d(group, 3, 4, 3, lifting=True, padding=1, bias=False),
        GroupBatchNorm2d(group, 4),
        nn.ReLU(),
        nn.MaxPool2d(2),
    )
    image = torch.randn(3, 3, 8, 8)
    plain, turned = layers(image), layers(group.act(element, image))
    assert_close(turned, moved(group, element, plain))
    pool = GroupPool(group)
    assert_close(pool(turned), group.act(element, pool(plain)))


@pytest.mark.parametrize("group", GROUPS.values(), ids=lambda group: group.name)
@pytest.mark.parametrize("lifting", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_plain_layers_do_the_same_in_evaluation(group: Group, lifting: bool, bias: bool) -> None:
    conv = GroupConv2d(group, 3, 4, 3, lifting=lifting, padding=1, stride=2, bias=bias)
    norm = GroupBatchNorm2d(group, 4)
    image = torch.randn(4, 3 if lifting else 3 * group.size, 9, 9)
    if conv.bias is not None:
        nn.init.normal_(conv.bias)
    norm(conv(image))  # statistics other than the initial ones
    norm.eval()
    torch.testing.assert_close(plain_convolution(conv)(image), conv(image), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(plain_normalisation(norm)(conv(image)), norm(conv(image)), rtol=1e-6, atol=1e-6)


def test_gradients_reach_the_weights() -> None:
    conv = GroupConv2d(P4, 2, 3, 3)
    conv(torch.randn(2, 8, 6, 6)).square().sum().backward()
    assert conv.weight.grad is not None
    assert float(conv.weight.grad.abs().min()) > 0
