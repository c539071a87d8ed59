"""Training transforms: flips, quarter turns, colour jitter and normalising, with a draw for each patch.

Batches of 64 patches of 96 px become one float32 batch. Peers get the same patches in memory and the same ranges; each
of them does the same work, image by image, as their manuals show it.

Run as ``python -m benchmarks.augment``.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import albumentations as A
import cv2
import numpy as np
import torch
from albumentations.pytorch import ToTensorV2
from PIL import Image
from torchvision import transforms as tv

from benchmarks._paired import paired
from histo_core.config import AugmentConfig, PreprocessConfig
from histo_core.data.phantom.cohort import PhantomOptions
from histo_core.data.phantom.workers import draw_in_order
from histo_core.data.transforms import augment_torch
from histo_core.data.transforms.augment import draw
from histo_core.data.transforms.preprocess import Preprocess

BATCH, SIDE = 64, 96
JITTER, HUE = 0.2, 0.05
TOLERANCE = 1e-5


class QuarterTurn:
    """torchvision turns by any angle only, which would interpolate."""

    _turns = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)

    def __call__(self, image: Image.Image) -> Image.Image:
        turns = random.randrange(4)  # noqa: S311 - an angle, not a secret
        return image.transpose(self._turns[turns - 1]) if turns else image


def with_torchvision(config: PreprocessConfig, *, hue: float) -> Callable[[np.ndarray], torch.Tensor]:
    """Each patch as a Pillow image."""
    transform = tv.Compose(
        [
            *(tv.RandomHorizontalFlip(), tv.RandomVerticalFlip(), QuarterTurn()),
            tv.ColorJitter(brightness=JITTER, contrast=JITTER, saturation=JITTER, hue=hue),
            *(tv.ToTensor(), tv.Normalize(config.mean, config.std)),
        ]
    )
    return lambda batch: torch.stack([torch.as_tensor(transform(Image.fromarray(patch))) for patch in batch])


def with_albumentations(config: PreprocessConfig, *, hue: float) -> Callable[[np.ndarray], torch.Tensor]:
    """Each patch as an array, on OpenCV."""
    around_one = (1 - JITTER, 1 + JITTER)
    transform = A.Compose(
        [
            *(A.HorizontalFlip(p=0.5), A.VerticalFlip(p=0.5), A.RandomRotate90(p=0.75)),
            A.ColorJitter(brightness=around_one, contrast=around_one, saturation=around_one, hue=(-hue, hue), p=1),
            *(A.Normalize(config.mean, config.std), ToTensorV2()),
        ]
    )
    return lambda batch: torch.stack([transform(image=patch)["image"] for patch in batch])


def patches() -> np.ndarray:
    """Drawn tissue, uint8 [64, 96, 96, 3]."""
    return next(draw_in_order(PhantomOptions(patches=BATCH), 0))[0]


def check(batch: np.ndarray, preprocess: Preprocess) -> None:
    """Our two ways give the same pixels, and so does a peer where only normalising is left."""
    config, samples = AugmentConfig(jitter=JITTER, hue=HUE), np.arange(BATCH)
    ours = preprocess.augmented(batch, config, seed=0, epoch=0, samples=samples).permute(0, 2, 3, 1)
    changes = draw(config, (SIDE, SIDE), seed=0, epoch=0, samples=samples)
    mean, spread = ([255 * value for value in values] for values in (preprocess.config.mean, preprocess.config.std))
    plain = augment_torch.change(torch.from_numpy(batch), changes, mean=mean, spread=spread)
    largest = (ours - plain).abs().max().item()
    assert largest < TOLERANCE, largest
    normalised = A.Compose([A.Normalize(preprocess.config.mean, preprocess.config.std), ToTensorV2()])
    theirs = torch.stack([normalised(image=patch)["image"] for patch in batch])
    torch.testing.assert_close(theirs, preprocess.normalise(batch), atol=TOLERANCE, rtol=0, check_stride=False)
    print(f"compiled pass and plain torch: largest difference {largest:.1e} in normalised units")


def main() -> None:
    """Print the ratios with and without hue."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    batch, preprocess, samples = patches(), Preprocess(PreprocessConfig()), np.arange(BATCH)
    check(batch, preprocess)
    for hue in (HUE, 0.0):
        config = AugmentConfig(jitter=JITTER, hue=hue)
        ours = partial(preprocess.augmented, batch, config, seed=0, epoch=0, samples=samples)
        for name, peer, rounds in (
            ("albumentations", with_albumentations(preprocess.config, hue=hue), 25),
            ("torchvision on Pillow images", with_torchvision(preprocess.config, hue=hue), 15),
        ):
            paired(
                f"{BATCH} patches of {SIDE} px: flips, quarter turns, jitter {JITTER}, hue {hue}, normalise",
                {name: partial(peer, batch), "ours": ours},
                base=name,
                rounds=rounds,
            )


if __name__ == "__main__":
    main()
