from __future__ import annotations

import numpy as np
import torch

from histo_core.config import AugmentConfig, PreprocessConfig
from histo_core.data.splits.balance import draw_keys
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.training.batches import Augmentation, Batches

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
    images, labels = batches.batch(again, Augmentation(AugmentConfig(jitter=0.2), seed=5, epoch=2), draw_keys(again))
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
