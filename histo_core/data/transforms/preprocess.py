"""Convert pixels to a network's input, and maps back. No other module crops, resizes or normalises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from histo_core.config import AugmentConfig, PreprocessConfig
from histo_core.data.transforms.augment.draw import changes_nothing, draw
from histo_core.data.transforms.augment.preview import augment
from histo_core.errors import ConfigError, DataError

__all__ = ["PatchRegion", "Preprocess", "augment"]

_CPU = torch.device("cpu")
_RESAMPLING = {"smooth": Image.Resampling.BILINEAR, "nearest": Image.Resampling.NEAREST}


@dataclass(frozen=True)
class PatchRegion:
    """A rectangle of an image, in pixels.

    Example:
        >>> import numpy as np
        >>> from histo_core.data.transforms.preprocess import PatchRegion
        >>> region = PatchRegion(top=32, left=32, height=32, width=32)
        >>> np.zeros((96, 96, 3), np.uint8)[region.slices].shape
        (32, 32, 3)
    """

    top: int
    left: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Return rows and columns to index an H x W array."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


class Preprocess:
    """Preprocessing: centre crop, resize, scale to [0, 1], normalise each channel.

    Example:
        >>> import numpy as np
        >>> from histo_core.config import PreprocessConfig
        >>> from histo_core.data.transforms.preprocess import Preprocess
        >>> preprocess = Preprocess(PreprocessConfig(crop=64, resize=32))
        >>> tuple(preprocess(np.zeros((5, 96, 96, 3), np.uint8)).shape)
        (5, 3, 32, 32)
        >>> preprocess.seen(96, 96)
        PatchRegion(top=16, left=16, height=64, width=64)
    """

    def __init__(self, config: PreprocessConfig) -> None:
        self.config = config

    def __call__(self, images: Sequence[np.ndarray] | np.ndarray) -> torch.Tensor:
        """Return ``normalise(geometry(images))``."""
        return self.normalise(self.geometry(images))

    def geometry(self, images: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
        """Crop and resize; the result is still pixels, so that augmentation and pages can use it.

        Args:
            images: uint8 H x W x 3 each; sizes may differ when ``resize`` makes them equal.

        Returns:
            uint8 [n, h, w, 3]. Resizing is bilinear with antialiasing, or by the nearest pixel, which repeats each
            pixel if the new side is a multiple of the old one.

        Raises:
            ConfigError: the crop is larger than an image.
            DataError: not uint8 H x W x 3, no image, or different sizes after resizing.
        """
        if not len(images):
            raise DataError("There are no images.", "At least one is needed.", "Choose some.")
        changed = [self._one(image) for image in images]
        shapes = sorted({image.shape[:2] for image in changed})
        if len(shapes) > 1:
            raise DataError(
                f"Images have different sizes: {_size(shapes[0])} and {_size(shapes[-1])} pixels.",
                "A network needs one size.",
                "Set preprocess.crop or preprocess.resize.",
            )
        return np.stack(changed)

    def normalise(self, batch: np.ndarray) -> torch.Tensor:
        """Compute (pixel / 255 - mean) / SD for each channel.

        Args:
            batch: uint8 [n, h, w, 3].

        Returns:
            float32 [n, 3, h, w] in channels-last memory.
        """
        width = batch.shape[2]
        rows = torch.from_numpy(batch.reshape(-1, width * 3).astype(np.float32))
        # A whole row of pixels at a time: four times as fast as along the three channels.
        rows.sub_(torch.tensor(self.config.mean * width) * 255).div_(torch.tensor(self.config.std * width) * 255)
        return rows.view(batch.shape).permute(0, 3, 1, 2)

    def augmented(
        self,
        batch: np.ndarray,
        config: AugmentConfig,
        *,
        seed: int,
        epoch: int,
        samples: np.ndarray,
        device: torch.device = _CPU,
    ) -> torch.Tensor:
        """Draw changes, apply them and normalise, as training does.

        Args:
            batch: uint8 [n, h, w, 3], after `geometry`.
            config, seed, epoch, samples: see `draw`.
            device: device of the result. The CPU does it in one compiled pass. For other devices the patches are sent
                as bytes and changed there, with the same result except for rounding.

        Returns:
            float32 [n, 3, h, w] in channels-last memory, not rounded to whole levels in between.

        Raises:
            ConfigError: quarter turns of patches that are not square.
        """
        if changes_nothing(config):
            return self.normalise(batch).to(device, non_blocking=True)
        # Imported here: numba takes a while to load, and most callers do not augment.
        from histo_core.data.transforms.augment import kernel, torch_backend

        changes = draw(config, (batch.shape[1], batch.shape[2]), seed=seed, epoch=epoch, samples=samples)
        mean, spread = ([255 * value for value in values] for values in (self.config.mean, self.config.std))
        if device.type == "cpu":
            changed = torch.from_numpy(kernel.change(batch, changes, mean=mean, spread=spread))
        else:
            sent = torch.from_numpy(batch).to(device, non_blocking=True)
            changed = torch_backend.change(sent, changes, mean=mean, spread=spread)
        return changed.permute(0, 3, 1, 2)

    def seen(self, height: int, width: int) -> PatchRegion:
        """Return the region of an image of this size that the crop keeps, as torchvision's ``center_crop``.

        Raises:
            ConfigError: the crop is larger than the image.
        """
        side = self.config.crop
        if side is None:
            return PatchRegion(0, 0, height, width)
        if side > min(height, width):
            raise ConfigError(
                f"preprocess.crop = {side} is larger than an image of {_size((height, width))} pixels.",
                f"At most {min(height, width)} is possible.",
                "Lower the crop or set it to none.",
            )
        if self.config.crop_rounding == "down":
            return PatchRegion((height - side) // 2, (width - side) // 2, side, side)
        # Python rounds half to even, and so does torchvision's center_crop.
        return PatchRegion(round((height - side) / 2), round((width - side) / 2), side, side)

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return height and width of the network's input for an image of this size."""
        if self.config.resize is not None:
            return self.config.resize, self.config.resize
        region = self.seen(height, width)
        return region.height, region.width

    def to_input_pixels(
        self,
        map: np.ndarray,  # noqa: A002
        height: int,
        width: int,
        *,
        nearest: bool = False,
    ) -> np.ndarray:
        """Map a map over the network's input back to the pixels of the image.

        Args:
            map: h x w over the region that the network sees, at any resolution.
            height, width: size of the image.
            nearest: keep values unchanged (superpixel numbers); bilinear interpolation would blend them.

        Returns:
            float32 height x width, 0 where the network does not see.
        """
        region = self.seen(height, width)
        how = Image.Resampling.NEAREST if nearest else Image.Resampling.BILINEAR
        seen = Image.fromarray(np.asarray(map, np.float32)).resize((region.width, region.height), how)
        whole = np.zeros((height, width), np.float32)
        whole[region.slices] = np.asarray(seen)
        return whole

    def seen_mask(self, height: int, width: int) -> np.ndarray:
        """Return bool height x width: True where the network sees the image."""
        mask = np.zeros((height, width), bool)
        mask[self.seen(height, width).slices] = True
        return mask

    def _one(self, image: np.ndarray) -> np.ndarray:
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise DataError(
                f"An image is {image.dtype} {list(image.shape)}.", "uint8 H x W x 3 is expected.", "Convert it to RGB."
            )
        cropped = image[self.seen(*image.shape[:2]).slices]
        side = self.config.resize
        if side is None or cropped.shape[:2] == (side, side):
            return cropped
        return np.asarray(Image.fromarray(cropped).resize((side, side), _RESAMPLING[self.config.interpolation]))


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}"
