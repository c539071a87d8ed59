"""Where training patches are moved to: every move of a sample composed into one affine map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from histo_core.config import AugmentConfig


@dataclass(frozen=True)
class Move:
    """Where each pixel of a batch's patches comes from.

    The pixel at row and column p, counted from the centre, shows what was at ``place[:, :2] p + place[:, 2]``, counted
    from the first pixel, plus its displacement.

    Attributes:
        which: bool [n]; others are not moved by this but by their symmetry.
        place: float32 [n, 2, 3], on (row, column); the symmetry is part of it.
        displacement: float32 [n, h, w, 2], of `random_fields.displacements`; or none.
        fill: what lies beyond the edge: ``reflect`` the patch mirrored at its edge, ``nearest`` its last pixel,
            ``black``, ``white``.
    """

    which: np.ndarray
    place: np.ndarray
    displacement: np.ndarray | None
    fill: str


def moves(config: AugmentConfig) -> bool:
    """Whether patches are moved by other than mirroring and quarter turns, so that pixels have to be interpolated."""
    return bool(config.rotation or config.shift or config.shear or config.zoom or config.elastic)


def draw_move(
    config: AugmentConfig, size: tuple[int, int], symmetry: np.ndarray, draws: np.ndarray, keys: np.ndarray
) -> Move:
    """What moves each sample.

    About the patch's centre, with x to the right and y down: mirrored and turned by quarters; zoomed by z uniform in
    [1 - zoom, 1 + zoom]; sheared, ``x + tan(a) y`` with a uniform in [-shear, shear]; rotated counter-clockwise by an
    angle uniform in [-rotation, rotation]; shifted along each side by a share of it uniform in [-shift, shift].

    Args:
        config: the ranges and chances.
        size: height and width of the patches.
        symmetry: int [n], of `augment.Changes`.
        draws: float [n, 9], uniform in [0, 1): whether to rotate, how far; whether to do the others, shift along
            y, along x, shear, zoom; whether to displace, how far.
        keys: uint64 [n], of `random_draws.keys`.
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
    """Counter-clockwise, for rows that count down."""
    return _matrices(np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle))


def _matrices(yy: np.ndarray, yx: np.ndarray, xy: np.ndarray, xx: np.ndarray) -> np.ndarray:
    """Float64 [n, 2, 2] on (row, column): new row ``yy row + yx column``, new column ``xy row + xx column``."""
    return np.stack([yy, yx, xy, xx], axis=-1).reshape(-1, 2, 2).astype(np.float64)
