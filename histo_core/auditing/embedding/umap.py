"""Compute the UMAP of patches' features."""

from __future__ import annotations

import re
import warnings

import numpy as np

from histo_core.extras import need_extra
from histo_core.progress import Progress, silent

FEWEST = 16
"""The fewest patches for which neighbourhoods are meaningful."""
NEIGHBOURS = 15
_EPOCHS = 200
_BLOCK = 500
"""Rows whose neighbours are searched at once."""


def umap_layout(features: np.ndarray, *, seed: int = 0, progress: Progress = silent) -> np.ndarray:
    """Embed rows in the plane so that neighbours stay neighbours.

    Paper: McInnes, Healy and Melville, UMAP: uniform manifold approximation and projection for dimension reduction,
    arXiv:1802.03426, 2018. It starts from the principal components, which preserves the large structure (Kobak and
    Linderman, Nature Biotechnology 39, 2021). The same seed gives the same map on the same machine.

    Args:
        features: float32 [m, d], at least `FEWEST` rows.
        seed: seed of the random draws.
        progress: reports (steps done, total); steps are blocks of rows, then epochs.

    Returns:
        float32 [m, 2].

    Raises:
        MissingExtraError: umap-learn is not installed.
    """
    need_extra("maps", "A UMAP")
    if not np.ptp(features, axis=0).any():
        return np.zeros((len(features), 2), np.float32)  # all rows are equal; the PCA would divide by zero
    blocks = -(-len(features) // _BLOCK)
    places, distances = _neighbours(features, lambda done, _: progress(done, blocks + _EPOCHS))
    with warnings.catch_warnings():
        # The import warns of missing TensorFlow, which only parametric UMAP needs, and of a search index for new rows.
        warnings.simplefilter("ignore", ImportWarning)
        warnings.filterwarnings("ignore", message=r"precomputed_knn\[2\]")
        from umap import UMAP  # imported here: it compiles for seconds, and only a map needs it

        reducer = UMAP(
            n_neighbors=places.shape[1],
            precomputed_knn=(places, distances),
            n_epochs=_EPOCHS,
            init="pca",
            random_state=seed,
            n_jobs=1,  # a seed implies this; without it umap-learn warns
            tqdm_kwds={
                "disable": False,
                "file": _Epochs(lambda done, _: progress(blocks + done, blocks + _EPOCHS)),
                "bar_format": "{n_fmt}",
            },
        )
        return np.asarray(reducer.fit_transform(features), np.float32)


def _neighbours(features: np.ndarray, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's nearest rows, itself included, and their distances.

    Comparing all pairs of 20,000 rows takes seconds; umap-learn's own approximate search compiles for a minute.
    """
    from sklearn.neighbors import NearestNeighbors  # imported here: it takes half a second, and only a new map needs it

    search = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(features) - 1), algorithm="brute").fit(features)
    found = []
    for start in range(0, len(features), _BLOCK):
        found.append(search.kneighbors(features[start : start + _BLOCK]))
        progress(len(found), -(-len(features) // _BLOCK))
    distances, places = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return places, distances


class _Epochs:
    """A file for umap-learn's progress bar, the only way to read its progress or to stop it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def write(self, text: str) -> None:
        """Report the number of finished epochs that the bar shows."""
        done = re.search(r"\d+", text)
        if done is not None:
            self._progress(min(int(done[0]), _EPOCHS), _EPOCHS)

    def flush(self) -> None:
        """Do nothing; there is nothing to flush."""
