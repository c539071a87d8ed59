"""What rectifiers did in validation: by hand, in the real loop, and as it lies in the run's folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from histo_core.config import ModelConfig, RunConfig, TrainConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import CheckpointError
from histo_core.models.registry import build_model
from histo_core.models.weights.manifest import read_manifest
from histo_core.models.weights.tensorfile import read_tensors
from histo_core.training import session
from histo_core.training.activation_recorder import ActivationRecorder
from histo_core.training.activations import (
    EDGES,
    FILE,
    EpochActivity,
    LayerActivity,
    append_activity,
    in_words,
    last_activity,
    read_activity,
)
from histo_core.training.distributed.process_group import ProcessGroup
from histo_core.training.events import EpochDone

CPU = torch.device("cpu")


class Net(nn.Module):
    """Rectifies by a module twice, by a function, and behind a linear layer over the last axis of a map."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu = nn.Conv2d(3, 4, 1), nn.ReLU(inplace=True)
        self.mix, self.wide = nn.Conv2d(4, 2, 1), nn.Linear(2, 5)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.relu(self.mix(self.relu(self.conv(images))))
        wide = F.gelu(self.wide(maps.movedim(1, -1)))
        return F.leaky_relu(wide.mean(dim=(1, 2)) - 0.1)


def recorded(network: nn.Module, *batches: Tensor) -> tuple[LayerActivity, ...]:
    recorder = ActivationRecorder(network, ProcessGroup(CPU))
    with torch.inference_mode():
        for batch in batches:
            with recorder.watching():
                network(batch)
    return recorder.result(0).layers


def expected(layer: str, outputs: np.ndarray) -> LayerActivity:
    """By numpy, of outputs [n, units]."""
    never = int((outputs <= 0).all(axis=0).sum())
    # Above one edge up to the next: numpy's own bins are closed on the other side.
    counts = np.histogram(-outputs.ravel(), np.concatenate([[-np.inf], -np.array(EDGES, np.float32)[::-1], [np.inf]]))
    sums = (pytest.approx(outputs.sum(), rel=1e-5), pytest.approx((outputs.astype(float) ** 2).sum(), rel=1e-5))
    return LayerActivity(
        layer, outputs.shape[1], never, outputs.min(), outputs.max(), *sums, tuple(counts[0][::-1].tolist())
    )


def test_units_and_histograms_are_numpys_over_all_batches() -> None:
    torch.manual_seed(1)
    network, images = Net().eval(), torch.randn(7, 3, 5, 6)
    with torch.no_grad():
        network.conv.bias[2] = -9.0  # a unit that is never active
        first = network.conv(images).relu()
        second = network.mix(first).relu()
        third = F.gelu(network.wide(second.movedim(1, -1)))
        last = F.leaky_relu(third.mean(dim=(1, 2)) - 0.1)
    found = recorded(network, images[:4], images[4:])
    rows = [first.movedim(1, -1), second.movedim(1, -1), third, last]
    names = ["relu", "relu #2", "the network itself", "the network itself #2"]
    assert [one.layer for one in found] == names
    for one, name, values in zip(found, names, rows, strict=True):
        assert one == expected(name, values.reshape(-1, values.shape[-1]).numpy())
    assert found[0].never_active >= 1
    assert found[0].zero_share == pytest.approx((first == 0).double().mean().item())


def test_a_unit_that_one_batch_alone_makes_active_is_active() -> None:
    network = nn.Sequential(nn.Linear(1, 2), nn.ReLU())
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[1.0], [0.0]]))
        network[0].bias.zero_()
    down, up = torch.full((3, 1), -1.0), torch.tensor([[-1.0], [2.0]])
    assert recorded(network, down)[0].never_active == 2
    assert recorded(network, up, down)[0].never_active == 1


def test_a_leaky_rectifier_that_leaks_only_is_not_active() -> None:
    assert recorded(nn.LeakyReLU(0.2), torch.full((2, 3), -1.0))[0].never_active == 3


@pytest.mark.parametrize(
    ("name", "layers", "units"),
    [
        ("cnn_rnn", 3, 84),
        ("resnet18", 17, 3904),  # 64 + 4 x 64 + 4 x 128 + 4 x 256 + 4 x 512
        ("p4m_resnet", 9, 992),
        ("googlenet", 57, 7280),  # its rectifiers are functions
    ],
)
def test_every_rectifier_of_a_family_is_seen_and_changes_nothing(name: str, layers: int, units: int) -> None:
    torch.manual_seed(0)
    network, images = build_model(ModelConfig(name=name), 2, (32, 32)).eval(), torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        plain = network(images)
        recorder = ActivationRecorder(network, ProcessGroup(CPU))
        with recorder.watching():
            watched = network(images)
    assert torch.equal(watched, plain)
    found = recorder.result(0).layers
    assert (len(found), sum(layer.units for layer in found)) == (layers, units)


def test_hooks_are_gone_after_an_error() -> None:
    class Torn(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            raise ValueError("torn")

    network = nn.Sequential(nn.ReLU(), Torn())
    recorder = ActivationRecorder(network, ProcessGroup(CPU))
    with pytest.raises(ValueError, match="torn"), recorder.watching():
        network(torch.ones(1, 2))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())
    torch.relu(torch.ones(1))
    assert [layer.layer for layer in recorder.result(0).layers] == ["0"]


class Pair(ProcessGroup):
    """One of two processes; the other says what it is told here."""

    said: list[Tensor]

    def total(self, value: Tensor) -> Tensor:
        return value.add_(self.said.pop(0))

    def rows(self, own: Tensor) -> Tensor:
        return torch.stack([own, self.said.pop(0)])


def test_two_processes_together_are_one() -> None:
    """The second's share is worked out by numpy; it has the one patch that makes a unit active."""
    network = nn.Sequential(nn.Linear(1, 2), nn.ReLU())
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[1.0], [-1.0]]))
        network[0].bias.zero_()
    first, second = torch.tensor([[1.0], [3.0]]), torch.tensor([[-2.0]])
    whole = recorded(network, torch.cat([first, second]))[0]
    theirs = expected("1", np.array([[0.0, 2.0]], np.float32))
    ranks = Pair(CPU, rank=0, count=2)
    object.__setattr__(
        ranks,
        "said",
        [
            torch.tensor([0, 1]),
            torch.tensor([theirs.low, -theirs.high]),
            torch.tensor([2.0, 4.0], dtype=torch.float64),
            torch.tensor(theirs.counts),
        ],
    )
    recorder = ActivationRecorder(network, ranks)
    with torch.inference_mode(), recorder.watching():
        network(first)
    with torch.inference_mode(), recorder.watching(counts=False):
        network(torch.full((1, 1), 99.0))
    assert recorder.result(0).layers[0] == whole
    assert (whole.never_active, whole.high) == (0, 3.0)


def watched(config: RunConfig, **train: object) -> RunConfig:
    return config.model_copy(update={"train": TrainConfig(**config.train.model_dump() | {"activations": True} | train)})


def test_the_loop_writes_each_epochs_line_of_the_validated_network(fit_dots, dots, split, config, tmp_path) -> None:
    """The last line is what the averaged network, read back from the checkpoint, does on the validation set."""
    config = watched(config, average_decay=0.5, epochs=2)
    events = list(fit_dots(tmp_path, config=config))
    found = read_activity(tmp_path)
    assert [one.epoch for one in found] == [0, 1]
    assert last_activity(tmp_path) == found[-1]
    network = build_model(config.model, 2, (16, 16)).eval()
    checkpoint = tmp_path / "checkpoint"
    tensors = read_tensors(checkpoint / read_manifest(checkpoint).last.file)[0]
    network.load_state_dict(
        {name.removeprefix("average."): tensor for name, tensor in tensors.items() if name.startswith("average.")}
    )
    rows = split.indices("valid")
    again = recorded(network, Preprocess(config.preprocess)(dots.read(rows)))
    for one, other in zip(found[-1].layers, again, strict=True):
        assert (one.layer, one.units, one.never_active) == (other.layer, other.units, other.never_active)
        assert sum(one.counts) == sum(other.counts)
        assert (one.low, one.high) == pytest.approx((other.low, other.high), rel=1e-5)
        assert one.total == pytest.approx(other.total, rel=1e-5)
    assert sum(isinstance(event, EpochDone) for event in events) == 2


def test_recording_changes_no_weight_and_is_off_unless_asked_for(fit_dots, config, tmp_path) -> None:
    list(fit_dots(tmp_path / "off"))
    list(fit_dots(tmp_path / "on", config=watched(config)))
    best = [next((tmp_path / name / "checkpoint").glob("best.*")).read_bytes() for name in ("off", "on")]
    assert best[0] == best[1]
    assert not (tmp_path / "off" / FILE).exists()
    assert (tmp_path / "on" / FILE).exists()


def test_after_a_kill_between_the_line_and_the_checkpoint_each_epoch_has_one_line(
    fit_dots, config, tmp_path, monkeypatch
) -> None:
    list(fit_dots(tmp_path / "whole", config=watched(config)))

    class KilledError(Exception):
        pass

    def torn(folder: Path, activity: EpochActivity) -> None:
        append_activity(folder, activity)
        if activity.epoch == 1:
            raise KilledError

    monkeypatch.setattr(session, "append_activity", torn)
    with pytest.raises(KilledError):
        list(fit_dots(tmp_path / "run", config=watched(config)))
    monkeypatch.setattr(session, "append_activity", append_activity)
    list(fit_dots(tmp_path / "run", config=watched(config)))
    assert len((tmp_path / "run" / FILE).read_text().splitlines()) == 3
    assert read_activity(tmp_path / "run") == read_activity(tmp_path / "whole")


def test_it_may_be_switched_on_half_way(fit_dots, config, tmp_path) -> None:
    train = {"epochs": 1}
    list(fit_dots(tmp_path, config=config.model_copy(update={"train": config.train.model_copy(update=train)})))
    list(fit_dots(tmp_path, config=watched(config, epochs=2)))
    assert [one.epoch for one in read_activity(tmp_path)] == [1]


def test_off_it_leaves_a_configurations_hash_as_it_was() -> None:
    """A run of a version before it is the same run."""
    assert "activations" not in RunConfig().to_yaml()
    on = RunConfig(train=TrainConfig(activations=True))
    assert RunConfig.from_yaml(on.to_yaml()) == on
    assert on.hash("d") != RunConfig().hash("d")


def test_a_disk_that_refuses_is_told(tmp_path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(CheckpointError, match="The activations could not be written"):
        append_activity(tmp_path, EpochActivity(0, ()))


def test_torn_lines_and_those_of_other_bins_are_left_out(tmp_path) -> None:
    layer = LayerActivity("a", 2, 1, 0.0, 1.0, 1.0, 1.0, (1,) * (len(EDGES) + 1))
    append_activity(tmp_path, EpochActivity(0, (layer,)))
    with (tmp_path / FILE).open("a") as file:
        file.write('{"epoch": 1, "edges": [0.0], "layers": []}\n{"epoch": 2, "edg')
    assert read_activity(tmp_path) == [EpochActivity(0, (layer,))]
    assert last_activity(tmp_path) is None
    assert last_activity(tmp_path / "nowhere") is None


def test_in_words() -> None:
    counts = (0,) * (len(EDGES) + 1)
    layers = [LayerActivity(name, 10, never, 0.0, 1.0, 1.0, 1.0, counts) for name, never in (("a", 1), ("b", 4))]
    assert in_words(EpochActivity(2, tuple(layers))) == (
        "After epoch 3, 5 of 20 units were never active in validation; the largest share is in b: 4 of 10."
    )
    alive = LayerActivity("a", 3, 0, 0.0, 1.0, 1.0, 1.0, counts)
    assert in_words(EpochActivity(0, (alive,))) == (
        "After epoch 1, each of the 3 units was active for some validation patch."
    )
    assert "no rectifier" in in_words(EpochActivity(0, ()))
