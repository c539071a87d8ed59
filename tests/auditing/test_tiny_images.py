"""Images one pixel high or wide, as a crop at a slide's edge leaves them, go through everything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from histo_core.auditing.embedding.descriptor import describe_patches
from histo_core.auditing.report import compute_audit
from histo_core.config import AugmentConfig, DataConfig, PreprocessConfig, SplitConfig
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.transforms.augment.preview import augment
from histo_core.data.transforms.preprocess import PatchRegion, Preprocess
from histo_core.data.transforms.stain import stain_channels
from histo_core.errors import ConfigError
from histo_core.workspace import Workspace

SIZES = [(1, 1), (1, 2), (1, 40), (40, 1), (2, 2)]


def tiny(size: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)


def test_they_are_audited(tmp_path: Path, workspace: Workspace) -> None:
    rng = np.random.default_rng(0)
    for number, size in enumerate(SIZES * 4):
        for label in ("a", "b"):
            path = tmp_path / "mine" / label / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (*size, 3), np.uint8)).save(path)
    data = open_dataset(DataConfig(dataset="folder", root=str(tmp_path / "mine")), workspace)
    assert len(data) == 8 * len(SIZES)
    assert compute_audit(data, make_split(data, SplitConfig(method="random"), workspace)).verdict


@pytest.mark.parametrize("size", SIZES)
def test_they_are_preprocessed_or_refused(size: tuple[int, int]) -> None:
    preprocess = Preprocess(PreprocessConfig(resize=32))
    assert preprocess([tiny(size)]).shape == (1, 3, 32, 32)
    assert preprocess.seen(*size) == PatchRegion(0, 0, *size)
    assert preprocess.to_input_pixels(np.ones((4, 4)), *size).shape == size
    assert Preprocess(PreprocessConfig())([tiny(size)]).shape == (1, 3, *size)
    with pytest.raises(ConfigError, match="larger than an image"):
        Preprocess(PreprocessConfig(crop=8))([tiny(size)])


@pytest.mark.parametrize("size", SIZES)
def test_they_are_described_stained_and_augmented(size: tuple[int, int]) -> None:
    image = tiny(size)
    assert np.isfinite(describe_patches([image])).all()
    assert stain_channels(image).eosin.shape == image.shape
    every = AugmentConfig(
        quarter_turns=size[0] == size[1], rotation=20, shift=0.1, elastic=2, blur=1, stain=0.1, hue=0.1, zoom=0.1
    )
    changed = augment(image[None], every, seed=0, epoch=0, samples=np.arange(1))
    assert changed.shape == (1, *image.shape)
