"""Training transforms: flips, quarter turns, colour jitter and normalising, with a draw for each patch.

Batches of 64 patches of 96 px become one float32 batch. Peers get the same patches in memory and the same ranges; each
of them does the same work, image by image, as their manuals show it. Then other stains, turns by any angle, elastic
displacements and blur, each alone with normalising, beside what comes closest in meaning: albumentations' stains are
two (it drops the residual), its places are rounded to 1/32 pixel and its results to whole levels.

Run as ``python -m benchmarks.augment``.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import albumentations as A
import cv2
import numpy as np
import torch
from albumentations.pytorch import ToTensorV2
from PIL import Image
from skimage.color import hed2rgb, rgb2hed
from torchvision import transforms as tv

from benchmarks._paired import paired
from histo_core.config import AugmentConfig, PreprocessConfig
from histo_core.data.phantom.cohort import PhantomOptions
from histo_core.data.phantom.workers import render_in_order
from histo_core.data.transforms.augment import hed_jitter, torch_backend
from histo_core.data.transforms.augment.draw import draw
from histo_core.data.transforms.augment.gaussian_kernel import smoothed
from histo_core.data.transforms.augment.geometry_kernel import moved
from histo_core.data.transforms.augment.stain_kernel import stained
from histo_core.data.transforms.preprocess import Preprocess

BATCH, SIDE = 64, 96
IN_A_ROW = 8
"""Batches that are timed together, so that the caches are warm for each variant, as a loader's are."""
DRAW: dict[str, Any] = {"seed": 0, "epoch": 0, "samples": np.arange(BATCH)}
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


OFF = AugmentConfig(flips=False, quarter_turns=False, jitter=0)
PEERS: dict[str, tuple[dict[str, float], A.BasicTransform]] = {
    "other stains": (
        {"stain": 0.2},
        A.HEStain("preset", "ruifrok", intensity_scale_range=(0.8, 1.2), augment_background=True, p=1),
    ),
    "rotation, shift, shear and zoom": (
        {"rotation": 20, "shift": 0.1, "shear": 10, "zoom": 0.2},
        A.Affine(
            scale=(0.8, 1.2),
            translate_percent=(-0.1, 0.1),
            rotate=(-20, 20),
            shear={"x": (-10, 10), "y": 0},
            border_mode=cv2.BORDER_REFLECT,
            p=1,
        ),
    ),
    "elastic": (
        {"elastic": 3, "elastic_width": 8},
        # Its noise of SD 1 has one of about 1 / (2 sqrt(pi) sigma) when smoothed: 53 for 1.5 pixels, our average.
        A.ElasticTransform(alpha=53, sigma=8, border_mode=cv2.BORDER_REFLECT, p=1),
    ),
    "blur": ({"blur": 2}, A.GaussianBlur(blur_limit=0, sigma_limit=(0.0, 2.0), p=1)),
}


def with_scikit_image(batch: np.ndarray, mixing: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The papers' recipe: from RGB to stains, weighed and shifted, and back; float in 0 to 1."""
    return np.stack(
        [
            hed2rgb(rgb2hed(patch) * weights + shifts / 6)  # a density of 6 is its 1
            for patch, weights, shifts in zip((batch + 1) / 256, *mixing, strict=True)
        ]
    )


def check_others(batch: np.ndarray) -> None:
    """Stains as scikit-image's where none is below zero; maps and blur as OpenCV's but for its rounding."""
    draws = np.random.default_rng(0).random((BATCH, 6))
    mixing = (1 + 0.2 * (2 * draws[:, :3] - 1), 0.2 * (2 * draws[:, 3:] - 1))
    theirs, ours = 256 * with_scikit_image(batch, mixing) - 1, stained(batch, hed_jitter.mixing(draws, 0.2))
    stains = rgb2hed((batch + 1) / 256)
    changed = stains * mixing[0][:, None, None] + mixing[1][:, None, None] / 6
    kept = (stains > 0).all(axis=-1) & (changed > 0).all(axis=-1) & (theirs > 0).all(axis=-1)
    assert kept.mean() > 0.2, kept.mean()
    stain_error = np.abs(ours - theirs)[kept].max()
    assert stain_error < 0.01, stain_error

    move = draw(OFF.model_copy(update=PEERS["rotation, shift, shear and zoom"][0]), (SIDE, SIDE), **DRAW).move
    assert move is not None
    place = move.place[0].astype(np.float64)
    offset = place[:, 2] - place[:, :2] @ np.full(2, (SIDE - 1) / 2)
    inverse = np.column_stack([place[::-1, 1::-1], offset[::-1]])  # OpenCV counts columns first
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(batch[0], inverse, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REFLECT)
    move_error = np.abs(moved(batch, move)[0] - warped).mean()
    assert move_error < 1, move_error

    blurry = smoothed(batch[:1], np.array([1.5]), "mirror")[0]
    expected = cv2.GaussianBlur(batch[0], (11, 11), 1.5, borderType=cv2.BORDER_REFLECT)
    blur_error = np.abs(blurry - expected).max()
    assert blur_error < 1.5, blur_error
    print(
        f"largest difference: stains {stain_error:.1e} levels from scikit-image, blur {blur_error:.2f} from OpenCV; "
        f"maps on average {move_error:.2f} from OpenCV's"
    )


def main_others(batch: np.ndarray, preprocess: Preprocess) -> None:
    """Print the ratios of what interpolates or changes stains."""
    finish = (A.Normalize(preprocess.config.mean, preprocess.config.std), ToTensorV2())
    for name, (settings, peer) in PEERS.items():
        config, transform = OFF.model_copy(update=settings), A.Compose([peer, *finish])
        variants: dict[str, Callable[[], object]] = {
            "albumentations": lambda t=transform: torch.stack([t(image=patch)["image"] for patch in batch]),
            "ours": partial(preprocess.augmented, batch, config, **DRAW),
        }
        if name == "other stains":
            mixing = (np.ones((BATCH, 3)), np.zeros((BATCH, 3)))
            variants["scikit-image, stains alone"] = partial(with_scikit_image, batch, mixing)
        paired(f"{BATCH} patches of {SIDE} px: {name}, normalise", variants, base="albumentations", rounds=9)


def patches() -> np.ndarray:
    """Drawn tissue, uint8 [64, 96, 96, 3]."""
    return next(render_in_order(PhantomOptions(patches=BATCH), 0))[0]


def check(batch: np.ndarray, preprocess: Preprocess) -> None:
    """Our two ways give the same pixels, and so does a peer where only normalising is left."""
    config, samples = AugmentConfig(jitter=JITTER, hue=HUE), np.arange(BATCH)
    ours = preprocess.augmented(batch, config, seed=0, epoch=0, samples=samples).permute(0, 2, 3, 1)
    changes = draw(config, (SIDE, SIDE), seed=0, epoch=0, samples=samples)
    mean, spread = ([255 * value for value in values] for values in (preprocess.config.mean, preprocess.config.std))
    plain = torch_backend.change(torch.from_numpy(batch), changes, mean=mean, spread=spread)
    largest = (ours - plain).abs().max().item()
    assert largest < TOLERANCE, largest
    normalised = A.Compose([A.Normalize(preprocess.config.mean, preprocess.config.std), ToTensorV2()])
    theirs = torch.stack([normalised(image=patch)["image"] for patch in batch])
    torch.testing.assert_close(theirs, preprocess.normalise(batch), atol=TOLERANCE, rtol=0, check_stride=False)
    print(f"compiled pass and plain torch: largest difference {largest:.1e} in normalised units")


def in_a_row(transform: Callable[[np.ndarray], object], batch: np.ndarray) -> Callable[[], object]:
    """The same batch some times."""
    return lambda: [transform(batch) for _ in range(IN_A_ROW)]


def main() -> None:
    """Print the ratios: of what changes more than colours, then with and without hue."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    batch, preprocess, samples = patches(), Preprocess(PreprocessConfig()), np.arange(BATCH)
    check(batch, preprocess)
    check_others(batch)
    main_others(batch, preprocess)
    for hue in (HUE, 0.0):
        config = AugmentConfig(jitter=JITTER, hue=hue)
        ours = partial(preprocess.augmented, seed=0, epoch=0, samples=samples, config=config)
        for name, peer, rounds in (
            ("albumentations", with_albumentations(preprocess.config, hue=hue), 15),
            ("torchvision on Pillow images", with_torchvision(preprocess.config, hue=hue), 9),
        ):
            paired(
                f"{IN_A_ROW} x {BATCH} patches, {SIDE} px: flips, quarter turns, jitter {JITTER}, hue {hue}, normalise",
                {name: in_a_row(peer, batch), "ours": in_a_row(ours, batch)},
                base=name,
                rounds=rounds,
            )


if __name__ == "__main__":
    main()
