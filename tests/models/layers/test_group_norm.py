"""Batch normalisation over a group against torch's own over volumes, in double precision."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from histo_core.models.layers import group_norm
from histo_core.models.layers.group import GROUPS, P4, Group
from histo_core.models.layers.group_norm import LANES, GroupBatchNorm2d

SIDES = {"few": LANES - 13, "many": LANES}
"""Fields for which sums are taken by element, and for which torch's layer is asked."""


def reference(norm: GroupBatchNorm2d) -> nn.BatchNorm3d:
    """The same weights; the elements of a field are the depth of a volume."""
    volume = nn.BatchNorm3d(norm.num_features)
    volume.load_state_dict(copy.deepcopy(norm.state_dict()))
    return volume.double()


def through(volume: nn.BatchNorm3d, maps: Tensor, group: Group) -> Tensor:
    n, channels, height, width = maps.shape
    parts = maps.double().reshape(n, group.size, channels // group.size, height, width).transpose(1, 2)
    return volume(parts).transpose(1, 2).reshape(maps.shape)


@pytest.mark.parametrize("group", GROUPS.values(), ids=lambda group: group.name)
@pytest.mark.parametrize("fields", SIDES.values(), ids=SIDES)
@pytest.mark.parametrize("memory", [torch.channels_last, torch.contiguous_format], ids=["beside", "planes"])
def test_it_is_that_of_all_elements_together(group: Group, fields: int, memory: torch.memory_format) -> None:
    """Away from zero, where sums of squares would lose the digits that matter; statistics after two batches, too."""
    own = GroupBatchNorm2d(group, fields)
    nn.init.normal_(own.weight)
    nn.init.normal_(own.bias)
    expected = reference(own)
    for _ in range(2):
        maps = (torch.randn(4, group.size * fields, 6, 5) * 3 + 10).contiguous(memory_format=memory).requires_grad_()
        given = torch.randn_like(maps)
        result, wanted = own(maps), through(expected, maps, group)
        torch.testing.assert_close(result, wanted.float(), rtol=1e-4, atol=1e-4)
        found = torch.autograd.grad(result, (maps, own.weight, own.bias), given)
        true = torch.autograd.grad(wanted, (maps, expected.weight, expected.bias), given.double())
        for one, other in zip(found, true, strict=True):
            torch.testing.assert_close(one, other.float(), rtol=1e-4, atol=1e-4)
    for name, buffer in own.named_buffers():
        torch.testing.assert_close(buffer, expected.get_buffer(name).to(buffer.dtype), rtol=1e-5, atol=1e-5)
    own.eval()
    expected.eval()
    torch.testing.assert_close(own(maps), through(expected, maps, group).float(), rtol=1e-4, atol=1e-4)


def test_few_fields_are_summed_by_element_and_many_by_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else both halves of the test above would look at the same thing."""
    summed: list[int] = []
    apply = group_norm._ByElement.apply
    monkeypatch.setattr(
        group_norm._ByElement, "apply", lambda maps, *rest: (summed.append(maps.shape[1]), apply(maps, *rest))[1]
    )
    for fields in SIDES.values():
        maps = torch.randn(2, 4 * fields, 6, 6).contiguous(memory_format=torch.channels_last)
        for norm in (GroupBatchNorm2d(P4, fields), GroupBatchNorm2d(P4, fields).eval()):
            norm(maps)
        GroupBatchNorm2d(P4, fields)(maps.contiguous())
        GroupBatchNorm2d(P4, fields).bfloat16()(maps.bfloat16())
    assert summed == [4 * SIDES["few"]]


def test_it_copies_no_channels_last_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What torch's layer is given, and what is given on, lies in the same memory as before."""
    seen, given = [], nn.BatchNorm2d.forward

    def looked_at(self: nn.BatchNorm2d, maps: Tensor) -> Tensor:
        result = given(self, maps)
        seen.extend([maps.data_ptr(), result.data_ptr()])
        return result

    monkeypatch.setattr(nn.BatchNorm2d, "forward", looked_at)
    maps = torch.randn(2, 8, 6, 6).contiguous(memory_format=torch.channels_last)
    result = GroupBatchNorm2d(P4, 2).eval()(maps)
    assert seen == [maps.data_ptr(), result.data_ptr()]
    assert result.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("fields", SIDES.values(), ids=SIDES)
def test_its_result_lies_as_the_maps_do(fields: int) -> None:
    maps = torch.randn(2, 4 * fields, 6, 6).contiguous(memory_format=torch.channels_last).requires_grad_()
    result = GroupBatchNorm2d(P4, fields)(maps)
    assert result.is_contiguous(memory_format=torch.channels_last)
    (gradient,) = torch.autograd.grad(result.square().sum(), maps)
    assert gradient.is_contiguous(memory_format=torch.channels_last)
