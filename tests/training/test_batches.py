from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from histo_core.config import AugmentConfig, PreprocessConfig
from histo_core.data.splits.balance import sampling_keys
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import DataError
from histo_core.training.batches import Augmentation, Batches, BatchRequest

ROWS = np.array([3, 1, 4, 15, 9, 2, 6])
CPU = torch.device("cpu")


def test_images_and_labels_are_the_data_sets(dots) -> None:
    preprocess = Preprocess(PreprocessConfig(crop=16))
    batches = Batches(dots, preprocess, ROWS, CPU)
    for rows in (ROWS[:3], ROWS[2:6], ROWS[::-1]):  # first read, partly kept, all kept
        images, labels = batches.batch(rows)
        assert torch.equal(images, preprocess(dots.read(rows)))
        assert images.is_contiguous(memory_format=torch.channels_last)
        assert labels.tolist() == dots.table["label"].to_numpy()[rows].tolist()
    assert batches.size == (16, 16)


def test_augmentation_is_drawn_from_seed_epoch_and_sample(dots) -> None:
    preprocess = Preprocess(PreprocessConfig(crop=16))
    config = AugmentConfig(jitter=0.2)
    images, _ = Batches(dots, preprocess, ROWS, CPU).batch(ROWS[2:5], Augmentation(config, seed=5, epoch=2))
    patches = preprocess.geometry(dots.read(ROWS[2:5]))
    assert torch.equal(images, preprocess.augmented(patches, config, seed=5, epoch=2, samples=ROWS[2:5]))
    assert images.is_contiguous(memory_format=torch.channels_last)


def test_a_row_that_comes_again_is_changed_in_another_way(dots) -> None:
    batches = Batches(dots, Preprocess(PreprocessConfig(crop=16)), ROWS, CPU)
    again = np.array([3, 1, 3, 3])
    images, labels = batches.batch(
        again, Augmentation(AugmentConfig(jitter=0.2), seed=5, epoch=2), sampling_keys(again)
    )
    once, _ = batches.batch(again[:2], Augmentation(AugmentConfig(jitter=0.2), seed=5, epoch=2))
    assert torch.equal(images[:2], once)
    assert len({image.numpy().tobytes() for image in images}) == 4
    assert labels[0] == labels[2] == labels[3]


def test_patches_over_the_limit_are_read_anew(dots) -> None:
    batches = Batches(dots, Preprocess(PreprocessConfig(crop=16)), ROWS, CPU, memory_limit=16 * 16 * 3 * len(ROWS) - 1)
    before = dots.reads
    first, _ = batches.batch(ROWS)
    second, _ = batches.batch(ROWS)
    assert dots.reads - before == 2 * len(ROWS)
    assert torch.equal(first, second)


def wanted() -> list[BatchRequest]:
    augmentation = Augmentation(AugmentConfig(jitter=0.2), seed=5, epoch=2)
    return [BatchRequest(rows, augmentation) for rows in (ROWS[:3], ROWS[3:5], ROWS[5:], ROWS[::2])]


def readers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("batches")]


def test_batches_made_ahead_are_the_same_in_the_same_order(dots) -> None:
    at_once, ahead = (
        list(Batches(dots, Preprocess(PreprocessConfig(crop=16)), ROWS, CPU).each(wanted(), count)) for count in (0, 2)
    )
    assert len(at_once) == len(ahead) == 4
    for (images, labels), (other_images, other_labels) in zip(at_once, ahead, strict=True):
        assert torch.equal(images, other_images)
        assert torch.equal(labels, other_labels)
    assert readers() == []


def test_the_next_batches_are_made_while_one_is_used(dots) -> None:
    batches = Batches(dots, Preprocess(PreprocessConfig(crop=16)), ROWS, CPU, memory_limit=0)
    before, read_on = dots.reads, threading.Event()
    read = dots.read_source

    def noted(indices):
        if dots.reads - before >= 3 + 2:
            read_on.set()
        return read(indices)

    dots.read_source = noted
    taken = batches.each(wanted(), ahead=2)
    next(taken)
    assert read_on.wait(30)  # the third batch, before the second is asked for
    taken.close()
    assert readers() == []


def test_a_patch_that_cannot_be_read_ahead_is_told_at_its_turn(dots) -> None:
    batches = Batches(dots, Preprocess(PreprocessConfig(crop=16)), ROWS, CPU)
    read = dots.read_source

    def broken(indices):
        if 9 in indices:
            raise DataError("A patch is broken.")
        return read(indices)

    dots.read_source = broken
    taken = batches.each(wanted(), ahead=2)
    assert len(next(taken)[1]) == 3
    with pytest.raises(DataError, match="A patch is broken"):
        next(taken)
    assert readers() == []
