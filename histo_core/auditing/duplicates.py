"""Find duplicate patches: with equal pixels, or saved anew, mirrored or turned.

Equal pixels are found by SHA-256. Near-duplicates are found in three steps. A search tree over numbers that no symmetry
changes proposes pairs (`dct_signature.invariants`). Their signatures are compared under all eight symmetries. The
pixels of pairs that still agree are read again and compared in detail (`similarity`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from histo_core.auditing.dct_signature import FEATURELESS, invariants, structure, under_symmetries
from histo_core.auditing.scan import digests
from histo_core.auditing.similarity import PatchThumbnail, side_for, similarity, thumbnail
from histo_core.data.dataset import Dataset
from histo_core.progress import Progress, silent

RADIUS = 2.0
"""Largest distance of two aligned signatures, in grey levels. All of 8,000 PatchCamelyon patches that were turned at
random and saved at JPEG quality 70 stay within 1.2 of the original."""

NEIGHBOURS = 32
"""Nearest patches that each patch is compared with, at most. The bound keeps the search at about n log n."""

_CHUNK = 2048
_READ = 256

Read = Callable[[np.ndarray], Sequence[np.ndarray] | np.ndarray]
"""Reads the pixels, uint8 [H, W, 3] each, of the patches at some indices."""


def exact_duplicates(dataset: Dataset, rows: np.ndarray, progress: Progress = silent) -> list[np.ndarray]:
    """Return groups of at least two rows whose pixels are equal, each in the order of ``rows``.

    Raises:
        CorruptDataError: a patch cannot be read.
        CancelledError: raised by ``progress``.
    """
    return [rows[places] for places in equal_groups(digests(dataset, rows, progress))]


def equal_groups(digests: Sequence[bytes]) -> list[np.ndarray]:
    """Return groups of at least two indices with the same digest, ascending, ordered by their first index."""
    places: defaultdict[bytes, list[int]] = defaultdict(list)
    for place, digest in enumerate(digests):
        places[digest].append(place)
    return [np.array(same) for same in places.values() if len(same) > 1]


def near_pairs(signature: np.ndarray, places: np.ndarray, read: Read, progress: Progress = silent) -> pd.DataFrame:
    """Return all pairs of near-duplicates among some patches.

    Args:
        signature: float32 [n, SIDE, SIDE], signatures of all patches.
        places: int64 [m], indices of the patches to compare, each pixel content once.
        read: reads the pixels at some of these indices.
        progress: reports twice the patches: those searched, then the share of the pairs compared.

    Returns:
        Columns ``first`` < ``other`` (indices), ``symmetry`` (index in `dct_signature.SYMMETRIES`; it maps ``other`` to
        ``first``), ``correlation`` and ``difference`` (see `similarity.Similarity`); sorted by first, then other.
    """
    compared = places[structure(signature[places]) >= FEATURELESS]
    points, total = invariants(signature[compared]), 2 * len(compared)
    ends = _neighbours(points, lambda done, _: progress(done, total))
    first, other, symmetry = _close(signature, *(compared[end] for end in ends))
    pairs = _verified(first, other, symmetry, read, lambda done, of: progress(len(compared) * (of + done) // of, total))
    return pairs.sort_values(["first", "other"], ignore_index=True)


def _neighbours(points: np.ndarray, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of points within `RADIUS` of each other, the smaller index first, each pair once."""
    tree, keys = KDTree(points), [np.empty(0, np.int64)]
    for start in range(0, len(points), _CHUNK):
        near = tree.query(points[start : start + _CHUNK], k=NEIGHBOURS + 1, distance_upper_bound=RADIUS)[1]
        near = np.asarray(near)
        own = np.broadcast_to(start + np.arange(len(near))[:, None], near.shape)
        real = (near < len(points)) & (near != own)  # missing neighbours have the number of points as index
        keys.append(np.minimum(own, near)[real] * len(points) + np.maximum(own, near)[real])
        progress(start + len(near), len(points))
    return np.divmod(np.unique(np.concatenate(keys)), max(1, len(points)))


def _close(signature: np.ndarray, first: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the pairs whose signatures agree, and the symmetry under which ``other`` matches ``first`` best."""
    found = []
    for start in range(0, len(first), _CHUNK):
        one, two = (end[start : start + _CHUNK] for end in (first, other))
        squares = np.square(under_symmetries(signature[two]) - signature[one]).sum(axis=(2, 3))
        best = squares.argmin(axis=0)
        close = squares.min(axis=0) <= RADIUS**2
        found.append(np.stack([one[close], two[close], best[close]]))
    return tuple(np.concatenate([np.empty((3, 0), np.int64), *found], axis=1))


def _verified(
    first: np.ndarray, other: np.ndarray, symmetry: np.ndarray, read: Read, progress: Progress
) -> pd.DataFrame:
    """Return the pairs whose pixels agree, with their similarity.

    Connected pairs are processed together, so that a patch with many copies is read about once.
    """
    order = np.lexsort((other, first, _groups(first, other)))
    first, other, symmetry = first[order], other[order], symmetry[order]
    correlation, difference, same = np.zeros(len(first)), np.zeros(len(first)), np.zeros(len(first), bool)
    for start in range(0, len(first), _READ):
        part = slice(start, start + _READ)
        needed = np.unique([first[part], other[part]])
        images = dict(zip(needed.tolist(), read(needed), strict=True))
        thumbnails: dict[tuple[int, int], PatchThumbnail] = {}
        for row, one, two in zip(range(start, len(first)), first[part].tolist(), other[part].tolist(), strict=False):
            side = side_for(images[one], images[two])
            for place in (one, two):
                if (place, side) not in thumbnails:
                    thumbnails[place, side] = thumbnail(images[place], side)
            alike = similarity(thumbnails[one, side], thumbnails[two, side], symmetry[row])
            correlation[row], difference[row], same[row] = alike.correlation, alike.difference, alike.same
        progress(min(start + _READ, len(first)), len(first))
    columns = {"first": first, "other": other, "symmetry": symmetry}
    return pd.DataFrame(columns | {"correlation": correlation, "difference": difference}).loc[same]


def _groups(first: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the number of each pair's connected component."""
    nodes, ends = np.unique([first, other], return_inverse=True)
    graph = coo_array((np.ones(len(first), bool), ends.reshape(2, -1)), shape=(len(nodes), len(nodes)))
    return connected_components(graph, directed=False)[1][ends.reshape(2, -1)[0]]
