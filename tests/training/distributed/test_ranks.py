"""Two processes that share a run against one that does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ranked import carry_out, register_plain

from histo_core.config import ModelConfig, RunConfig, TrainConfig
from histo_core.data.splits.balance import class_weights
from histo_core.errors import ConfigError
from histo_core.models.weights.manifest import read_manifest
from histo_core.models.weights.tensorfile import read_tensors
from histo_core.training.activations import read_activity
from histo_core.training.distributed.process_group import ProcessGroup, find_process_group
from histo_core.training.distributed.shards import BatchSharding

CPU = torch.device("cpu")
HERE = Path(__file__).parent

OPTIONS: dict[str, dict[str, Any]] = {
    # 37 samples: four batches of 8 and one of 5, which is dealt 3 and 2.
    "plain": {},
    "weights": {"balance": "weights", "label_smoothing": 0.1},
    "gathered and weighed": {"balance": "weights", "accumulate": 3},
    "all": {"l1": 1e-3, "accumulate": 2, "clip_norm": 0.1, "average_decay": 0.9, "optimizer": "adamw"},
    "summed": {"loss_sum": True, "optimizer": "sgd", "learning_rate": 1e-3},
    "odd": {"batch_size": 9},
    # Of 14 validation patches the last batch of 13 leaves one, of which the second process has no share.
    "watched": {"activations": True, "batch_size": 13},
}


def changed(config: RunConfig, model: str, **train: Any) -> RunConfig:
    values = {"epochs": 4, "learning_rate": 0.01} | train
    update = {"model": ModelConfig(name=model), "train": config.train.model_copy(update=values)}
    return config.model_copy(update=update)


def plan(config: RunConfig, folder: Path, *, stop_after: int | None = None, broken: bool = False) -> dict[str, Any]:
    told = config.model_dump(mode="json")
    return {"config": told, "folder": str(folder), "stop_after": stop_after, "broken": broken}


def together(plans: list[dict[str, Any]], file: Path, count: int = 2) -> list[list[dict[str, Any]]]:
    """What each of some processes saw of each plan."""
    file.write_text(json.dumps(plans))
    alike = {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count), "OMP_NUM_THREADS": "1"}
    path = {"PYTHONPATH": f"{HERE.parents[2]}:{HERE.parent}", "GLOO_SOCKET_IFNAME": "lo"}
    processes = [
        subprocess.Popen(
            [sys.executable, str(HERE / "ranked.py"), str(file)],
            env=os.environ | alike | path | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(count)
    ]
    assert [process.wait(timeout=300) for process in processes] == [0] * count
    return [json.loads(Path(f"{file}.{rank}.json").read_text()) for rank in range(count)]


def of(result: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [event for event in result["events"] if event["kind"] == kind]


def step_losses(result: dict[str, Any], size: int) -> list[float]:
    """Of each batch by itself, out of the running means that are told of 37 samples."""
    losses: list[float] = []
    total = 0.0
    for event in of(result, "BatchDone"):
        before, done = (event["batch"] - 1) * size, min(event["batch"] * size, 37)
        total = total if before else 0.0
        losses.append((event["loss"] * done - total) / (done - before))
        total = event["loss"] * done
    return losses


def last_tensors(folder: Path) -> dict[str, torch.Tensor]:
    manifest = read_manifest(folder / "checkpoint")
    return read_tensors(folder / "checkpoint" / manifest.last.file, manifest.last.sha256)[0]


def end(folder: Path) -> tuple[dict[str, bytes], str]:
    tensors = {name: tensor.numpy().tobytes() for name, tensor in last_tensors(folder).items()}
    return tensors, read_manifest(folder / "checkpoint").best.sha256


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ranks")


@pytest.fixture(scope="module")
def results(config: RunConfig, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """All that two processes are asked to do, in one go: starting them takes longer than the rest."""
    plans = {name: plan(changed(config, "plain", devices=2, **train), folder / name) for name, train in OPTIONS.items()}
    frozen = {"backbone": "frozen", "unfreeze_after": 2, "devices": 2}
    plans["frozen"] = plan(changed(config, "plain", **frozen), folder / "frozen")
    drops = changed(config, "cnn_rnn", epochs=2, devices=2)
    plans["whole"] = plan(drops, folder / "whole")
    plans["stopped"] = plan(drops, folder / "parts", stop_after=3)
    plans["goes on"] = plan(drops, folder / "parts")
    plans["shorter"] = plan(changed(config, "plain", epochs=2, devices=2), folder / "other number")
    plans["broken"] = plan(drops, folder / "broken", broken=True)
    seen = together(list(plans.values()), folder / "plan.json")
    return {name: [process[number] for process in seen] for number, name in enumerate(plans)}


@pytest.mark.parametrize("name", [*OPTIONS, "frozen"])
def test_losses_are_those_of_one_device(name: str, results, config: RunConfig, folder: Path) -> None:
    """Twenty steps, the last batch of each epoch uneven; losses and weights may drift apart by rounding only."""
    register_plain()
    train = OPTIONS.get(name) or ({"backbone": "frozen", "unfreeze_after": 2} if name == "frozen" else {})
    alone = carry_out(plan(changed(config, "plain", **train), folder / f"{name} alone"))
    shared = results[name][0]
    assert (alone["error"], shared["error"]) == ("", "")
    size = train.get("batch_size", 8)
    of_alone, of_shared = step_losses(alone, size), step_losses(shared, size)
    assert len(of_alone) == {"odd": 16, "watched": 12}.get(name, 20)
    assert of_shared == pytest.approx(of_alone, abs=1e-5, rel=0)
    for one, two in zip(of(alone, "EpochDone"), of(shared, "EpochDone"), strict=True):
        assert one["train_auroc"] is not None
        assert {key for key in one if one[key] is None} == {key for key in two if two[key] is None}
        for field in (key for key in one.keys() - {"kind", "seconds", "best"} if one[key] is not None):
            assert two[field] == pytest.approx(one[field], abs=1e-5, rel=0)
    weights, others = (last_tensors(folder / where) for where in (f"{name} alone", name))
    for tensor in (key for key in weights if key.startswith(("model.", "average."))):
        torch.testing.assert_close(others[tensor], weights[tensor], atol=1e-5, rtol=0)
    seen, expected = (read_activity(folder / where) for where in (name, f"{name} alone"))
    assert len(seen) == len(expected) == (4 if name == "watched" else 0)
    for one, two in zip(seen, expected, strict=True):
        assert [(layer.units, layer.never_active) for layer in one.layers] == [
            (layer.units, layer.never_active) for layer in two.layers
        ]
        assert [sum(layer.counts) for layer in one.layers] == [sum(layer.counts) for layer in two.layers]
        assert [layer.total for layer in one.layers] == pytest.approx([layer.total for layer in two.layers], rel=1e-4)


def test_only_the_first_process_tells_anything(results) -> None:
    first, second = results["whole"]
    assert len(first["events"]) == 1 + 2 * 6 + 1
    assert second["events"] == []
    assert second["error"] == ""


def test_all_stop_when_one_is_asked_and_go_on_bit_for_bit(results, folder: Path) -> None:
    """Dropout and batch normalisation on; the second process alone was asked, after three batches."""
    assert of(results["stopped"][0], "Stopped") == [{"kind": "Stopped", "epoch": 0, "batch": 3}]
    assert of(results["goes on"][0], "Started")[0]["batch"] == 3
    assert end(folder / "parts") == end(folder / "whole")
    whole, after = (of(results[name][0], "EpochDone") for name in ("whole", "goes on"))
    assert [one | {"seconds": 0} for one in after] == [one | {"seconds": 0} for one in whole]
    assert whole[0]["train_auroc"] is not None
    names = end(folder / "whole")[0]
    assert names["random.cpu"] != names["random.cpu.1"]


def test_another_number_of_devices_goes_on_from_the_checkpoint(results, config: RunConfig, folder: Path) -> None:
    register_plain()
    assert of(results["shorter"][0], "Finished")
    alone = carry_out(plan(changed(config, "plain"), folder / "other number"))
    expected = of(results["plain"][0], "EpochDone")[-1]["valid_loss"]
    assert of(alone, "EpochDone")[-1]["valid_loss"] == pytest.approx(expected, abs=1e-4)


def test_a_failure_of_one_ends_all(results) -> None:
    first, second = results["broken"]
    assert second["error"] == "DataError: A patch is broken."
    assert first["error"]
    assert first["seconds"] < 60


@pytest.mark.parametrize(("samples", "count"), [(8, 2), (5, 2), (7, 3), (2, 3)])
def test_shares_cover_a_batch_in_order(samples: int, count: int) -> None:
    shares = [ProcessGroup(CPU, rank, count).share(samples) for rank in range(count)]
    assert np.concatenate([np.arange(samples)[share] for share in shares]).tolist() == list(range(samples))
    assert max(share.stop - share.start for share in shares) - min(share.stop - share.start for share in shares) <= 1


@pytest.mark.parametrize("balance", ["none", "weights"])
def test_parts_add_up_to_the_batchs_mean(balance: str) -> None:
    """By hand, for a batch with fewer samples than processes: the third computes for nothing."""
    rows, labels = np.array([4, 2, 7, 9, 5, 1]), np.array([0, 0, 0, 0, 1, 1])
    order, config = np.array([7, 1, 4, 2, 5, 9]), TrainConfig(batch_size=4, balance=balance)
    shardings = [
        BatchSharding(ProcessGroup(CPU, rank, 3), config, rows, labels, n_classes=2).of_epoch(order, batches=2)
        for rank in range(3)
    ]
    weights = dict(zip(rows.tolist(), class_weights(labels, 2)[labels].tolist(), strict=True))
    if balance == "none":
        weights = dict.fromkeys(weights, 1.0)
    for batch, members in enumerate(([7, 1, 4, 2], [5, 9])):
        shards = [shard[batch] for shard in shardings]
        assert [shard.samples for shard in shards] == [len(members)] * 3
        whole = sum(weights[row] for row in members)
        expected = [sum(weights[row] for row in order[shard.places]) / whole for shard in shards]
        if batch == 1:
            assert order[shards[2].places].tolist() == [5]
            expected[2] = 0
        assert [shard.weight for shard in shards] == pytest.approx(expected)
        assert sum(shard.weight for shard in shards) == pytest.approx(1)


def test_processes_that_do_not_fit_the_configuration_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match="2 devices were chosen, and 1 process started"):
        find_process_group(TrainConfig(device="cpu", devices=2))
    with pytest.raises(ConfigError, match="A batch of 2 cannot be shared by 3"):
        find_process_group(TrainConfig(device="cpu", devices=3, batch_size=2))
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "3")
    assert find_process_group(TrainConfig(device="cpu")) == ProcessGroup(CPU)
    assert find_process_group(TrainConfig(device="cpu", devices=4)) == ProcessGroup(CPU, rank=3, count=4)
