"""What the Explore page rests on, at PatchCamelyon's size: descriptor, PCA and lasso, each against a named peer.

    python -m benchmarks.explore_core

Before anything is timed, ours must give the peer's numbers.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from skimage.color import rgb2hed
from skimage.measure import points_in_poly
from sklearn.decomposition import PCA, IncrementalPCA

from benchmarks._paired import paired
from histo_core.auditing.embedding.descriptor import COLOUR_BINS, describe_patches
from histo_core.auditing.embedding.lasso import inside
from histo_core.auditing.embedding.pca import Components, Covariance

ROWS = 327_680
WIDTH = 64
BATCH = 1024
PATCHES = 256
CORNERS = 200


def looped_histograms(images: np.ndarray) -> np.ndarray:
    """The descriptor's five histograms alone, as one writes them with scikit-image and NumPy."""
    found = np.empty((len(images), 5 * COLOUR_BINS))
    for row, image in enumerate(images):
        stains = (rgb2hed(image)[..., :2] / 0.25 * 255).clip(0, 255)
        channels = [*np.moveaxis(image, -1, 0), *np.moveaxis(stains, -1, 0)]
        counts = [np.histogram(channel, COLOUR_BINS, (0, 256))[0] for channel in channels]
        found[row] = np.sqrt(np.concatenate(counts) / image[..., 0].size)
    return found


def our_pca(rows: np.ndarray) -> Components:
    """The two passes' arithmetic: gather, then project in blocks."""
    covariance = Covariance()
    for start in range(0, len(rows), BATCH):
        covariance.add(rows[start : start + BATCH])
    components = covariance.components(2)
    for start in range(0, len(rows), BATCH):
        components.project(rows[start : start + BATCH])
    return components


def lasso() -> np.ndarray:
    """A wobbling round, as a hand draws it."""
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    radius = 1 + np.random.default_rng(0).random(CORNERS)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def main() -> None:
    """Check, then measure."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (PATCHES, 96, 96, 3), dtype=np.uint8)
    histograms = describe_patches(images)[:, : 5 * COLOUR_BINS]
    np.testing.assert_allclose(histograms**2, looped_histograms(images) ** 2, atol=2e-3)
    timings = paired(
        f"describing {PATCHES} patches of 96 x 96",
        {
            "rgb2hed and np.histogram, histograms alone": lambda: looped_histograms(images),
            "ours, whole descriptor": lambda: describe_patches(images),
        },
        base="rgb2hed and np.histogram, histograms alone",
    )
    print(f"  {PATCHES / timings[1].seconds:,.0f} patches a second in one thread")

    rows = (rng.normal(size=(ROWS, WIDTH)) * np.linspace(3, 0.1, WIDTH) + 5).astype(np.float32)
    reference = PCA(2, svd_solver="full").fit(rows[:20_000].astype(np.float64))
    np.testing.assert_allclose(our_pca(rows[:20_000]).axes.T, np.asarray(reference.components_), atol=1e-6)
    paired(
        f"PCA of {ROWS:,} x {WIDTH}",
        {
            "scikit-learn IncrementalPCA": lambda: IncrementalPCA(2, batch_size=BATCH).fit_transform(rows),
            "scikit-learn PCA, all in memory, float32": lambda: PCA(2).fit_transform(rows),
            "ours, in batches, sums in float64": lambda: our_pca(rows),
        },
        base="scikit-learn IncrementalPCA",
        rounds=3,
    )

    points, polygon = rng.normal(size=(ROWS, 2)).astype(np.float32), lasso()
    np.testing.assert_array_equal(inside(points, polygon), points_in_poly(points, polygon))
    paired(
        f"a lasso of {CORNERS} corners around {ROWS:,} points",
        {
            "skimage.measure.points_in_poly": lambda: points_in_poly(points, polygon),
            "ours": lambda: inside(points, polygon),
        },
        base="skimage.measure.points_in_poly",
        rounds=5,
    )


if __name__ == "__main__":
    main()
