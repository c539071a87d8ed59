"""Patches that stand twice in a data set: pixel by pixel, or saved anew, mirrored or turned.

Equal pixels are found by SHA-256. Patches that only look the same are found in three steps: a search tree over numbers
that no mirroring changes proposes pairs (`signatures.invariants`), their signatures are laid over each other in all
eight ways, and the pixels of those that still agree are read again and compared in detail (`similarity`).
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
from histo_core.auditing.similarity import PatchThumbnail, look, side_for, similarity
from histo_core.data.dataset import Dataset
from histo_core.progress import Progress, silent

RADIUS = 2.0
"""Greatest distance of two aligned signatures, grey levels. Of 8,000 PatchCamelyon patches that were turned at random
and saved at JPEG quality 70, all stay within 1.2 of the original."""

NEIGHBOURS = 32
"""Patches each one is compared with at most: the nearest. A search whose answers may not grow takes about n log n."""

_CHUNK = 2048
_READ = 256

Read = Callable[[np.ndarray], Sequence[np.ndarray] | np.ndarray]
"""Pixels, uint8 [H, W, 3] each, of the patches at some places."""


def exact_duplicates(dataset: Dataset, rows: np.ndarray, progress: Progress = silent) -> list[np.ndarray]:
    """Groups of at least two rows whose pixels are equal, each in the order of ``rows``.

    Raises:
        CorruptDataError: a patch cannot be read.
        CancelledError: as ``progress`` says.
    """
    return [rows[places] for places in equal_groups(digests(dataset, rows, progress))]


def equal_groups(digests: Sequence[bytes]) -> list[np.ndarray]:
    """Groups of at least two places with the same digest, ascending, by their first place."""
    places: defaultdict[bytes, list[int]] = defaultdict(list)
    for place, digest in enumerate(digests):
        places[digest].append(place)
    return [np.array(same) for same in places.values() if len(same) > 1]


def near_pairs(signature: np.ndarray, places: np.ndarray, read: Read, progress: Progress = silent) -> pd.DataFrame:
    """All pairs among some patches that show the same.

    Args:
        signature: float32 [n, SIDE, SIDE], of all patches.
        places: int64 [m], those to compare, each pixel content once.
        read: gives the pixels at some of these places.
        progress: told of twice the patches: those searched, then the share of the pairs compared.

    Returns:
        Columns ``first`` < ``other`` (places), ``symmetry`` (index of `signatures.SYMMETRIES`: how ``other`` must be
        laid to match ``first``), ``correlation`` and ``difference`` (see `similarity.Similarity`); by first, then
        other.
    """
    compared = places[structure(signature[places]) >= FEATURELESS]
    points, total = invariants(signature[compared]), 2 * len(compared)
    ends = _neighbours(points, lambda done, _: progress(done, total))
    first, other, symmetry = _close(signature, *(compared[end] for end in ends))
    pairs = _verified(first, other, symmetry, read, lambda done, of: progress(len(compared) * (of + done) // of, total))
    return pairs.sort_values(["first", "other"], ignore_index=True)


def _neighbours(points: np.ndarray, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of the points within `RADIUS` of each other, the smaller number first, each pair once."""
    tree, keys = KDTree(points), [np.empty(0, np.int64)]
    for start in range(0, len(points), _CHUNK):
        near = tree.query(points[start : start + _CHUNK], k=NEIGHBOURS + 1, distance_upper_bound=RADIUS)[1]
        near = np.asarray(near)
        own = np.broadcast_to(start + np.arange(len(near))[:, None], near.shape)
        real = (near < len(points)) & (near != own)  # the tree fills up with the number of points
        keys.append(np.minimum(own, near)[real] * len(points) + np.maximum(own, near)[real])
        progress(start + len(near), len(points))
    return np.divmod(np.unique(np.concatenate(keys)), max(1, len(points)))


def _close(signature: np.ndarray, first: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, ...]:
    """Those of the pairs whose signatures agree, and how ``other`` must be laid to match ``first`` best."""
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
    """Those of the pairs whose pixels agree, with how well.

    Pairs of patches that hang together stand together, so that a patch with many copies is read about once.
    """
    order = np.lexsort((other, first, _groups(first, other)))
    first, other, symmetry = first[order], other[order], symmetry[order]
    correlation, difference, same = np.zeros(len(first)), np.zeros(len(first)), np.zeros(len(first), bool)
    for start in range(0, len(first), _READ):
        part = slice(start, start + _READ)
        needed = np.unique([first[part], other[part]])
        images = dict(zip(needed.tolist(), read(needed), strict=True))
        looks: dict[tuple[int, int], PatchThumbnail] = {}
        for row, one, two in zip(range(start, len(first)), first[part].tolist(), other[part].tolist(), strict=False):
            side = side_for(images[one], images[two])
            for place in (one, two):
                if (place, side) not in looks:
                    looks[place, side] = look(images[place], side)
            alike = similarity(looks[one, side], looks[two, side], symmetry[row])
            correlation[row], difference[row], same[row] = alike.correlation, alike.difference, alike.same
        progress(min(start + _READ, len(first)), len(first))
    columns = {"first": first, "other": other, "symmetry": symmetry}
    return pd.DataFrame(columns | {"correlation": correlation, "difference": difference}).loc[same]


def _groups(first: np.ndarray, other: np.ndarray) -> np.ndarray:
    """A number for each pair, the same for all that hang together by their ends."""
    nodes, ends = np.unique([first, other], return_inverse=True)
    graph = coo_array((np.ones(len(first), bool), ends.reshape(2, -1)), shape=(len(nodes), len(nodes)))
    return connected_components(graph, directed=False)[1][ends.reshape(2, -1)[0]]
