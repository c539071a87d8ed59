"""Draw geometric changes of training patches, composed into one affine map for each sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from histo_core.config import AugmentConfig


@dataclass(frozen=True)
class Move:
    """Geometric change of a batch: where each pixel comes from.

    The pixel at row and column p, counted from the centre, takes its value from ``place[:, :2] p + place[:, 2]``,
    counted from the first pixel, plus its displacement.

    Attributes:
        which: bool [n], the samples that are moved; the others get only their symmetry.
        place: float32 [n, 2, 3], affine map on (row, column), including the symmetry.
        displacement: float32 [n, h, w, 2], from `elastic_fields.displacements`; or None.
        fill: the values beyond the edge: ``reflect`` (mirrored at the edge), ``nearest`` (the edge's pixel), ``black``
            or ``white``.
    """

    which: np.ndarray
    place: np.ndarray
    displacement: np.ndarray | None
    fill: str


def moves(config: AugmentConfig) -> bool:
    """Return whether patches are changed by more than mirroring and quarter turns, so that pixels are interpolated."""
    return bool(config.rotation or config.shift or config.shear or config.zoom or config.elastic)


def sample_move(
    config: AugmentConfig, size: tuple[int, int], symmetry: np.ndarray, draws: np.ndarray, keys: np.ndarray
) -> Move:
    """Draw the geometric change of each sample.

    Around the patch's centre, with x to the right and y down: mirror and quarter turns; zoom by a factor uniform in [1
    - zoom, 1 + zoom]; shear ``x + tan(a) y`` with a uniform in [-shear, shear]; rotation counter-clockwise by an angle
    uniform in [-rotation, rotation]; shift along each side by a share of it uniform in [-shift, shift].

    Args:
        config: the ranges and chances.
        size: height and width of the patches.
        symmetry: int [n], as in `draw.Changes`.
        draws: float [n, 9], uniform in [0, 1): whether to rotate, angle; whether to do the others, shift along y, shift
            along x, shear, zoom; whether to displace, strength.
        keys: uint64 [n], from `rng.keys`.
    """
    height, width = size
    rotated, others = draws[:, 0] < config.rotation_chance, draws[:, 2] < config.geometry_chance
    along = 2 * draws - 1
    angle = np.radians(config.rotation * along[:, 1] * rotated)
    shift = config.shift * along[:, 3:5] * others[:, None] * size
    shear = np.tan(np.radians(config.shear * along[:, 5] * others))
    zoom = 1 + config.zoom * along[:, 6] * others

    one, none = np.ones(len(draws)), np.zeros(len(draws))
    mirrored = _matrices(one, none, none, np.where(symmetry >= 4, -1, 1))
    forward = _turn(angle) @ _matrices(one, none, shear, one) @ _matrices(zoom, none, none, zoom)
    forward = forward @ np.rint(_turn(np.pi / 2 * (symmetry % 4))) @ mirrored
    backward = np.linalg.inv(forward)
    centre = (np.array([height, width]) - 1) / 2
    origin = centre - np.einsum("nij,nj->ni", backward, shift)
    place = np.concatenate([backward, origin[:, :, None]], axis=2).astype(np.float32)
    moved = (rotated & (config.rotation > 0)) | (others & (config.shift + config.shear + config.zoom > 0))
    displacement = None
    if config.elastic:
        from histo_core.data.transforms.augment.elastic_fields import displacements  # numba takes a while to load

        strength = config.elastic * draws[:, 8] * (draws[:, 7] < config.elastic_chance)
        displacement = displacements(keys, size, strength, config.elastic_width)
        moved |= strength > 0
    return Move(moved, place, displacement, config.fill)


def _turn(angle: np.ndarray) -> np.ndarray:
    """Return matrices of counter-clockwise rotations, for rows that count downwards."""
    return _matrices(np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle))


def _matrices(yy: np.ndarray, yx: np.ndarray, xy: np.ndarray, xx: np.ndarray) -> np.ndarray:
    """Build float64 [n, 2, 2] on (row, column): new row ``yy row + yx column``, new column ``xy row + xx column``."""
    return np.stack([yy, yx, xy, xx], axis=-1).reshape(-1, 2, 2).astype(np.float64)
