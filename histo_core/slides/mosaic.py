"""Patches laid back where they sat on their slide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from histo_core.data.dataset import Dataset
from histo_core.data.reading import read_each
from histo_core.errors import ConfigError, DataError

MAX_SIDE = 1600
GROUND = 240
"""Grey of what no patch covers: near the glass of a slide."""
LEGIBLE = 24
"""Mosaic pixels that a patch's side needs to be looked at and pointed at."""

_LEVELS = {"pcam": 4.0, "idc": 1.0}
"""How many of the coordinates' pixels one patch pixel spans, where the source says it: PCam gives positions on
CAMELYON16's level 0 (0.243 um per pixel) and pixels of level 2 (0.972)."""
_BATCH = 256
_STEPS = 8


@dataclass(frozen=True)
class SlideRegion:
    """A part of a slide: patch pixels from its uppermost and leftmost patch."""

    top: float
    left: float
    bottom: float
    right: float


@dataclass(frozen=True)
class Mosaic:
    """One slide's patches in one picture.

    Attributes:
        image: uint8 [H, W, 3]; light grey where no patch lies.
        scale: mosaic pixels a patch pixel, at most 1.
        rows: int64 [n], the data set's rows that are drawn, in its order; a later one covers an earlier one.
        boxes: int64 [n, 4]: top, left, height, width of each in mosaic pixels.
        slide_id: which slide.
        corner: of the picture, (top, left), in patch pixels from the slide's uppermost and leftmost patch.
        outside: patches of the slide that lie outside the part that is drawn.
        unread: patches of the part that cannot be read.
    """

    image: np.ndarray
    scale: float
    rows: np.ndarray
    boxes: np.ndarray
    slide_id: str
    corner: tuple[float, float] = (0.0, 0.0)
    outside: int = 0
    unread: int = 0

    @property
    def covered(self) -> int:
        """Patches that lie exactly under a later one."""
        return len(self.boxes) - len(np.unique(self.boxes, axis=0))


def mosaic_slides(dataset: Dataset) -> pd.DataFrame:
    """The slides that can be laid out: ``slide_id`` and the count ``patches`` with a position, most first."""
    if not {"slide_id", "x", "y"} <= set(dataset.table):
        return pd.DataFrame({"slide_id": pd.Series(dtype=str), "patches": pd.Series(dtype="int64")})
    placed = np.isfinite(_positions(dataset.table)).all(axis=1)
    counts = dataset.table.loc[placed, "slide_id"].value_counts().rename_axis("slide_id").rename("patches")
    return counts.reset_index().sort_values(["patches", "slide_id"], ascending=[False, True], ignore_index=True)


def mosaic(dataset: Dataset, slide_id: str, max_side: int = MAX_SIDE, region: SlideRegion | None = None) -> Mosaic:
    """Lay the patches of one slide out, or those of a part of it; only these are read.

    Positions (columns ``x`` and ``y``) are those of upper left corners. How far apart two patches lie is known for
    PatchCamelyon and IDC. Elsewhere the smallest step between two of the slide's positions is taken for the side of a
    patch where it is larger than one, else one unit for one pixel. Patches that cannot be read are left out.

    Args:
        dataset: with columns ``slide_id``, ``x`` and ``y``.
        slide_id: one of `mosaic_slides`.
        max_side: the picture's longer side is at most this many pixels; it is never enlarged.
        region: the part whose patches (by their middle) are drawn; all unless given.

    Raises:
        DataError: the slide is unknown, its patches have no positions, or none of them can be read or lies in the part.
        ConfigError: ``max_side`` is below 1.
    """
    if max_side < 1:
        raise ConfigError(f"max_side = {max_side}.", "At least 1 pixel.", "Ask for a larger picture.")
    rows, corners, size = _laid_out(dataset, slide_id)
    chosen = np.ones(len(rows), bool) if region is None else _within(region, corners + size / 2)
    if not chosen.any():
        raise DataError(f"No patch of slide {slide_id!r} lies in this part.", "", "Choose another part.")
    outside, rows, corners = int((~chosen).sum()), rows[chosen], corners[chosen]
    corner = corners.min(axis=0)
    corners = corners - corner
    extent = (corners + size).max(axis=0)
    scale = min(1.0, max_side / extent.max())
    height, width = np.clip(np.rint(extent * scale).astype(np.int64), 1, max_side)
    image = np.full((height, width, 3), GROUND, np.uint8)
    boxes = np.empty((len(rows), 4), np.int64)
    there = np.ones(len(rows), bool)
    for start in range(0, len(rows), _BATCH):
        for place, patch in enumerate(read_each(dataset, rows[start : start + _BATCH]), start):
            there[place] = patch is not None
            if patch is not None:
                boxes[place] = _draw(image, np.asarray(patch), corners[place], scale)
    top, left = corner.tolist()
    return Mosaic(image, float(scale), rows[there], boxes[there], slide_id, (top, left), outside, int((~there).sum()))


def densest(dataset: Dataset, slide_id: str, max_side: int = MAX_SIDE) -> SlideRegion | None:
    """The square part with the most patches in which each is `LEGIBLE`; None where it is on the whole slide already.

    Squares at each eighth of their side are compared, so that the one found may miss the best by as much.

    Raises:
        DataError: as `mosaic`.
    """
    _, corners, size = _laid_out(dataset, slide_id)
    side = max_side * size.max() / LEGIBLE
    if (corners + size).max() <= side:
        return None
    cells = np.floor((corners + size / 2) / (side / _STEPS)).astype(np.int64)
    counts = np.zeros(cells.max(axis=0) + 1 + _STEPS, np.int64)  # a square may reach past the last patch
    np.add.at(counts, tuple(cells.T), 1)
    for axis in (0, 1):
        counts = np.lib.stride_tricks.sliding_window_view(counts, _STEPS, axis).sum(axis=-1)
    top, left = (float(place) * side / _STEPS for place in np.unravel_index(counts.argmax(), counts.shape))
    return SlideRegion(top, left, top + side, left + side)


def _laid_out(dataset: Dataset, slide_id: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of a slide that have a position; their (y, x) in patch pixels from the first; a patch's height and width."""
    rows, corners = _placed(dataset, slide_id)
    first = next((image for row in rows for image in read_each(dataset, [row]) if image is not None), None)
    if first is None:
        raise DataError(f"No patch of slide {slide_id!r} can be read.", "", "Check the files.")
    size = np.array(first.shape[:2])
    corners = (corners - corners.min(axis=0)) / _units_per_pixel(dataset.name, corners, int(size.max()))
    return rows, corners, size


def _within(region: SlideRegion, middles: np.ndarray) -> np.ndarray:
    """Which points, (y, x) each, lie in a part, bool [n]."""
    low, high = (region.top, region.left), (region.bottom, region.right)
    return np.all((middles >= low) & (middles < high), axis=1)


def _placed(dataset: Dataset, slide_id: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a slide that have a position, and their (y, x)."""
    table = dataset.table
    missing = [name for name in ("slide_id", "x", "y") if name not in table or bool(table[name].isna().all())]
    if missing:
        raise DataError(
            f"Patches of {dataset.name} have no {' and no '.join(missing)}.",
            "A mosaic needs slide_id, x and y of each patch.",
            "Add the file that holds them (for PCam the _meta.csv), or a manifest with these columns.",
        )
    rows = np.flatnonzero((table["slide_id"] == slide_id).fillna(False).to_numpy(bool))
    corners = _positions(table.iloc[rows])
    finite = np.isfinite(corners).all(axis=1)
    if not finite.any():
        found = f"None of the {len(rows):,} patches of slide {slide_id!r} has a position."
        raise DataError(
            found if len(rows) else f"There is no slide {slide_id!r}.",
            "At least one patch with x and y is needed.",
            "Choose another slide.",
        )
    return rows[finite], corners[finite]


def _positions(table: pd.DataFrame) -> np.ndarray:
    """Float64 [n, 2], (y, x)."""
    return table[["y", "x"]].to_numpy(np.float64, na_value=np.nan)


def _units_per_pixel(name: str, corners: np.ndarray, side: int) -> float:
    if name in _LEVELS:
        return _LEVELS[name]
    steps = np.concatenate([np.diff(np.unique(axis)) for axis in corners.T])
    return max(1.0, float(steps.min()) / side) if len(steps) else 1.0


def _draw(image: np.ndarray, patch: np.ndarray, corner: np.ndarray, scale: float) -> tuple[int, int, int, int]:
    """Draw one patch; both its edges are rounded, so that neighbours leave no gap."""
    room = np.array(image.shape[:2])
    top, left = np.minimum(np.rint(corner * scale).astype(np.int64), room - 1)
    bottom, right = np.clip(np.rint((corner + patch.shape[:2]) * scale).astype(np.int64), (top + 1, left + 1), room)
    height, width = int(bottom - top), int(right - left)
    if (height, width) != patch.shape[:2]:
        patch = np.asarray(Image.fromarray(patch).resize((width, height), Image.Resampling.BOX))
    image[top:bottom, left:right] = patch
    return int(top), int(left), height, width
