"""The loop against a plain one written here, and against itself interrupted."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score, roc_auc_score
from torch import nn

from histo_core.config import AugmentConfig, ModelConfig, RunConfig
from histo_core.data.splits.split import Split
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import CheckpointError, ConfigError, SplitError, TrainingError
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import build_model
from histo_core.models.weights.manifest import read_manifest
from histo_core.models.weights.tensorfile import read_tensors
from histo_core.training import loop, setup
from histo_core.training.batches import Batches
from histo_core.training.data_order import epoch_order
from histo_core.training.events import BatchDone, EpochDone, Event, Finished, Started, Stopped

RATES = (precision_score, recall_score, f1_score)


def epochs(events: Iterable[Event]) -> dict[int, EpochDone]:
    """The last `EpochDone` of each epoch, without its wall time."""
    return {event.epoch: dataclasses.replace(event, seconds=0) for event in events if isinstance(event, EpochDone)}


def end(folder: Path) -> tuple[dict[str, bytes], str]:
    """Bytes of each tensor of the last state, and the hash of the best weights' file."""
    checkpoint = folder / "checkpoint"
    manifest = read_manifest(checkpoint)
    tensors, _ = read_tensors(checkpoint / manifest.last.file, manifest.last.sha256)
    return {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}, manifest.best.sha256


def stop_after(batches: int) -> Callable[[], bool]:
    """Says yes from the given question on; one is asked after each batch of training and validation."""
    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return asked >= batches

    return should_stop


@pytest.fixture(scope="module")
def whole(fit_dots, tmp_path_factory) -> tuple[list[Event], Path]:
    """A run that nobody interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    return list(fit_dots(folder)), folder


def test_events_tell_the_whole_run(whole) -> None:
    events, _ = whole
    assert events[0] == Started(0, 0, 3, 5, 37, 14, "cpu", 1)
    assert [(event.epoch, event.batch) for event in events if isinstance(event, BatchDone)] == [
        (epoch, batch) for epoch in range(3) for batch in range(1, 6)
    ]
    done = epochs(events)
    best = min(done.values(), key=lambda event: event.valid_loss)
    assert events[-1] == Finished(best.epoch, best.valid_loss)
    lowest = math.inf
    for event in done.values():
        assert event.best == (event.valid_loss < lowest)
        lowest = min(lowest, event.valid_loss)


@contextmanager
def one_thread() -> Iterator[None]:
    """As the configuration asks: sums over two threads differ in their last digits."""
    count = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(count)


def test_equals_a_plain_loop(fit_dots, dots, split, config, tmp_path) -> None:
    """Same weights, order and dropout, and nothing of Fabric or of ours but the network."""
    config = config.model_copy(update={"augment": AugmentConfig(flips=False, quarter_turns=False, jitter=0)})
    events = list(fit_dots(tmp_path / "run", config=config))
    preprocess, labels = Preprocess(config.preprocess), torch.from_numpy(dots.table["label"].to_numpy(copy=True))
    with torch.random.fork_rng(devices=[]), one_thread():
        torch.manual_seed(config.seed)
        # Dropout draws in the order of memory.
        model = build_model(config.model, 2, (16, 16)).to(memory_format=torch.channels_last)
        optimizer = torch.optim.Adam(model.parameters(), lr=config.train.learning_rate, fused=True)
        train, valid = split.indices("train"), split.indices("valid")
        for epoch in range(3):
            model.train()
            order, losses, given = epoch_order(train, labels[train].numpy(), config, epoch), [], []
            for start in range(0, 37, 8):
                rows = order[start : start + 8]
                given.append(model(preprocess(dots.read(rows))))
                loss = F.cross_entropy(given[-1], labels[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses += [loss.item()] * len(rows)
            model.eval()
            with torch.no_grad():
                logits = model(preprocess(dots.read(valid)))
            done = epochs(events)[epoch]
            assert done.train_loss == pytest.approx(np.mean(losses), rel=1e-6)
            assert done.valid_loss == pytest.approx(F.cross_entropy(logits, labels[valid]).item(), rel=1e-6)
            assert told(done, "valid") == pytest.approx(scikit_learns(logits, labels[valid]), rel=1e-6)
            assert told(done, "train") == pytest.approx(scikit_learns(torch.cat(given), labels[order]), rel=1e-6)
            assert not done.macro


def told(done: EpochDone, split_set: str) -> list[float | None]:
    return [getattr(done, f"{split_set}_{name}") for name in ("accuracy", "auroc", "precision", "recall", "f1")]


def scikit_learns(logits: torch.Tensor, labels: torch.Tensor) -> list[float]:
    """The same scores of two classes; the second is the positive one."""
    truth, answers = labels.numpy(), logits.detach().argmax(1).numpy()
    area = roc_auc_score(truth, logits.detach().double().softmax(1)[:, 1].numpy())
    return [accuracy_score(truth, answers), area, *(rate(truth, answers) for rate in RATES)]


def test_it_learns(fit_dots, config, tmp_path) -> None:
    longer = config.model_copy(update={"train": config.train.model_copy(update={"epochs": 12})})
    assert list(epochs(fit_dots(tmp_path / "run", config=longer)).values())[-1].valid_auroc > 0.9


# 1 and 3: inside the first epoch; 5: at its last batch; 6 and 7: in its validation; 8: the second's first batch.
@pytest.mark.parametrize("asked", [1, 3, 5, 6, 7, 8, 13, 20])
def test_stopped_and_resumed_equals_whole_bit_for_bit(whole, fit_dots, tmp_path, asked: int) -> None:
    events, reference = whole
    folder = tmp_path / "run"
    before = list(fit_dots(folder, should_stop=stop_after(asked)))
    assert isinstance(before[-1], Stopped)
    torch.rand(5)  # what the process does in between must not matter
    after = list(fit_dots(folder))
    assert (after[0].epoch, after[0].batch) == (before[-1].epoch, before[-1].batch)
    assert epochs(before + after) == epochs(events)
    assert after[-1] == events[-1]
    assert end(folder) == end(reference)


@pytest.mark.parametrize("balance", ["weights", "sampler", "enlarge"])
def test_balanced_classes_resume_bit_for_bit(fit_dots, config, tmp_path, balance: str) -> None:
    """Enlarged, 37 rows take 44 places; stopped inside the second epoch."""
    train = {"epochs": 2, "balance": balance, "enlarge_to": 22 if balance == "enlarge" else None}
    changed = config.model_copy(
        update={"train": config.train.model_copy(update=train), "augment": AugmentConfig(jitter=0.2, hue=0.1)}
    )
    events = list(fit_dots(tmp_path / "whole", config=changed))
    assert events[0].batches == (6 if balance == "enlarge" else 5)
    before = list(fit_dots(tmp_path / "run", config=changed, should_stop=stop_after(events[0].batches + 2 + 3)))
    after = list(fit_dots(tmp_path / "run", config=changed))
    assert (before[-1].epoch, before[-1].batch) == (after[0].epoch, after[0].batch) == (1, 3)
    assert epochs(before + after) == epochs(events)
    assert end(tmp_path / "run") == end(tmp_path / "whole")
    assert end(tmp_path / "whole")[0] != end_without_balance(fit_dots, changed, tmp_path)


def end_without_balance(fit_dots, config: RunConfig, folder: Path) -> dict[str, bytes]:
    train = config.train.model_copy(update={"balance": "none", "enlarge_to": None})
    list(fit_dots(folder / "plain", config=config.model_copy(update={"train": train})))
    return end(folder / "plain")[0]


def test_stopped_again_and_again_equals_whole(whole, fit_dots, tmp_path) -> None:
    events, reference = whole
    seen: list[Event] = []
    while not (seen and isinstance(seen[-1], Finished)):
        # Validation takes two batches, so three questions always lead one step further.
        seen += list(fit_dots(tmp_path / "run", should_stop=stop_after(3)))
    assert epochs(seen) == epochs(events)
    assert end(tmp_path / "run") == end(reference)


@pytest.mark.parametrize("taken", [1, 4, 8, 14, 19])
def test_killed_and_resumed_equals_whole(whole, fit_dots, tmp_path, taken: int) -> None:
    """A kill saves nothing: training goes on from the last finished epoch."""
    events, reference = whole
    killed = fit_dots(tmp_path / "run")
    before = [next(killed) for _ in range(taken)]
    killed.close()
    after = list(fit_dots(tmp_path / "run"))
    assert epochs(before + after) == epochs(events)
    assert end(tmp_path / "run") == end(reference)


def test_a_damaged_last_checkpoint_costs_only_time(whole, fit_dots, tmp_path, caplog) -> None:
    events, reference = whole
    before = list(fit_dots(tmp_path / "run", should_stop=stop_after(17)))
    checkpoint = tmp_path / "run" / "checkpoint"
    (checkpoint / read_manifest(checkpoint).last.file).write_bytes(b"rot")
    after = list(fit_dots(tmp_path / "run"))
    assert "The checkpoint before it is used" in caplog.text
    assert (after[0].epoch, after[0].batch) == (2, 0)
    assert epochs(before + after) == epochs(events)
    assert end(tmp_path / "run") == end(reference)


def test_an_epoch_is_on_disk_before_it_is_told_and_told_again_after_a_death(fit_dots, tmp_path) -> None:
    events = fit_dots(tmp_path / "run")
    first = next(event for event in events if isinstance(event, EpochDone))
    events.close()
    assert read_manifest(tmp_path / "run" / "checkpoint").last.epoch == 1
    assert next(event for event in fit_dots(tmp_path / "run") if isinstance(event, EpochDone)) == first


def test_a_finished_run_finishes_again_without_training(whole, fit_dots) -> None:
    events, folder = whole
    again = list(fit_dots(folder))
    assert [type(event) for event in again] == [Started, EpochDone, Finished]
    assert again[-1] == events[-1]


def test_patches_too_many_for_memory_are_read_each_time_with_the_same_result(
    whole, fit_dots, tmp_path, dots, monkeypatch
) -> None:
    assert dots.content_hash  # reads everything, once
    dots.reads = 0
    list(fit_dots(tmp_path / "kept", dataset=dots))
    kept = dots.reads
    monkeypatch.setattr(Batches.__init__, "__defaults__", (0,))
    list(fit_dots(tmp_path / "run", dataset=dots))
    assert end(tmp_path / "run") == end(whole[1])
    assert kept == 1 + 37 + 14
    assert dots.reads - kept == 1 + 3 * (37 + 14)


def test_the_test_set_changes_nothing(whole, fit_dots, dots, split, tmp_path) -> None:
    dots.pixels[split.indices("test")] = 0
    assert epochs(fit_dots(tmp_path / "run", dataset=dots)) == epochs(whole[0])


def test_seeds_differ(fit_dots, config, whole, tmp_path) -> None:
    list(fit_dots(tmp_path / "run", config=config.model_copy(update={"seed": 4})))
    assert end(tmp_path / "run") != end(whole[1])


def test_predictor_of_the_run_gives_the_best_epochs_accuracy(whole, dots, split) -> None:
    events, folder = whole
    best = min(epochs(events).values(), key=lambda event: event.valid_loss)
    rows = split.indices("valid")
    predicted = Predictor.from_run(folder, "cpu").probabilities(dots.read(rows)).argmax(axis=1)
    assert (predicted == dots.table["label"].to_numpy()[rows]).mean() == pytest.approx(best.valid_accuracy)


def test_freed_memory_is_kept_while_it_trains_and_given_back_at_the_end(fit_dots, tmp_path, monkeypatch) -> None:
    told = []

    @contextmanager
    def watched() -> Iterator[None]:
        told.append("kept")
        yield
        told.append("given back")

    monkeypatch.setattr(loop, "kept_memory", watched)
    told.extend(type(event).__name__ for event in fit_dots(tmp_path))
    assert (told[0], told[1], told[-2:]) == ("kept", "Started", ["Finished", "given back"])


def test_torch_is_left_as_it_was(fit_dots, tmp_path) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    events = fit_dots(tmp_path / "run")
    for _ in range(3):
        next(events)
    events.close()
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == (threads, strict)
    assert torch.equal(torch.rand(3), expected)


def test_resnet18_resumes_bit_for_bit(fit_dots, config, tmp_path) -> None:
    """Channels-last convolutions and the optimiser's averages in their memory format."""
    update = {
        "model": ModelConfig(name="resnet18"),
        "preprocess": config.preprocess.model_copy(update={"crop": None, "resize": 32}),
        "train": config.train.model_copy(update={"epochs": 1, "max_train_samples": 16}),
    }
    config = config.model_copy(update=update)
    list(fit_dots(tmp_path / "whole", config=config))
    list(fit_dots(tmp_path / "run", config=config, should_stop=stop_after(1)))
    list(fit_dots(tmp_path / "run", config=config))
    assert end(tmp_path / "run") == end(tmp_path / "whole")


def test_more_epochs_go_on_from_the_end(fit_dots, config, whole, tmp_path) -> None:
    def of(count: int) -> RunConfig:
        return config.model_copy(update={"train": config.train.model_copy(update={"epochs": count})})

    list(fit_dots(tmp_path / "run", config=of(2)))
    list(fit_dots(tmp_path / "run", config=of(3)))
    assert end(tmp_path / "run") == end(whole[1])


class Exploding(nn.Module):
    """Gives no number from the given forward pass on."""

    def __init__(self, inner: nn.Module, after: int) -> None:
        super().__init__()
        self.inner, self.left = inner, after

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.left -= 1
        return self.inner(images) * (math.nan if self.left < 0 else 1)


def test_too_little_memory_for_the_network_itself_is_explained(fit_dots, tmp_path, monkeypatch) -> None:
    def too_large(*arguments: object) -> nn.Module:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(setup, "build_model", too_large)
    with pytest.raises(TrainingError, match="Memory ran out with a batch size of 8"):
        list(fit_dots(tmp_path / "run"))


def test_a_loss_that_is_no_number_ends_training_and_keeps_the_checkpoint(fit_dots, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(setup, "build_model", lambda *arguments: Exploding(build_model(*arguments), 5 + 2 + 3))
    with pytest.raises(TrainingError, match=r"nan in epoch 2, batch 4.*learning rate below 0\.003"):
        list(fit_dots(tmp_path / "run"))
    assert read_manifest(tmp_path / "run" / "checkpoint").last.epoch == 1


def test_another_configuration_cannot_go_on_from_a_checkpoint(whole, fit_dots, config) -> None:
    changed = config.model_copy(update={"train": config.train.model_copy(update={"learning_rate": 0.1})})
    with pytest.raises(CheckpointError, match=r"train.learning_rate was 0.003 and is 0.1"):
        list(fit_dots(whole[1], config=changed))


def test_a_device_that_is_not_there_is_refused(fit_dots, config, tmp_path) -> None:
    absent = config.model_copy(update={"train": config.train.model_copy(update={"device": "cuda:63"})})
    with pytest.raises(ConfigError, match="'cuda:63' is not on this machine"):
        list(fit_dots(tmp_path / "run", config=absent))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("split_set", ["train", "valid"])
def test_an_empty_set_is_refused(fit_dots, split: Split, tmp_path, split_set: str) -> None:
    split_sets = np.where(split.split_sets == split_set, "test", split.split_sets)
    with pytest.raises(SplitError, match=f"The {split_set} set holds 0"):
        list(fit_dots(tmp_path / "run", split=dataclasses.replace(split, split_sets=split_sets)))
