"""The audit against the loop that one writes first, and its own speed at the sizes that matter.

    python -m benchmarks.audit

The peer decodes nothing either: per patch a grey 32 x 32 thumbnail by Pillow, SciPy's DCT and a 64-bit perceptual hash
of its low frequencies, as the package imagehash does. It knows neither mirrored nor turned copies, nor what ours
measures beside (digest, signature, ten facts); ours is given the same patches in memory.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image
from scipy.fft import dctn
from scipy.ndimage import gaussian_filter

from benchmarks._paired import paired
from histo_core.audit.duplicates import equal_groups, near_pairs
from histo_core.audit.facts import luma
from histo_core.audit.scan import digests, scan
from histo_core.audit.signatures import signatures
from histo_core.data.base import Dataset

PATCHES = 10_000
SIDE = 96
MANY = 327_680
REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "pcam_jpeg"


class InMemory:
    """Patches that cost nothing to read, so that only the audit is measured."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels

    def read(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """As `Dataset.read`."""
        return self.pixels[np.asarray(indices) % len(self.pixels)]


def patches(n: int) -> np.ndarray:
    """Real patches where they lie beside the project, else smooth noise; uint8 [n, SIDE, SIDE, 3]."""
    files = sorted(REAL.rglob("*.jpg"))
    if len(files) > n // 2:
        real = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
        return np.concatenate([real, real[: n - len(real), ::-1]])[:n]
    rng = np.random.default_rng(0)
    noise = gaussian_filter(rng.normal(size=(n, SIDE, SIDE, 3)).astype(np.float32), (0, 3, 3, 0))
    return np.clip(noise * 400 + 160, 0, 255).astype(np.uint8)


def perceptual_hash(image: np.ndarray) -> int:
    """The 64-bit hash of the lowest 8 x 8 frequencies against their median."""
    small = np.asarray(Image.fromarray(image).convert("L").resize((32, 32), Image.Resampling.LANCZOS), np.float64)
    low = np.asarray(dctn(small))[:8, :8]
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")


def main() -> None:
    """Check, then measure."""
    pixels = patches(PATCHES)
    source = cast(Dataset, InMemory(pixels))
    rows = np.arange(PATCHES)
    assert len({perceptual_hash(image) for image in (pixels[0], pixels[0])}) == 1
    np.testing.assert_allclose(scan(source, rows[:64]).signatures, signatures(luma(pixels[:64])), rtol=1e-5)
    some = rows[:2000]
    paired(
        "2,000 patches of 96 x 96",
        {
            "a loop: Pillow, SciPy's DCT, 64-bit hash": lambda: [perceptual_hash(image) for image in pixels[some]],
            "ours: digest, signature and facts": lambda: scan(source, some),
            "ours: digest alone": lambda: digests(source, some),
        },
        base="a loop: Pillow, SciPy's DCT, 64-bit hash",
        rounds=5,
    )
    start = time.perf_counter()
    scanned = scan(source, rows)
    read = time.perf_counter() - start
    found = near_pairs(scanned.signatures, rows, lambda places: pixels[places])
    print(f"{PATCHES:,} patches: {read:.1f} s to measure, {time.perf_counter() - start - read:.1f} s to search", end="")
    print(f"; {len(found):,} pairs found")
    start = time.perf_counter()
    equal_groups(digests(source, np.arange(MANY)))
    seconds = time.perf_counter() - start
    print(f"exact duplicates of {MANY:,} patches: {seconds:.0f} s, {MANY / seconds:,.0f} a second")


if __name__ == "__main__":
    main()
