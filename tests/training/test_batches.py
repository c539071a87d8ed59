from __future__ import annotations

import numpy as np
import torch

from histo_core.config import AugmentConfig, PreprocessConfig
from histo_core.data.preprocess import Preprocess, augment
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
    expected = augment(preprocess.geometry(dots.read(ROWS[2:5])), config, seed=5, epoch=2, samples=ROWS[2:5])
    assert torch.equal(images, preprocess.normalise(expected))


def test_patches_over_the_limit_are_read_anew(dots) -> None:
    batches = Batches(dots, Preprocess(PreprocessConfig(crop=16)), ROWS, CPU, memory_limit=16 * 16 * 3 * len(ROWS) - 1)
    before = dots.reads
    first, _ = batches.batch(ROWS)
    second, _ = batches.batch(ROWS)
    assert dots.reads - before == 2 * len(ROWS)
    assert torch.equal(first, second)
