"""Moved patches against SciPy, torchvision, NumPy's symmetries and plain torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import affine_transform, map_coordinates
from torchvision.transforms.v2 import functional as tv

from histo_core.config import AugmentConfig
from histo_core.data.transforms.augment import kernel, torch_backend
from histo_core.data.transforms.augment.draw import Changes, draw
from histo_core.data.transforms.augment.geometry_change import Move, sample_move
from histo_core.data.transforms.augment.geometry_kernel import moved
from histo_core.data.transforms.augment.preview import augment
from histo_core.data.transforms.augment.rng import keys

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (12, 18, 23, 3), dtype=np.uint8)
SIZE = (18, 23)
MODES = {"reflect": "reflect", "nearest": "nearest", "black": "grid-constant", "white": "grid-constant"}
OFF = {"flips": False, "quarter_turns": False, "jitter": 0}
HALF = np.full((1, 9), 0.5)
"""Draws that move nothing; each but the first and the third is the middle of its range."""


def one_move(symmetry: int = 0, draws: np.ndarray = HALF, size: tuple[int, int] = SIZE, **settings: object) -> Move:
    config = AugmentConfig.model_validate({**OFF, **settings})
    return sample_move(config, size, np.array([symmetry]), draws, keys(0, 0, np.array([0])))


def drawn_as(**places: float) -> np.ndarray:
    """Draws in the middle but for those named."""
    draws = HALF.copy()
    for name, value in places.items():
        draws[0, ["rotate", "angle", "others", "down", "right", "shear", "zoom"].index(name)] = value
    return draws


@pytest.mark.parametrize("fill", MODES)
def test_an_affine_map_is_scipys(fill: str) -> None:
    config = AugmentConfig(rotation=90, shift=0.5, shear=40, zoom=0.6, fill=fill, quarter_turns=False, jitter=0)  # type: ignore[arg-type]
    move = draw(config, SIZE, seed=1, epoch=0, samples=np.arange(12)).move
    assert move is not None
    assert move.which.all()
    centre = (np.array(SIZE) - 1) / 2
    level = 255.0 if fill == "white" else 0.0
    for ours, patch, place in zip(moved(NOISE, move), NOISE, move.place.astype(np.float64), strict=True):
        offset = place[:, 2] - place[:, :2] @ centre
        for channel in range(3):
            expected = affine_transform(
                patch[..., channel].astype(float), place[:, :2], offset, order=1, mode=MODES[fill], cval=level
            )
            np.testing.assert_allclose(ours[..., channel], expected, atol=0.01)


@pytest.mark.parametrize("fill", MODES)
def test_displacements_are_added_to_where_a_pixel_comes_from(fill: str) -> None:
    """Also far beyond the edge, where a patch is mirrored more than once."""
    field = RNG.uniform(-60, 60, (12, *SIZE, 2)).astype(np.float32)
    middle = (np.array(SIZE) - 1) / 2
    still = np.repeat(np.column_stack([np.eye(2), middle])[None], 12, axis=0).astype(np.float32)
    ours = moved(NOISE, Move(np.ones(12, bool), still, field, fill))
    places = np.indices(SIZE) + field.transpose(0, 3, 1, 2).astype(np.float64)
    for row in range(12):
        for channel in range(3):
            expected = map_coordinates(
                NOISE[row, ..., channel].astype(float),
                places[row],
                order=1,
                mode=MODES[fill],
                cval=255.0 if fill == "white" else 0.0,
            )
            np.testing.assert_allclose(ours[row, ..., channel], expected, atol=0.01)


@pytest.mark.parametrize(
    ("settings", "draws", "theirs"),
    [
        ({"rotation": 30}, drawn_as(angle=1), {"angle": -30}),
        ({"shear": 20}, drawn_as(shear=1), {"shear": [-20.0, 0.0]}),
        ({"zoom": 0.4}, drawn_as(zoom=0.75), {"scale": 1.2}),
        ({"shift": 0.5}, drawn_as(down=0.5 + 4 / 18, right=0.5 - 2 / 23), {"translate": [-2, 4]}),
        (
            {"rotation": 40, "shear": 10, "zoom": 0.2},
            drawn_as(angle=0, shear=0, zoom=0),
            {"angle": 40, "shear": [10.0, 0.0], "scale": 0.8},
        ),
    ],
    ids=str,
)
def test_each_setting_means_what_torchvisions_affine_means(
    settings: dict[str, object], draws: np.ndarray, theirs: dict[str, object]
) -> None:
    image = torch.from_numpy(NOISE[0]).permute(2, 0, 1).double()
    neutral: dict[str, object] = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0]}
    bilinear = tv.InterpolationMode.BILINEAR
    expected = tv.affine(image, **{**neutral, **theirs}, interpolation=bilinear)  # type: ignore[arg-type]
    ours = moved(NOISE[:1], one_move(draws=draws, fill="black", **settings))
    np.testing.assert_allclose(ours[0], expected.permute(1, 2, 0).numpy(), atol=0.05)


@pytest.mark.parametrize("symmetry", range(8))
def test_the_symmetry_comes_first_and_exactly(symmetry: int) -> None:
    square = NOISE[:, :, :18].copy()
    mirrored = square[0, :, ::-1] if symmetry >= 4 else square[0]
    turned = np.rot90(mirrored, symmetry % 4)
    still = one_move(symmetry, rotation=20, size=(18, 18))
    np.testing.assert_array_equal(moved(square[:1], still)[0], turned)
    draws = drawn_as(angle=0.8, down=0.3, shear=0.9, zoom=0.1)
    settings = {"rotation": 60, "shift": 0.2, "shear": 20, "zoom": 0.3, "size": (18, 18)}
    alone = moved(turned[None].copy(), one_move(0, draws, **settings))  # type: ignore[arg-type]
    together = moved(square[:1], one_move(symmetry, draws, **settings))  # type: ignore[arg-type]
    np.testing.assert_allclose(together, alone, atol=0.01)


@pytest.mark.parametrize("fill", MODES)
@pytest.mark.parametrize("side", [1, 2, 17])
def test_plain_torch_gives_the_same_pixels(fill: str, side: int) -> None:
    batch = RNG.integers(0, 256, (20, side, side, 3), dtype=np.uint8)
    config = AugmentConfig(
        rotation=90, rotation_chance=0.5, shift=0.3, zoom=0.3, geometry_chance=0.3, elastic=2, elastic_chance=0.3,
        elastic_width=3, fill=fill, stain=0.1,  # type: ignore[arg-type]
    )  # fmt: skip
    changes = draw(config, (side, side), seed=1, epoch=3, samples=np.arange(20))
    assert changes.move is not None
    assert set(changes.move.which) == {True, False}
    normalise = {"mean": (170, 130, 180), "spread": (50, 60, 40)}
    ours = kernel.change(batch, changes, **normalise)
    plain = torch_backend.change(torch.from_numpy(batch), changes, **normalise)
    np.testing.assert_allclose(ours, plain.numpy(), atol=1e-3, rtol=0)


def test_chances_and_ranges_are_kept() -> None:
    config = AugmentConfig.model_validate(
        {**OFF, "rotation": 30, "rotation_chance": 0.3, "shift": 0.2, "zoom": 0.4, "geometry_chance": 0.5}
    )
    move = draw(config, (50, 100), seed=0, epoch=0, samples=np.arange(4000)).move
    assert move is not None
    forward = np.linalg.inv(move.place[:, :, :2])
    scale = np.sqrt(np.linalg.det(forward))
    angle = np.degrees(np.arctan2(forward[:, 1, 0], forward[:, 0, 0]))
    shift = np.einsum("nij,nj->ni", forward, [24.5, 49.5] - move.place[:, :, 2])
    turned, others = np.abs(angle) > 1e-4, np.abs(scale - 1) > 1e-4
    assert turned.mean() == pytest.approx(0.3, abs=0.03)
    assert others.mean() == pytest.approx(0.5, abs=0.03)
    assert (move.which == turned | others).all()
    assert np.abs(angle).max() == pytest.approx(30, abs=0.2)
    assert [scale.min(), scale.max()] == pytest.approx([0.6, 1.4], abs=0.005)
    assert np.abs(shift).max(axis=0) == pytest.approx([10, 20], rel=0.01)
    assert np.corrcoef(np.column_stack([angle, scale, shift])[turned & others].T)[0, 1:] == pytest.approx(0, abs=0.15)


def test_flips_have_a_chance_and_may_be_left_right_only() -> None:
    samples = np.arange(4000)
    both = AugmentConfig(flip_chance=0.3, quarter_turns=False)
    left_right = AugmentConfig(flip_axes="left_right", flip_chance=0.3, quarter_turns=False)
    two_ways, one_way = (
        draw(config, (8, 8), seed=0, epoch=0, samples=samples).symmetry for config in (both, left_right)
    )
    counts = np.bincount(two_ways, minlength=8) / 4000
    # Mirrored left-right (4), up-down (6) or both (half a turn, 2).
    assert counts[[0, 4, 6, 2]] == pytest.approx([0.49, 0.21, 0.21, 0.09], abs=0.03)
    assert counts.sum() == pytest.approx(counts[[0, 4, 6, 2]].sum())
    assert set(one_way) == {0, 4}
    assert (one_way == 4).mean() == pytest.approx(0.3, abs=0.03)


def test_neither_the_batch_nor_the_others_settings_change_a_draw() -> None:
    config = AugmentConfig(rotation=20, elastic=2, elastic_width=2, blur=1, pixel_dropout=0.1, stain=0.1)
    batch, samples = NOISE[:, :, :18], np.array([5, 3, 900, 2, 1, 0, 77, 12, 13, 14, 15, 16])
    together = augment(batch, config, seed=5, epoch=2, samples=samples)
    for row in (0, 2, 11):
        alone = augment(batch[row : row + 1], config, seed=5, epoch=2, samples=samples[row : row + 1])
        np.testing.assert_array_equal(alone[0], together[row])
    plain = draw(AugmentConfig(), (18, 18), seed=5, epoch=2, samples=samples)
    full = draw(config, (18, 18), seed=5, epoch=2, samples=samples)
    np.testing.assert_array_equal(full.symmetry, plain.symmetry)
    np.testing.assert_array_equal(full.colour, plain.colour)
    assert isinstance(full, Changes)


def test_colours_have_a_chance() -> None:
    changes = draw(
        AugmentConfig(jitter=0.3, hue=0.1, colour_chance=0.25), (8, 8), seed=0, epoch=0, samples=np.arange(4000)
    )
    left = np.abs(changes.colour - np.eye(3)).max(axis=(1, 2)) < 1e-6
    assert left.mean() == pytest.approx(0.75, abs=0.03)
    assert np.abs(changes.lift[left]).max() == 0
