"""Batches through PyTorch's own loader."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from histo_core.config import DataConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.storage.converted import convert
from histo_core.data.torch_dataset import Patches, identity
from histo_core.errors import CorruptDataError
from histo_core.workspace import Workspace


def test_batches_hold_the_patches_and_labels_of_their_rows(
    pcam_folder: Path, pixels: np.ndarray, workspace: Workspace
) -> None:
    dataset = open_dataset(DataConfig(dataset="pcam", root=str(pcam_folder)), workspace)
    patches = Patches(dataset, np.array([11, 2, 3]))
    assert len(patches) == 3
    images, labels = patches.__getitems__([2, 0])
    np.testing.assert_array_equal(images.numpy(), pixels[[3, 11]])
    assert (images.dtype, labels.dtype, labels.tolist()) == (torch.uint8, torch.int64, [1, 1])
    image, label = patches[1]
    np.testing.assert_array_equal(image.numpy(), pixels[2])
    assert label.item() == 0


@pytest.mark.parametrize("converted", [False, True])
def test_a_loader_sees_each_row_once(class_folder: Path, workspace: Workspace, converted: bool) -> None:
    config = DataConfig(dataset="folder", root=str(class_folder))
    dataset = open_dataset(config, workspace)
    expected = {image.tobytes(): label for image, label in zip(dataset.read(range(6)), [0] * 3 + [1] * 3, strict=True)}
    if converted:
        convert(dataset, workspace)
        dataset = open_dataset(config, workspace)
    loader = DataLoader(Patches(dataset), batch_size=4, shuffle=True, collate_fn=identity)
    batches = list(loader)
    assert [tuple(images.shape) for images, _ in batches] == [(4, 96, 96, 3), (2, 96, 96, 3)]
    images, labels = (torch.cat(parts) for parts in zip(*batches, strict=True))
    seen = {image.numpy().tobytes(): int(label) for image, label in zip(images, labels, strict=True)}
    assert seen == expected


def test_it_pickles_to_the_place_of_its_pixels(pcam_folder: Path, pixels: np.ndarray, workspace: Workspace) -> None:
    patches = Patches(open_dataset(DataConfig(dataset="pcam", root=str(pcam_folder)), workspace))
    patches[0]
    sent = pickle.dumps(patches)
    assert len(sent) < pixels.nbytes / 20
    images, _ = pickle.loads(sent).__getitems__([9])  # noqa: S301  (our own bytes)
    np.testing.assert_array_equal(images.numpy(), pixels[[9]])


def test_patches_of_different_sizes_are_named(
    make_dataset: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_dataset([0, 1])

    def read(rows: Sequence[int]) -> list[np.ndarray]:
        return [np.zeros((50, 50 - 7 * row, 3), np.uint8) for row in rows]

    monkeypatch.setattr(dataset, "read_source", read, raising=False)
    with pytest.raises(CorruptDataError, match="different sizes: 43 x 50, 50 x 50"):
        Patches(dataset).__getitems__([0, 1])
