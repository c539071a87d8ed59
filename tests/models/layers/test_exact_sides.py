"""At which sides networks over groups are exact: what is computed from their layers is what turned patches show."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from histo_core.config import ModelConfig
from histo_core.errors import UnknownNameError
from histo_core.models.layers.equivariance import equivariance, inexact
from histo_core.models.layers.group import P4, P4M, GroupPool
from histo_core.models.registry import MODELS, build_network

NETWORKS: list[tuple[str, dict[str, Any], list[int]]] = [
    ("gcnn_p4", {"fields": (1, 1, 2), "layers": 1}, list(range(8, 26))),
    ("gcnn_p4m", {"fields": (1, 1, 2), "layers": 1}, list(range(8, 26))),
    ("p4m_densenet", {"growth": 1, "blocks": 4}, [32, 33, 36, 39, 40, 41, 48]),
    ("p4m_densenet", {"growth": 1, "blocks": 2}, [32, 33, 34, 35]),
    ("p4m_resnet", {"fields": (1, 1, 1, 2)}, [32, 33, 40, 47, 48, 49]),
    ("all_gcnn", {"width": 0.01, "layers": 9}, [94, 95, 96, 97, 98, 102, 110]),
    ("all_gcnn", {"width": 0.01, "layers": 17}, [94, 95, 96, 110, 126]),
    ("gcnn", {"width": 0.01}, list(range(32, 42))),
]


def deviation(name: str, options: dict[str, Any], side: int) -> float:
    """The greatest change of what should stay, or turn, over all symmetries, relative to its largest value."""
    torch.manual_seed(0)
    network = build_network(ModelConfig(name=name, options=options), 2, (side, side)).double()
    image = torch.randn(2, 3, side, side, dtype=torch.float64)
    network(image)
    network.eval()
    group = P4M if "p4m" in name else P4
    # What turns is the flat network's last map, after the greatest value over the turns.
    of = nn.Sequential(network.get_submodule("features"), GroupPool(P4)) if name == "gcnn" else network
    expected = of(image)
    changes = [
        of(group.act(element, image)) - (group.act(element, expected) if name == "gcnn" else expected)
        for element in range(1, group.size)
    ]
    return max(float(change.abs().max()) for change in changes) / float(expected.abs().max())


@pytest.mark.parametrize(("name", "options", "sides"), NETWORKS)
@torch.no_grad()
def test_a_side_is_exact_where_turned_patches_show_it(name: str, options: dict[str, Any], sides: list[int]) -> None:
    exact = []
    for side in sides:
        known = equivariance(ModelConfig(name=name, options=options), side)
        assert known is not None
        assert known.exact == (deviation(name, options, side) < 1e-10), side
        exact += [side] * known.exact
    assert 0 < len(exact) < len(sides)
    for side in sides:  # what is offered is the nearest of them
        known = equivariance(ModelConfig(name=name, options=options), side)
        assert known is not None
        assert known.smaller == max((near for near in exact if near < side), default=None)
        if any(near > side for near in exact):
            assert known.larger == min(near for near in exact if near > side)


@pytest.mark.parametrize(
    ("name", "side", "found"),
    [
        ("gcnn_p4", 96, ("p4", True, 88, 104, True)),
        ("gcnn_p4m", 90, ("p4m", False, 88, 96, True)),
        ("p4m_resnet", 101, ("p4m", False, 96, 112, True)),
        ("all_gcnn", 96, ("p4", False, 94, 126, True)),
        ("gcnn", 98, ("p4", False, 96, 100, False)),
    ],
)
def test_the_sides_by_hand(name: str, side: int, found: tuple[str, bool, int, int, bool]) -> None:
    """Three pools of 2; an even side, then three pools; 94 - 2, 46 - 2, 22 - 2, ... over 2; (h - 4) / 2 - 4 even."""
    known = equivariance(ModelConfig(name=name), side)
    assert known is not None
    assert (known.group, known.exact, known.smaller, known.larger, known.same_answer) == found


def test_plain_networks_and_sides_that_cannot_be_have_none() -> None:
    for name in ("cnn_plain", "cnn_narrow", "all_cnn"):
        assert equivariance(ModelConfig(name=name), 96) is None
        assert inexact(ModelConfig(name=name), (97, 96)) == ""
    assert equivariance(ModelConfig(name="gcnn_p4"), MODELS["gcnn_p4"].smallest_input - 1) is None
    assert equivariance(ModelConfig(name="gcnn_p4", options={"layers": 0}), 96) is None
    with pytest.raises(UnknownNameError):
        equivariance(ModelConfig(name="gcnn_p5"), 96)


def test_the_words_name_the_side_and_those_that_are_exact() -> None:
    note = inexact(ModelConfig(name="gcnn_p4m"), (90, 96))
    assert "At 90 pixels the symmetry is not exact" in note
    assert "At 88 or 96 the answer for a patch that is turned or mirrored stays the same" in note
    assert inexact(ModelConfig(name="gcnn_p4m"), (88, 96)) == ""
    assert "the answer does not stay" in inexact(ModelConfig(name="gcnn"), (90, 90))
    assert str(equivariance(ModelConfig(name="gcnn_p4"), 96)).endswith("stays the same, to rounding.")
