"""A trial measures the real loop, counts as the loop counts, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from histo_core.config import RunConfig, TrainConfig
from histo_core.data.dataset import Dataset
from histo_core.data.splits.split import Split
from histo_core.errors import CancelledError, TrainingError
from histo_core.training.dry_run import try_batch
from histo_core.training.dry_run_config import trial_config
from histo_core.training.events import Started
from histo_core.training.loop import fit
from histo_core.workspace import Workspace

TRAIN = 37
VALID = 14


def changed(config: RunConfig, **train: object) -> RunConfig:
    return config.model_copy(update={"train": TrainConfig(**{**config.train.model_dump(), **train})})


def test_figures_follow_from_the_steps(dots: Dataset, split: Split, config: RunConfig, workspace: Workspace) -> None:
    trial = try_batch(config, dots, split, workspace)
    assert trial.steps_per_epoch == 5  # 37 patches in batches of 8: four whole ones and one of five
    assert trial.images_per_second == pytest.approx(8 / trial.seconds_per_step)
    assert trial.images_per_second > 0
    assert trial.seconds_per_epoch == pytest.approx(5 * trial.seconds_per_step)
    assert trial.validation_seconds > 0
    assert trial.seconds_total == pytest.approx(3 * (trial.seconds_per_epoch + trial.validation_seconds))
    assert trial.of_epochs(30).seconds_total == pytest.approx(10 * trial.seconds_total)
    assert 50e6 < trial.peak_bytes < 20e9  # PyTorch alone takes more than the former
    assert trial.device == "cpu"


@pytest.mark.parametrize(
    "train",
    [
        {"balance": "enlarge", "enlarge_to": 50},
        {"balance": "sampler", "batch_size": 16},
        {"max_train_samples": 9},
        {"batch_size": 64},
    ],
)
def test_steps_are_those_of_the_loop(
    train: dict[str, object], dots: Dataset, split: Split, config: RunConfig, workspace: Workspace, tmp_path: Path
) -> None:
    wanted = changed(config, **train)
    events = fit(wanted, dots, split, tmp_path / "run", workspace=workspace)
    started = next(event for event in events if isinstance(event, Started))
    events.close()  # type: ignore[attr-defined]
    assert try_batch(wanted, dots, split, workspace, steps=1).steps_per_epoch == started.batches


def test_one_of_two_devices_is_measured_with_its_share(
    dots: Dataset, split: Split, config: RunConfig, workspace: Workspace
) -> None:
    trial = try_batch(changed(config, devices=2), dots, split, workspace, steps=1)
    assert trial.steps_per_epoch == 5
    assert trial.images_per_second == pytest.approx(4 * 2 / trial.seconds_per_step)


def test_few_patches_are_read_and_nothing_is_left(
    dots: Dataset, split: Split, config: RunConfig, workspace: Workspace
) -> None:
    told: list[tuple[int, int]] = []
    try_batch(config, dots, split, workspace, progress=lambda done, total: told.append((done, total)))
    assert dots.reads <= 8 * (1 + 3) + 8 + 2  # type: ignore[attr-defined]
    assert (told[0], told[-1]) == ((0, 5), (4, 5))
    assert list(workspace.home.iterdir()) == []


def test_a_stop_leaves_nothing(dots: Dataset, split: Split, config: RunConfig, workspace: Workspace) -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        try_batch(config, dots, split, workspace, progress=stop)
    assert list(workspace.home.iterdir()) == []


def test_too_little_memory_names_the_batch_size_to_try(
    dots: Dataset, split: Split, config: RunConfig, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr("histo_core.training.updates.Updates.learn_from", full)
    with pytest.raises(TrainingError, match="batch size of 4"):
        try_batch(config, dots, split, workspace)
    assert list(workspace.home.iterdir()) == []


def test_memory_grows_with_the_patches_that_are_kept(
    dots: Dataset, split: Split, config: RunConfig, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("histo_core.training.dry_run._peak_memory", _no_memory)
    assert try_batch(config, dots, split, workspace, steps=1).peak_bytes == 3 * 16 * 16 * (TRAIN + VALID)
    monkeypatch.setattr("histo_core.training.dry_run.MEMORY_LIMIT", 1000)
    assert try_batch(config, dots, split, workspace, steps=1).peak_bytes == 0


def _no_memory(device: torch.device) -> object:
    from contextlib import nullcontext

    del device
    return nullcontext([0])


def test_what_costs_nothing_makes_no_other_trial(config: RunConfig) -> None:
    other = changed(config, epochs=9, learning_rate=0.5, schedule="cosine", warmup_epochs=2, weight_decay=0.1)
    assert trial_config(other.model_copy(update={"seed": 8})) == trial_config(config)
    assert trial_config(changed(config, batch_size=9)) != trial_config(config)
    assert trial_config(changed(config, backbone="frozen", unfreeze_after=1)) == trial_config(config)
    assert trial_config(changed(config, backbone="frozen")) != trial_config(config)


def test_a_trial_does_not_move_any_generator(
    dots: Dataset, split: Split, config: RunConfig, workspace: Workspace
) -> None:
    before = torch.random.get_rng_state()
    try_batch(config, dots, split, workspace, steps=1)
    assert np.array_equal(before.numpy(), torch.random.get_rng_state().numpy())
