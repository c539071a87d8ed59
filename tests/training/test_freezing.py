from __future__ import annotations

import pytest
import torch
from torch import nn

from histo_core.config import ModelConfig, TrainConfig
from histo_core.models.registry import MODELS, build_network
from histo_core.training.freezing import below, enter_epoch

FROZEN = TrainConfig(backbone="frozen", unfreeze_after=2)


def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    return build_network(ModelConfig(name=name), 2, (64, 64))


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "convnext_tiny", "googlenet", "cnn_rnn"])
def test_only_classifiers_learn_while_the_backbone_is_frozen(name: str) -> None:
    model, heads = network(name), MODELS[name].heads
    enter_epoch(model, heads, FROZEN, epoch=1)
    learning = {key for key, weight in model.named_parameters() if weight.requires_grad}
    assert learning == {key for key, _ in model.named_parameters() if below(key, heads)}
    assert 0 < len(learning) < len(list(model.parameters()))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    outputs = model(torch.randn(4, 3, 64, 64))
    logits = outputs if isinstance(outputs, torch.Tensor) else torch.cat(list(outputs))
    logits.square().sum().backward()
    torch.optim.SGD(model.parameters(), 0.1).step()
    changed = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert changed
    assert all(below(key, heads) for key in changed), "neither weights nor statistics of the backbone"


def test_auxiliary_classifiers_still_answer_under_a_frozen_backbone() -> None:
    model = network("googlenet")
    enter_epoch(model, MODELS["googlenet"].heads, FROZEN, epoch=0)
    assert len(model(torch.randn(2, 3, 64, 64))) == 3


@pytest.mark.parametrize(
    ("name", "side", "layers"),
    [("inception_v3", 299, {"fc", "AuxLogits.fc"}), ("googlenet", 96, {"fc", "aux1.fc2", "aux2.fc2"})],
)
def test_a_frozen_network_of_parallel_paths_trains_its_linear_layers_to_the_classes_alone(
    name: str, side: int, layers: set[str]
) -> None:
    """Auxiliary classifiers have convolutions of their own, which belong to the backbone."""
    with torch.device("meta"):
        model = build_network(ModelConfig(name=name), 2, (side, side))
    enter_epoch(model, MODELS[name].heads, TrainConfig(backbone="frozen"), epoch=0)
    learning = {key for key, weight in model.named_parameters() if weight.requires_grad}
    assert learning == {f"{layer}.{tensor}" for layer in layers for tensor in ("weight", "bias")}
    changeable = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d | nn.Dropout)]
    assert changeable
    assert not any(layer.training for layer in changeable), "no new statistics, and nothing is dropped out"
    enter_epoch(model, MODELS[name].heads, TrainConfig(), epoch=0)
    assert all(layer.training for layer in model.modules())


def test_it_thaws_after_its_epochs_and_never_without() -> None:
    model = network("resnet18")
    for config, epoch, thawed in (
        (FROZEN, 1, False),
        (FROZEN, 2, True),
        (TrainConfig(backbone="frozen"), 99, False),
        (FROZEN, 2, True),
    ):
        model.eval()
        enter_epoch(model, ("fc",), config, epoch)
        assert model.conv1.weight.requires_grad is thawed
        assert model.bn1.training is thawed
        assert model.fc.training


def test_a_trained_backbone_keeps_what_the_network_itself_holds_fixed() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)).eval()
    model[0].weight.requires_grad_(requires_grad=False)
    enter_epoch(model, ("1",), TrainConfig(), epoch=0)
    assert model[0].training
    assert not model[0].weight.requires_grad


def test_a_prefix_is_a_whole_name() -> None:
    assert below("fc.weight", ("fc",))
    assert not below("fc1.weight", ("fc",))
