"""The compiled pass against plain torch, NumPy written here, and itself in other batches and threads."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from histo_core.config import AugmentConfig
from histo_core.data.transforms.augment import kernel, torch_backend
from histo_core.data.transforms.augment.draw import Changes, draw

PROJECT = Path(__file__).resolve().parents[3]
RNG = np.random.default_rng(0)
BATCH = RNG.integers(0, 256, (32, 20, 20, 3), dtype=np.uint8)
SAMPLES = np.arange(32)
MEAN, SPREAD = (170.0, 130.0, 180.0), (50.0, 60.0, 40.0)
TOLERANCE = 1e-5
CONFIGS = (
    AugmentConfig(jitter=0),
    AugmentConfig(jitter=0.3),
    AugmentConfig(jitter=0, hue=0.5),
    AugmentConfig(jitter=1, hue=0.2),
    AugmentConfig(quarter_turns=False, jitter=0.2, hue=0.1),
    AugmentConfig(flips=False, jitter=0.2),
)


def drawn(config: AugmentConfig, batch: np.ndarray = BATCH, samples: np.ndarray = SAMPLES) -> Changes:
    return draw(config, (batch.shape[1], batch.shape[2]), seed=4, epoch=1, samples=samples)


def by_kernel(batch: np.ndarray, changes: Changes) -> np.ndarray:
    return kernel.change(batch, changes, mean=MEAN, spread=SPREAD)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_plain_torch_gives_the_same_pixels(config: AugmentConfig) -> None:
    changes = drawn(config)
    plain = torch_backend.change(torch.from_numpy(BATCH), changes, mean=MEAN, spread=SPREAD)
    ours = by_kernel(BATCH, changes)
    assert ours.dtype == np.float32
    assert plain.dtype == torch.float32
    np.testing.assert_allclose(ours, plain.numpy(), atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("symmetry", range(8))
def test_each_symmetry_is_numpys(symmetry: int) -> None:
    same = np.repeat(np.eye(3, dtype=np.float32)[None], 32, axis=0)
    changes = Changes(np.full(32, symmetry), same, np.zeros(32, np.float32))
    mirrored = BATCH[:, :, ::-1] if symmetry >= 4 else BATCH
    expected = (np.rot90(mirrored, symmetry % 4, (1, 2)).astype(np.float64) - MEAN) / SPREAD
    np.testing.assert_allclose(by_kernel(BATCH, changes), expected, atol=TOLERANCE, rtol=0)


def test_colours_follow_the_formula_and_are_clipped_once() -> None:
    changes = drawn(AugmentConfig(flips=False, quarter_turns=False, jitter=0.8, hue=0.3))
    pixels = BATCH.astype(np.float64)
    grey = pixels.mean(axis=(1, 2)) @ [0.299, 0.587, 0.114]
    mixed = np.einsum("nij,nhwj->nhwi", changes.colour, pixels) + (changes.lift * grey)[:, None, None, None]
    assert (mixed < 0).any()
    assert (mixed > 255).any()
    expected = (mixed.clip(0, 255) - MEAN) / SPREAD
    np.testing.assert_allclose(by_kernel(BATCH, changes), expected, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 7), (2, 9, 1), (5, 13, 30), (2, 31, 33)])
def test_odd_and_wide_patches(shape: tuple[int, int, int]) -> None:
    batch = RNG.integers(0, 256, (*shape, 3), dtype=np.uint8)
    changes = drawn(AugmentConfig(quarter_turns=False, jitter=0.3, hue=0.1), batch, np.arange(shape[0]))
    plain = torch_backend.change(torch.from_numpy(batch), changes, mean=MEAN, spread=SPREAD)
    np.testing.assert_allclose(by_kernel(batch, changes), plain.numpy(), atol=TOLERANCE, rtol=0)


def test_neither_batches_nor_threads_change_a_bit() -> None:
    changes = drawn(CONFIGS[3])
    whole = by_kernel(BATCH, changes)

    def alone(row: int) -> np.ndarray:
        one = slice(row % 32, row % 32 + 1)
        return by_kernel(BATCH[one], Changes(changes.symmetry[one], changes.colour[one], changes.lift[one]))[0]

    with ThreadPoolExecutor(4) as threads:
        for row, result in enumerate(threads.map(alone, range(96))):
            np.testing.assert_array_equal(result, whole[row % 32])


def test_read_only_and_strided_batches_are_taken() -> None:
    changes = drawn(CONFIGS[1])
    frozen = BATCH.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(by_kernel(frozen, changes), by_kernel(BATCH, changes))
    np.testing.assert_array_equal(by_kernel(BATCH[:, :, ::-1], changes), by_kernel(BATCH[:, :, ::-1].copy(), changes))


def test_it_runs_where_compiled_code_cannot_be_kept(tmp_path: Path) -> None:
    """Neither beside the module nor in the user's cache: both are files here, under a home that is none."""
    code = (
        "import numpy as np\n"
        "from histo_core.config import AugmentConfig\n"
        "from histo_core.data.transforms.augment.preview import augment\n"
        "batch = np.zeros((2, 4, 4, 3), np.uint8)\n"
        "print(augment(batch, AugmentConfig(), seed=0, epoch=0, samples=np.arange(2)).shape)"
    )
    blocked = tmp_path / "file"
    blocked.write_text("")
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(PROJECT),
        "NUMBA_CACHE_LOCATOR_CLASSES": "_UserProvidedCacheLocator",  # the only one asked, and it has no folder
        "HOME": str(blocked),
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "(2, 4, 4, 3)\n", done.stderr


def test_numba_is_loaded_only_when_something_changes() -> None:
    code = (
        "import sys, numpy as np\n"
        "from histo_core.config import AugmentConfig, PreprocessConfig\n"
        "from histo_core.data.transforms.preprocess import Preprocess\n"
        "off = AugmentConfig(flips=False, quarter_turns=False, jitter=0)\n"
        "batch = np.zeros((2, 4, 4, 3), np.uint8)\n"
        "Preprocess(PreprocessConfig()).augmented(batch, off, seed=0, epoch=0, samples=np.arange(2))\n"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
