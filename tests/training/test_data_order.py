from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from dots import Dots

from histo_core.config import PredictConfig, RunConfig, TrainConfig
from histo_core.errors import SplitError
from histo_core.training.data_order import batch_count, epoch_order, identity, training_rows, validation_rows


def subset(config, count: int | None):
    return config.model_copy(update={"train": config.train.model_copy(update={"max_train_samples": count})})


def test_rows_of_the_sets(dots, split, config) -> None:
    assert training_rows(config, dots, split).tolist() == list(range(37))
    assert validation_rows(dots, split).tolist() == list(range(37, 51))


def test_a_subset_is_seeded_and_from_the_training_set(dots, split, config) -> None:
    rows = training_rows(subset(config, 10), dots, split)
    assert len(np.unique(rows)) == 10
    assert rows.max() < 37
    assert np.array_equal(rows, training_rows(subset(config, 10), dots, split))
    other = subset(config, 10).model_copy(update={"seed": 9})
    assert not np.array_equal(rows, training_rows(other, dots, split))
    assert len(training_rows(subset(config, 99), dots, split)) == 37


def test_a_subset_keeps_the_shares_of_the_classes(dots, split, config) -> None:
    labels, drawn = dots.table["label"].to_numpy(), training_rows(config, dots, split)
    drawn = training_rows(subset(config, 20), dots, split)
    shares = np.bincount(labels[drawn]) / len(drawn)
    np.testing.assert_allclose(np.bincount(labels[drawn]), 20 * shares, atol=1)


@pytest.mark.parametrize(
    ("samples", "size", "devices", "expected"),
    [
        *((37, 8, 1, 5), (40, 8, 1, 5), (41, 8, 1, 5), (42, 8, 1, 6), (3, 1, 1, 3), (2, 8, 1, 1)),
        *((42, 8, 2, 5), (43, 8, 2, 5), (44, 8, 2, 6), (40, 8, 2, 5), (4, 2, 2, 2), (71, 64, 4, 1), (72, 64, 4, 2)),
    ],
)
def test_a_last_batch_that_leaves_a_device_one_sample_is_left_out(
    samples: int, size: int, devices: int, expected: int
) -> None:
    assert batch_count(samples, TrainConfig(batch_size=size, devices=devices)) == expected


ROWS = np.arange(100, 150)
LABELS = np.r_[np.zeros(35, int), np.ones(10, int), np.full(5, 2)]


def balanced(config, **train):
    return config.model_copy(update={"train": config.train.model_copy(update=train)})


def test_each_epoch_has_an_order_of_its_own(config) -> None:
    configs = [config.model_copy(update={"seed": seed}) for seed in (0, 1)]
    orders = [epoch_order(ROWS, LABELS, seeded, epoch) for seeded in configs for epoch in range(3)]
    assert all(np.array_equal(np.sort(order), ROWS) for order in orders)
    assert len({tuple(order) for order in orders}) == 6
    assert np.array_equal(orders[0], epoch_order(ROWS, LABELS, configs[0], 0))


@pytest.mark.parametrize(
    ("train", "length"), [({"balance": "sampler"}, 50), ({"balance": "enlarge", "enlarge_to": 18}, 71)]
)
def test_a_balanced_order_depends_on_seed_and_epoch_alone(config, train, length: int) -> None:
    changed = balanced(config, **train)
    orders = [epoch_order(ROWS, LABELS, changed, epoch) for epoch in (0, 1, 0)]
    assert [len(order) for order in orders] == [length] * 3
    assert np.array_equal(orders[0], orders[2])
    assert not np.array_equal(np.sort(orders[0]), np.sort(orders[1]))
    assert set(orders[0]) <= set(ROWS)


def test_weights_leave_the_order_alone(config) -> None:
    assert np.array_equal(
        epoch_order(ROWS, LABELS, balanced(config, balance="weights"), 1), epoch_order(ROWS, LABELS, config, 1)
    )


def test_unlabelled_samples_are_refused(dots, split, config) -> None:
    dots.table.loc[[4, 5], "label"] = -1
    with pytest.raises(SplitError, match="train set holds 2 sample"):
        training_rows(config, dots, split)


def test_too_few_samples_are_refused(dots, split, config) -> None:
    split_sets = np.where(np.arange(len(dots)) == 0, "train", "valid")
    with pytest.raises(SplitError, match="train set holds 1 sample"):
        training_rows(config, dots, dataclasses.replace(split, split_sets=split_sets))


def test_each_device_needs_two_samples(dots, split, config) -> None:
    few = np.where(np.arange(len(dots)) < 3, "train", "valid")
    with pytest.raises(SplitError, match=r"train set holds 3 sample.*At least 4"):
        training_rows(balanced(config, devices=2), dots, dataclasses.replace(split, split_sets=few))
    with pytest.raises(SplitError, match=r"3 training patches were chosen for 2 devices\. At least 2 a device"):
        training_rows(balanced(config, devices=2, max_train_samples=3), dots, split)


def test_identity_of_runs_from_before_crops_were_rounded_to_even_is_as_it_was(dots, split, config) -> None:
    for crop, known in ((16, True), (None, False)):
        values = config.model_dump()
        values["preprocess"]["crop"] = crop
        new = RunConfig.parse(values)
        del values["preprocess"]["crop_rounding"]
        saved = RunConfig.parse_saved(values)
        assert "preprocess.crop_rounding" not in identity(saved, dots, split)
        assert ("preprocess.crop_rounding" in identity(new, dots, split)) is known


def test_identity_holds_all_that_decides_the_weights(dots, split, config) -> None:
    fields = identity(config, dots, split)
    assert fields["seed"] == 3
    assert fields["model.name"] == "cnn_rnn"
    assert fields["split fingerprint"] == split.fingerprint
    free = balanced(config, epochs=99, patience=3, device="auto", devices=2, threads=7)
    assert identity(free, dots, split) == fields
    moved = config.data.model_copy(update={"root": "/elsewhere"})
    applied = config.model_copy(update={"data": moved, "predict": PredictConfig(tta="flips")})
    assert identity(applied, dots, split) == fields
    inverted = Dots.drawn()
    inverted.pixels = 255 - inverted.pixels
    assert identity(config, inverted, split) != fields
    assert identity(config, inverted, split, fields["data's content"]) == fields
    free_fields = {"epochs", "patience", "device", "devices", "threads", "activations", "checkpoint"}
    decides = set(TrainConfig.model_fields) - free_fields
    assert {f"train.{field}" for field in decides} == {field for field in fields if field.startswith("train.")}
    assert (
        identity(balanced(config, checkpoint="last"), dots, split)["train.checkpoint"] == "last"
    )  # "best" is not named
    for schedule in ("one_cycle", "cosine"):
        assert identity(balanced(config, schedule=schedule), dots, split)["train.epochs"] == 3
