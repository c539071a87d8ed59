"""Find the points inside a lasso."""

from __future__ import annotations

import numpy as np

from histo_core.errors import ConfigError


def inside(xy: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Return whether each point lies inside a polygon, by the even-odd rule.

    Points are sorted by height once. Each edge is then tested only against the points between its ends' heights, so
    that hundreds of thousands of points and hundreds of corners take a few hundredths of a second.

    Args:
        xy: float [n, 2].
        polygon: float [k, 2], its corners in order; the last is joined to the first. It may cross itself.

    Returns:
        bool [n]. A point exactly on an edge always belongs to the same side of it; a point that is not finite is
        outside.

    Raises:
        ConfigError: fewer than three corners, or corners that are not finite pairs.

    Example:
        >>> import numpy as np
        >>> from histo_core.auditing.embedding.layout import inside
        >>> points = np.array([[0.5, 0.5], [2.0, 0.5]])
        >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
        >>> inside(points, square).tolist()
        [True, False]
    """
    corners = np.asarray(polygon, np.float64)
    if corners.ndim != 2 or corners.shape[1:] != (2,) or len(corners) < 3 or not np.isfinite(corners).all():
        raise ConfigError(
            f"The lasso has corners of shape {list(corners.shape)}.",
            "At least three finite (x, y) pairs are needed.",
            "Draw it again.",
        )
    low, high = corners.min(axis=0), corners.max(axis=0)
    near = np.flatnonzero(((xy >= low) & (xy <= high)).all(axis=1))
    near = near[np.argsort(xy[near, 1])]
    x, y = xy[near].astype(np.float64).T
    odd = np.zeros(len(near), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        first, last = np.searchsorted(y, sorted((y0, y1)))
        between = slice(first, last)  # half open, so that a shared corner is crossed once
        if first < last:
            odd[between] ^= x[between] < x0 + (y[between] - y0) * ((x1 - x0) / (y1 - y0))
    found = np.zeros(len(xy), bool)
    found[near[odd]] = True
    return found
