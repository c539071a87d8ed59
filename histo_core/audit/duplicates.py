"""Patches that stand twice in a data set: pixel by pixel, or saved anew, mirrored or turned.

Equal pixels are found by SHA-256. Patches that only look the same are found in three steps: a search tree over numbers
that no mirroring changes proposes pairs (`signatures.invariants`), their signatures are laid over each other in all
eight ways, and the pixels of those that still agree are read again and compared in detail (`likeness`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from histo_core.audit.likeness import likeness
from histo_core.audit.scan import digests, scan
from histo_core.audit.signatures import FEATURELESS, invariants, structure, under_symmetries
from histo_core.data.base import Dataset
from histo_core.progress import Progress, silent

RADIUS = 2.0
"""Greatest distance of two aligned signatures, grey levels. Of 8,000 PatchCamelyon patches that were turned at random
and saved at JPEG quality 70, all stay within 1.2 of the original."""

NEIGHBOURS = 32
"""Patches each one is compared with at most: the nearest. A search whose answers may not grow takes about n log n."""

_CHUNK = 2048
_READ = 128

Read = Callable[[np.ndarray], Sequence[np.ndarray] | np.ndarray]
"""Pixels, uint8 [H, W, 3] each, of the patches at some places."""


def exact_duplicates(dataset: Dataset, rows: np.ndarray, progress: Progress = silent) -> list[np.ndarray]:
    """Groups of at least two rows whose pixels are equal, each in the order of ``rows``.

    Raises:
        CorruptDataError: a patch cannot be read.
        CancelledError: as ``progress`` says.
    """
    return [rows[places] for places in equal_groups(digests(dataset, rows, progress))]


def near_duplicates(dataset: Dataset, rows: np.ndarray, progress: Progress = silent) -> pd.DataFrame:
    """Pairs of rows that show the same, but not pixel by pixel.

    Returns:
        As `near_pairs`, with rows of the data set in ``first`` and ``other``.

    Raises:
        As `exact_duplicates`.
    """
    scanned = scan(dataset, rows, progress)
    heads = np.setdiff1d(np.arange(len(rows)), [place for same in equal_groups(scanned.digests) for place in same[1:]])
    pairs = near_pairs(scanned.signatures, heads, lambda places: dataset.read(rows[places]))
    return pairs.assign(first=rows[pairs["first"]], other=rows[pairs["other"]])


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
        progress: told the patches searched.

    Returns:
        Columns ``first`` < ``other`` (places), ``symmetry`` (index of `signatures.SYMMETRIES`: how ``other`` must be
        laid to match ``first``), ``correlation`` and ``difference`` (see `likeness.Likeness`); by first, then other.
    """
    compared = places[structure(signature[places]) >= FEATURELESS]
    first, other = _neighbours(invariants(signature[compared]), progress)
    found = []
    for start in range(0, len(first), _CHUNK):
        one, two = (compared[ends[start : start + _CHUNK]] for ends in (first, other))
        symmetry, distance = _best_symmetry(signature[one], signature[two])
        close = distance <= RADIUS
        found += _verified(one[close], two[close], symmetry[close], read)
    kinds = {"first": int, "other": int, "symmetry": int, "correlation": float, "difference": float}
    pairs = pd.DataFrame(found, columns=list(kinds)).astype(kinds)
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


def _best_symmetry(first: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How each of ``other`` must be laid to match ``first`` best, and the distance then."""
    squares = np.square(under_symmetries(other) - first).sum(axis=(2, 3))
    best = squares.argmin(axis=0)
    return best, np.sqrt(squares[best, np.arange(len(best))])


def _verified(first: np.ndarray, other: np.ndarray, symmetry: np.ndarray, read: Read) -> list[tuple]:
    """Those of the pairs whose pixels agree, with how well."""
    found = []
    for start in range(0, len(first), _READ):
        part = slice(start, start + _READ)
        needed = np.unique(np.concatenate([first[part], other[part]]))
        images = dict(zip(needed.tolist(), read(needed), strict=True)) if len(needed) else {}
        for one, two, way in zip(first[part].tolist(), other[part].tolist(), symmetry[part].tolist(), strict=True):
            alike = likeness(images[one], images[two], way)
            if alike.same:
                found.append((one, two, way, alike.correlation, alike.difference))
    return found
