"""UMAP of some patches' features."""

from __future__ import annotations

import re
import warnings

import numpy as np

from histo_core.progress import Progress, silent

FEWEST = 16
"""Patches below which a neighbourhood means nothing."""
NEIGHBOURS = 15
_EPOCHS = 200


def umap_layout(features: np.ndarray, *, seed: int = 0, progress: Progress = silent) -> np.ndarray:
    """Lay rows out in the plane so that neighbours stay neighbours.

    Paper: McInnes, Healy and Melville, UMAP: uniform manifold approximation and projection for dimension reduction,
    arXiv:1802.03426, 2018. It starts from the principal components, which keeps the large structure in place (Kobak
    and Linderman, Nature Biotechnology 39, 2021). The same seed gives the same map on the same machine.

    Args:
        features: float32 [m, d], at least `FEWEST` rows.
        seed: of the draws.
        progress: told (epochs done, epochs in all) once the neighbours are found.

    Returns:
        float32 [m, 2].
    """
    if not np.ptp(features, axis=0).any():
        return np.zeros((len(features), 2), np.float32)  # one point; principal components would divide by zero
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # it misses TensorFlow, which only another kind of UMAP needs
        from umap import UMAP  # compiles for seconds, and only a map needs it

    reducer = UMAP(
        n_neighbors=min(NEIGHBOURS, len(features) - 1),
        n_epochs=_EPOCHS,
        init="pca",
        random_state=seed,
        n_jobs=1,  # what a seed means in any case; said, so that it does not warn
        tqdm_kwds={"disable": False, "file": _Epochs(progress), "bar_format": "{n_fmt}"},
    )
    return np.asarray(reducer.fit_transform(features), np.float32)


class _Epochs:
    """The file that umap-learn's progress bar writes to, its only way to tell how far it is or to be stopped."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def write(self, text: str) -> None:
        done = re.search(r"\d+", text)
        if done is not None:
            self._progress(min(int(done[0]), _EPOCHS), _EPOCHS)

    def flush(self) -> None:
        """There is nothing to flush."""
