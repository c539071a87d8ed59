"""Training options within the loop: what they do to a whole run, and that a run which goes on has the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from histo_core.config import AugmentConfig, ModelConfig, RunConfig, TrainConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import CheckpointError, ConfigError
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import build_model
from histo_core.models.weights.manifest import read_manifest
from histo_core.models.weights.tensorfile import read_tensors
from histo_core.training import session
from histo_core.training.data_order import epoch_order, training_rows
from histo_core.training.events import BatchDone, EpochDone, Event, Finished, Stopped
from histo_core.training.validation import Validation

NOT_AUGMENTED = AugmentConfig(flips=False, quarter_turns=False, jitter=0)


def trained(config: RunConfig, **settings: Any) -> RunConfig:
    """With other settings of training, which are checked."""
    return config.model_copy(update={"train": TrainConfig(**config.train.model_dump() | settings)})


def last_state(folder: Path) -> dict[str, torch.Tensor]:
    checkpoint = folder / "checkpoint"
    manifest = read_manifest(checkpoint)
    return read_tensors(checkpoint / manifest.last.file, manifest.last.sha256)[0]


def rates(events: Iterable[Event]) -> dict[tuple[int, int], float]:
    return {(event.epoch, event.batch): event.learning_rate for event in events if isinstance(event, BatchDone)}


def told(events: Iterable[Event]) -> dict[int, EpochDone]:
    return {event.epoch: dataclasses.replace(event, seconds=0) for event in events if isinstance(event, EpochDone)}


def stop_after(steps: int) -> Callable[[], bool]:
    asked = iter(range(1, 1000))
    return lambda: next(asked) >= steps


OPTIONS: dict[str, dict[str, Any]] = {
    "adamw, cosine": {"optimizer": "adamw", "weight_decay": 0.1, "schedule": "cosine", "warmup_epochs": 1},
    "adamax, exponential": {"optimizer": "adamax", "schedule": "exponential", "epoch_factor": 0.5},
    "sgd, cyclic": {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "schedule": "cyclic", "cycle_steps": 4},
    "sgd without a state": {"optimizer": "sgd", "schedule": "step", "step_epochs": 1, "l1": 1e-4},
    "rmsprop, one cycle": {"optimizer": "rmsprop", "momentum": 0.9, "centered": True, "schedule": "one_cycle"},
    "adagrad, plateau": {"optimizer": "adagrad", "schedule": "plateau", "plateau_patience": 0, "learning_rate": 0.3},
    "amsgrad, averaged": {"amsgrad": True, "average_decay": 0.9, "clip_norm": 0.5},
    "accumulated, smoothed": {"accumulate": 2, "label_smoothing": 0.1, "balance": "weights", "average_decay": 0.5},
    "the last epoch kept": {"checkpoint": "last", "average_decay": 0.9, "schedule": "one_cycle"},
    "thawed": {"backbone": "frozen", "unfreeze_after": 1, "backbone_learning_rate": 1e-3},
    "16 bits": {"precision": "bf16", "loss": "binary_cross_entropy"},
    "as printed": {"loss_on": "probabilities", "loss_sum": True, "schedule": "exponential", "schedule_every": "step"},
}
OUTPUTS = {"as printed": "sigmoids", "16 bits": "sigmoid"}


@pytest.mark.parametrize("name", OPTIONS)
def test_stopped_and_resumed_equals_whole_bit_for_bit(fit_dots, config, tmp_path, name: str) -> None:
    """Stopped inside the first epoch and inside the second, or in its validation where steps are few."""
    config = trained(config, **OPTIONS[name])
    config = config.model_copy(update={"model": ModelConfig(output=OUTPUTS.get(name, "softmax"))})
    whole = list(fit_dots(tmp_path / "whole", config=config))
    parts: list[Event] = []
    for steps in (2, 6):
        parts += list(fit_dots(tmp_path / "run", config=config, should_stop=stop_after(steps)))
        assert isinstance(parts[-1], Stopped)
        torch.rand(3)
    parts += list(fit_dots(tmp_path / "run", config=config))
    assert rates(parts) == rates(whole)
    assert told(parts) == told(whole)
    assert parts[-1] == whole[-1]
    ended, expected = last_state(tmp_path / "run"), last_state(tmp_path / "whole")
    assert ended.keys() == expected.keys()
    assert all(torch.equal(ended[key], expected[key]) for key in expected)
    best = [read_manifest(tmp_path / folder / "checkpoint").best.sha256 for folder in ("run", "whole")]
    assert best[0] == best[1]


def test_an_epoch_tells_the_rate_of_its_last_step(fit_dots, config, tmp_path) -> None:
    config = trained(config, schedule="cosine", accumulate=2)
    events = list(fit_dots(tmp_path, config=config))
    of_batches = rates(events)
    assert len(set(of_batches.values())) == 3 * 3
    assert [event.learning_rate for event in told(events).values()] == [of_batches[epoch, 5] for epoch in range(3)]


def test_googlenets_auxiliary_classifiers_by_hand(fit_dots, dots, split, config, tmp_path) -> None:
    """Two steps at 64 pixels: the loss is the network's own and 0.3 of each of the two others."""
    config = trained(
        config.model_copy(
            update={
                "model": ModelConfig(name="googlenet"),
                "preprocess": config.preprocess.model_copy(update={"crop": None, "resize": 64}),
                "augment": NOT_AUGMENTED,
            }
        ),
        epochs=1,
        optimizer="sgd",
        learning_rate=0.01,
        max_train_samples=8,
        batch_size=4,
    )
    events = list(fit_dots(tmp_path, config=config))
    preprocess, labels = Preprocess(config.preprocess), torch.from_numpy(dots.table["label"].to_numpy(copy=True))
    rows = training_rows(config, dots, split)
    order = epoch_order(rows, labels[rows].numpy(), config, 0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = build_model(config.model, 2, (64, 64)).to(memory_format=torch.channels_last)
        model.train()
        losses = []
        for step in (order[:4], order[4:]):
            logits, *others = model(preprocess(dots.read(step)))
            assert len(others) == 2
            loss = F.cross_entropy(logits, labels[step])
            for other in others:
                loss = loss + 0.3 * F.cross_entropy(other, labels[step])
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for weight in model.parameters():
                    # Rounded once, as in the optimiser: a difference of 1e-9 here was seen to move one input of a
                    # rectifier across zero in the second step, and the gradients below it by a hundredth.
                    weight.add_(weight.grad, alpha=-0.01)
            losses.append(loss.item())
    torch.set_num_threads(threads)
    assert [event.loss for event in events if isinstance(event, BatchDone)] == pytest.approx(
        [losses[0], sum(losses) / 2], rel=1e-7
    )
    trained_weights = last_state(tmp_path)
    for name, weight in model.named_parameters():
        torch.testing.assert_close(trained_weights[f"model.{name}"], weight.detach(), rtol=0, atol=0)


def test_averaged_weights_are_what_is_validated_and_kept(fit_dots, dots, split, config, tmp_path) -> None:
    events = list(fit_dots(tmp_path, config=trained(config, average_decay=0.9)))
    state, best = last_state(tmp_path), min(told(events).values(), key=lambda event: event.valid_loss)
    assert best.epoch == 2, "the last state is the best one's here"
    rows = split.indices("valid")
    predictor = Predictor.from_run(tmp_path, "cpu")
    probabilities = predictor.probabilities(dots.read(rows))
    truth = dots.table["label"].to_numpy()[rows]
    assert -np.log(probabilities[np.arange(len(rows)), truth]).mean() == pytest.approx(best.valid_loss, rel=1e-5)
    checkpoint = tmp_path / "checkpoint"
    kept, _ = read_tensors(checkpoint / read_manifest(checkpoint).best.file)
    assert all(torch.equal(tensor, state[f"average.{name}"]) for name, tensor in kept.items())
    assert any(not torch.equal(tensor, state[f"model.{name}"]) for name, tensor in kept.items())


@pytest.fixture
def valid_losses(monkeypatch) -> None:
    """Validation finds 0.5, 0.4 and then 0.45 for ever."""
    losses = iter([0.5, 0.4, *[0.45] * 20])
    monkeypatch.setattr(session, "validate", lambda *args, **kwargs: Validation(next(losses), 0.5, None))


@pytest.mark.usefixtures("valid_losses")
def test_it_stops_early_says_why_and_goes_on_with_more_patience(fit_dots, config, tmp_path) -> None:
    config = trained(config, epochs=9, patience=2)
    events = list(fit_dots(tmp_path, config=config))
    assert list(told(events)) == [0, 1, 2, 3]
    assert events[-1] == Finished(1, 0.4, "patience")
    assert list(fit_dots(tmp_path, config=config))[-1] == events[-1]
    more = list(fit_dots(tmp_path, config=trained(config, patience=4)))
    assert list(told(more)) == [3, 4, 5]
    assert more[-1] == Finished(1, 0.4, "patience")


@pytest.mark.usefixtures("valid_losses")
def test_a_run_that_ends_before_its_patience_says_so(fit_dots, config, tmp_path) -> None:
    assert list(fit_dots(tmp_path, config=trained(config, patience=9)))[-1] == Finished(1, 0.4, "epochs")


@pytest.mark.usefixtures("valid_losses")
def test_the_last_averaged_weights_are_kept_where_asked(fit_dots, config, tmp_path) -> None:
    """The validation losses are 0.5, 0.4 and 0.45: the second epoch is the best, and the third is kept."""
    config = trained(config, epochs=3, average_decay=0.9, checkpoint="last")
    events = list(fit_dots(tmp_path, config=config))
    assert [event.best for event in told(events).values()] == [True, True, True]
    assert events[-1] == Finished(2, 0.45, "epochs")
    state, checkpoint = last_state(tmp_path), tmp_path / "checkpoint"
    kept, _ = read_tensors(checkpoint / read_manifest(checkpoint).best.file)
    assert all(torch.equal(tensor, state[f"average.{name}"]) for name, tensor in kept.items())


def test_runs_from_before_the_choice_of_the_kept_epoch_keep_their_hash() -> None:
    assert "checkpoint" not in RunConfig().model_dump()["train"]
    last = RunConfig(train=TrainConfig(checkpoint="last"))
    assert last.hash("data") != RunConfig().hash("data")
    assert RunConfig.from_yaml(last.to_yaml()) == last


def test_a_frozen_backbone_is_as_it_was(fit_dots, config, tmp_path) -> None:
    config = config.model_copy(update={"model": ModelConfig(name="cnn_narrow")})
    list(fit_dots(tmp_path, config=trained(config, epochs=1, backbone="frozen")))
    state = last_state(tmp_path)
    torch.manual_seed(config.seed)
    for name, tensor in build_model(config.model, 2, (16, 16)).state_dict().items():
        assert torch.equal(state[f"model.{name}"], tensor) is not name.startswith("head"), name


def test_sixteen_bits_want_cuda(fit_dots, config, tmp_path) -> None:
    with pytest.raises(ConfigError, match="Precision 16 was chosen on the device 'cpu'"):
        list(fit_dots(tmp_path, config=trained(config, precision="16")))


def test_epochs_are_fixed_where_the_schedule_spans_them(fit_dots, config, tmp_path) -> None:
    config = trained(config, schedule="cosine", epochs=1)
    list(fit_dots(tmp_path, config=config))
    with pytest.raises(CheckpointError, match=r"train.epochs was 1 and is 2"):
        list(fit_dots(tmp_path, config=trained(config, epochs=2)))
