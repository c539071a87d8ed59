import pytest

from histo_core.errors import UnknownNameError
from histo_core.registry import Registry


@pytest.fixture
def networks() -> Registry[int]:
    registry: Registry[int] = Registry("model")
    registry.add("resnet18", 18)
    registry.register("resnet34")(34)
    return registry


def test_members_keep_their_order(networks: Registry[int]) -> None:
    assert list(networks) == ["resnet18", "resnet34"]
    assert dict(networks.items()) == {"resnet18": 18, "resnet34": 34}
    assert "resnet18" in networks
    assert len(networks) == 2


def test_a_name_is_taken_once(networks: Registry[int]) -> None:
    with pytest.raises(ValueError, match="'resnet18' is already registered"):
        networks.add("resnet18", 0)


def test_an_unknown_name_lists_the_choices_and_the_nearest(networks: Registry[int]) -> None:
    with pytest.raises(
        UnknownNameError, match=r"Unknown model 'resnet8'. Known: resnet18, resnet34. Did you mean 'resnet18'\?"
    ):
        networks["resnet8"]
