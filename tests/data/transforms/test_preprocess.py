"""The only transforms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from histo_core.config import AugmentConfig, PreprocessConfig
from histo_core.data.transforms.preprocess import PatchRegion, Preprocess, augment
from histo_core.errors import ConfigError, DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 96, 96, 3), dtype=np.uint8)


def make(**config: object) -> Preprocess:
    return Preprocess(PreprocessConfig.model_validate(config))


def test_without_settings_pixels_stay() -> None:
    np.testing.assert_array_equal(make().geometry(list(IMAGES)), IMAGES)
    np.testing.assert_array_equal(make().geometry(IMAGES), IMAGES)


def test_the_crop_is_the_centre() -> None:
    np.testing.assert_array_equal(make(crop=32).geometry(IMAGES), IMAGES[:, 32:64, 32:64])
    wide = IMAGES[0][:50, :71]
    np.testing.assert_array_equal(make(crop=20).geometry([wide])[0], wide[15:35, 26:46])  # torchvision rounds to even


def test_every_crop_is_torchvisions() -> None:
    """Odd margins included, in the pixels, in the region and in what a page marks as not seen."""
    numbers = np.arange(40 * 41).reshape(40, 41)
    for height in range(8, 40):
        for width in (8, 9, 10, 11, height, 41):
            image = numbers[:height, :width]
            bytes_of = np.stack([image % 251, image // 251, image * 0], axis=2).astype(np.uint8)
            for crop in range(8, min(height, width) + 1):
                expected = v2.functional.center_crop(torch.from_numpy(image.copy())[None], [crop, crop])[0].numpy()
                preprocess = make(crop=crop)
                region = preprocess.seen(height, width)
                np.testing.assert_array_equal(image[region.slices], expected)
                np.testing.assert_array_equal(image[preprocess.seen_mask(height, width)], expected.ravel())
                cropped = preprocess.geometry([bytes_of])[0].astype(int)
                np.testing.assert_array_equal(cropped[..., 0] + 251 * cropped[..., 1], expected)


def test_the_network_and_the_map_see_torchvisions_crop() -> None:
    image = np.random.default_rng(0).integers(0, 256, (43, 30, 3), np.uint8)
    preprocess = make(crop=16, mean=(0, 0, 0), std=(1, 1, 1))
    theirs = v2.functional.center_crop(torch.from_numpy(image).permute(2, 0, 1), [16, 16])
    torch.testing.assert_close(preprocess([image])[0], theirs / 255)
    laid_back = preprocess.to_input_pixels(np.ones((4, 4)), 43, 30) > 0
    np.testing.assert_array_equal(image[laid_back].reshape(16, 16, 3), theirs.permute(1, 2, 0).numpy())


def test_crops_of_earlier_runs_stay_where_they_were() -> None:
    """They rounded odd margins down: of 43 rows to 16, 13 are above; torchvision leaves 14."""
    earlier = make(crop=16, crop_rounding="down")
    assert earlier.seen(43, 30) == PatchRegion(13, 7, 16, 16)
    assert make(crop=16).seen(43, 30) == PatchRegion(14, 7, 16, 16)


def test_resizing_is_pillows_bilinear() -> None:
    for side in (32, 224):
        expected = [
            np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BILINEAR)) for image in IMAGES
        ]
        np.testing.assert_array_equal(make(resize=side).geometry(IMAGES), expected)


def test_the_nearest_pixel_is_repeated() -> None:
    """The centre of 32 pixels enlarged to 96, as one study had it."""
    repeated = IMAGES[:, 32:64, 32:64].repeat(3, axis=1).repeat(3, axis=2)
    preprocess = make(crop=32, resize=96, interpolation="nearest")
    np.testing.assert_array_equal(preprocess.geometry(IMAGES), repeated)
    assert preprocess.seen(96, 96) == PatchRegion(32, 32, 32, 32)
    back = preprocess.to_input_pixels(np.pad(np.ones((48, 48)), 24), 96, 96)
    assert back[42:54, 42:54].min() > 0.99
    assert back[:38].max() == back[58:].max() == 0


def test_images_of_several_sizes_become_one() -> None:
    assert make(crop=40, resize=32).geometry([IMAGES[0], IMAGES[1][:64, :50]]).shape == (2, 32, 32, 3)


def test_values_are_torchvisions() -> None:
    preprocess = make(crop=64, resize=48)
    batch = preprocess(IMAGES)
    assert batch.dtype == torch.float32
    assert batch.shape == (4, 3, 48, 48)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    reference = v2.Compose(
        [
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(preprocess.config.mean, preprocess.config.std),
        ]
    )
    expected = torch.stack([reference(Image.fromarray(image)) for image in preprocess.geometry(IMAGES)])
    torch.testing.assert_close(batch, expected, atol=1e-5, rtol=1e-5, check_stride=False)


def test_read_only_and_mirrored_arrays_are_taken() -> None:
    frozen = IMAGES.copy()
    frozen.flags.writeable = False
    assert torch.equal(make().normalise(frozen), make().normalise(IMAGES))
    assert torch.equal(make().normalise(IMAGES[:, :, ::-1]), make().normalise(IMAGES[:, :, ::-1].copy()))


def test_each_sample_is_treated_alone() -> None:
    together = make(crop=64, resize=32)(IMAGES)
    for row, image in enumerate(IMAGES):
        assert torch.equal(make(crop=64, resize=32)([image])[0], together[row])


AUGMENT = AugmentConfig(jitter=0.2, hue=0.05)
DRAW = {"seed": 1, "epoch": 2, "samples": np.arange(4)}


def test_augmented_without_anything_to_change_is_normalised() -> None:
    off = AugmentConfig(flips=False, quarter_turns=False, jitter=0)
    assert torch.equal(make().augmented(IMAGES, off, **DRAW), make().normalise(IMAGES))


def test_symmetries_alone_move_normalised_pixels() -> None:
    symmetries = AugmentConfig(jitter=0)
    batch = make().augmented(IMAGES, symmetries, **DRAW)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    expected = make().normalise(augment(IMAGES, symmetries, **DRAW))
    torch.testing.assert_close(batch, expected, atol=1e-6, rtol=1e-6, check_stride=False)
    assert not torch.equal(batch, make().normalise(IMAGES))


def test_elsewhere_than_on_a_cpu_patches_are_changed_in_torch() -> None:
    """A device without memory has shapes only; that torch was asked shows that the bytes went there."""
    batch = make().augmented(IMAGES, AUGMENT, **DRAW, device=torch.device("meta"))
    assert (batch.device.type, tuple(batch.shape), batch.dtype) == ("meta", (4, 3, 96, 96), torch.float32)
    assert batch.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.gpu
def test_a_gpu_gives_the_cpus_pixels() -> None:
    on_gpu = make().augmented(IMAGES, AUGMENT, **DRAW, device=torch.device("cuda:0"))
    torch.testing.assert_close(on_gpu.cpu(), make().augmented(IMAGES, AUGMENT, **DRAW), atol=1e-5, rtol=0)


def test_regions_and_sizes() -> None:
    assert make(crop=32).seen(96, 96) == PatchRegion(32, 32, 32, 32)
    assert make().seen(50, 70) == PatchRegion(0, 0, 50, 70)
    assert make(crop=32).output_size(96, 96) == (32, 32)
    assert make(crop=32, resize=64).output_size(96, 96) == (64, 64)
    assert make().output_size(50, 70) == (50, 70)
    mask = make(crop=32).seen_mask(96, 96)
    assert mask.sum() == 32 * 32
    assert mask[32:64, 32:64].all()


def test_maps_return_to_where_the_network_looked() -> None:
    crop = make(crop=32, resize=64)
    heat = crop.to_input_pixels(np.ones((64, 64), np.float64), 96, 96)
    assert heat.dtype == np.float32
    np.testing.assert_array_equal(heat, crop.seen_mask(96, 96).astype(np.float32))
    numbers = np.repeat(np.repeat([[1, 2], [3, 4]], 32, 0), 32, 1)
    back = crop.to_input_pixels(numbers, 96, 96, nearest=True)[32:64, 32:64]
    np.testing.assert_array_equal(back, np.repeat(np.repeat([[1, 2], [3, 4]], 16, 0), 16, 1))


def test_a_coarse_map_is_blended_like_torchs_interpolation() -> None:
    coarse = np.random.default_rng(1).normal(size=(4, 4)).astype(np.float32)
    expected = torch.nn.functional.interpolate(torch.from_numpy(coarse)[None, None], (96, 96), mode="bilinear")
    np.testing.assert_allclose(make().to_input_pixels(coarse, 96, 96), expected[0, 0].numpy(), atol=1e-5)


def test_what_does_not_fit_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match=r"crop = 128 is larger than an image of 96 x 96.*At most 96"):
        make(crop=128)(IMAGES)
    with pytest.raises(DataError, match=r"different sizes: 50 x 64 and 96 x 96.*resize"):
        make()([IMAGES[0], IMAGES[1][:64, :50]])
    with pytest.raises(DataError, match=r"float32 \[96, 96, 3\]"):
        make()([IMAGES[0].astype(np.float32)])
    with pytest.raises(DataError, match=r"uint8 \[96, 96\]"):
        make()([IMAGES[0, :, :, 0]])
    with pytest.raises(DataError, match="no images"):
        make()([])
