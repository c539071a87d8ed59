"""UMAP of some patches' features."""

from __future__ import annotations

import re
import warnings

import numpy as np

from histo_core.extras import need_extra
from histo_core.progress import Progress, silent

FEWEST = 16
"""Patches below which a neighbourhood means nothing."""
NEIGHBOURS = 15
_EPOCHS = 200
_BLOCK = 500
"""Rows whose neighbours are looked for at once."""


def umap_layout(features: np.ndarray, *, seed: int = 0, progress: Progress = silent) -> np.ndarray:
    """Lay rows out in the plane so that neighbours stay neighbours.

    Paper: McInnes, Healy and Melville, UMAP: uniform manifold approximation and projection for dimension reduction,
    arXiv:1802.03426, 2018. It starts from the principal components, which keeps the large structure in place (Kobak
    and Linderman, Nature Biotechnology 39, 2021). The same seed gives the same map on the same machine.

    Args:
        features: float32 [m, d], at least `FEWEST` rows.
        seed: of the draws.
        progress: told (steps done, steps in all), steps being blocks of rows, then epochs.

    Returns:
        float32 [m, 2].

    Raises:
        MissingExtraError: umap-learn is not installed.
    """
    need_extra("maps", "A UMAP")
    if not np.ptp(features, axis=0).any():
        return np.zeros((len(features), 2), np.float32)  # one point; principal components would divide by zero
    blocks = -(-len(features) // _BLOCK)
    places, distances = _neighbours(features, lambda done, _: progress(done, blocks + _EPOCHS))
    with warnings.catch_warnings():
        # It misses TensorFlow, which only another kind of UMAP needs, and a search index for new rows: there are none.
        warnings.simplefilter("ignore", ImportWarning)
        warnings.filterwarnings("ignore", message=r"precomputed_knn\[2\]")
        from umap import UMAP  # compiles for seconds, and only a map needs it

        reducer = UMAP(
            n_neighbors=places.shape[1],
            precomputed_knn=(places, distances),
            n_epochs=_EPOCHS,
            init="pca",
            random_state=seed,
            n_jobs=1,  # what a seed means in any case; said, so that it does not warn
            tqdm_kwds={
                "disable": False,
                "file": _Epochs(lambda done, _: progress(blocks + done, blocks + _EPOCHS)),
                "bar_format": "{n_fmt}",
            },
        )
        return np.asarray(reducer.fit_transform(features), np.float32)


def _neighbours(features: np.ndarray, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Each row's nearest rows, itself among them, and how far they are.

    Looking at all pairs of 20,000 rows takes seconds; umap-learn's own approximate search compiles for a minute.
    """
    from sklearn.neighbors import NearestNeighbors  # half a second, and only a map that is made needs it

    search = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(features) - 1), algorithm="brute").fit(features)
    found = []
    for start in range(0, len(features), _BLOCK):
        found.append(search.kneighbors(features[start : start + _BLOCK]))
        progress(len(found), -(-len(features) // _BLOCK))
    distances, places = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return places, distances


class _Epochs:
    """The file that umap-learn's progress bar writes to, its only way to tell how far it is or to be stopped."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def write(self, text: str) -> None:
        """Told what the bar shows: the number of epochs done."""
        done = re.search(r"\d+", text)
        if done is not None:
            self._progress(min(int(done[0]), _EPOCHS), _EPOCHS)

    def flush(self) -> None:
        """There is nothing to flush."""
