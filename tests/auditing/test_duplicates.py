"""Patches that stand twice."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from histo_core.auditing.dct_signature import signatures, turned
from histo_core.auditing.duplicates import equal_groups, exact_duplicates, near_pairs
from histo_core.auditing.pixel_stats import luma
from histo_core.auditing.similarity import Similarity, side_for, similarity, thumbnail
from histo_core.data.dataset import Dataset
from histo_core.errors import CancelledError


def as_jpeg(image: np.ndarray, quality: int = 70) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def pairs_of(images: np.ndarray) -> list[tuple[int, int, int]]:
    found = near_pairs(signatures(luma(images)), np.arange(len(images)), lambda places: images[places])
    return list(found[["first", "other", "symmetry"]].itertuples(index=False, name=None))


def compared(first: np.ndarray, other: np.ndarray, symmetry: int) -> Similarity:
    side = side_for(first, other)
    return similarity(thumbnail(first, side), thumbnail(other, side), symmetry)


def test_equal_groups_are_in_order() -> None:
    groups = equal_groups([b"a", b"b", b"a", b"c", b"b", b"a"])
    assert [group.tolist() for group in groups] == [[0, 2, 5], [1, 4]]


def test_different_patches_are_no_pairs(textures: np.ndarray) -> None:
    assert pairs_of(textures) == []


@pytest.mark.parametrize("symmetry", range(8))
def test_jpeg_copies_are_found_whichever_way_they_lie(textures: np.ndarray, symmetry: int) -> None:
    copies = np.stack([as_jpeg(turned(image, symmetry)) for image in textures[:10]])
    found = pairs_of(np.concatenate([textures, copies]))
    assert [(first, other) for first, other, _ in found] == [(place, 40 + place) for place in range(10)]
    undone = [np.abs(turned(copies[k], way).astype(int) - textures[k]).mean() for k, (*_, way) in enumerate(found)]
    assert max(undone) < 8  # laid as it says, the copy matches


def test_overlapping_neighbours_are_not_duplicates() -> None:
    rng = np.random.default_rng(3)
    strip = np.kron(rng.integers(60, 230, (12, 40, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    windows = np.stack([strip[:, start : start + 96] for start in range(0, 220, 12)])
    assert pairs_of(windows) == []


def test_empty_patches_are_not_compared(textures: np.ndarray) -> None:
    """Not even copies of one: there is too little in it to be sure."""
    glass = np.random.default_rng(0).normal(240, 1.5, (20, 64, 64, 3)).round().astype(np.uint8)
    assert compared(glass[0], glass[0] ^ 1, 0).same
    assert pairs_of(np.concatenate([glass, glass ^ 1, textures[:3]])) == []
    assert pairs_of(glass[:0]) == []


def test_patches_with_the_same_outline_and_other_details_are_not_the_same() -> None:
    rng = np.random.default_rng(1)
    edge = np.where(np.arange(96) < 40, 90.0, 220.0)[None, :, None]
    one, two = (np.clip(edge + rng.normal(0, 6, (96, 96, 1)), 0, 255).repeat(3, 2).astype(np.uint8) for _ in range(2))
    assert not compared(one, two, 0).same
    assert compared(one, as_jpeg(one, 95), 0).same
    assert pairs_of(np.stack([one, two])) == []


def test_likeness_of_a_patch_with_itself_is_whole_and_of_an_even_one_nothing(textures: np.ndarray) -> None:
    alike = compared(textures[0], turned(textures[0], 5), 6)  # clockwise and back
    assert (alike.correlation, alike.difference) == (pytest.approx(1), 0)
    even = np.full((64, 64, 3), 200, np.uint8)
    assert compared(even, even, 0).correlation == 0


@pytest.mark.parametrize(
    ("sizes", "side"),
    [(((96, 96), (96, 96)), 48), (((700, 460), (700, 460)), 48), (((50, 50), (50, 38)), 18), (((9, 50),) * 2, 6)],
)
def test_patches_are_compared_at_half_the_size_of_the_smaller(sizes: tuple[tuple[int, int], ...], side: int) -> None:
    assert side_for(*(np.zeros((*size, 3), np.uint8) for size in sizes)) == side


def test_a_patch_with_many_copies_is_read_about_once(textures: np.ndarray) -> None:
    noise = np.random.default_rng(0).integers(0, 2, (30, *textures[:20].shape), dtype=np.uint8)
    images = np.concatenate(list(textures[:20] ^ noise))  # each patch 30 times, 20 places apart
    read = []

    def pixels(places: np.ndarray) -> np.ndarray:
        read.extend(places.tolist())
        return images[places]

    found = near_pairs(signatures(luma(images)), np.arange(len(images)), pixels)
    expected = [(one, two) for one in range(600) for two in range(one + 20, 600, 20)]
    assert list(found[["first", "other"]].itertuples(index=False, name=None)) == expected
    assert len(read) < 3 * len(images) < len(found)


def test_a_search_tells_how_far_it_is_and_can_be_cancelled_while_it_compares(textures: np.ndarray) -> None:
    images = np.concatenate([textures, textures ^ 1])
    told: list[tuple[int, int]] = []
    near_pairs(signatures(luma(images)), np.arange(80), lambda places: images[places], lambda *at: told.append(at))
    assert told == [(80, 160), (160, 160)]

    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        near_pairs(signatures(luma(images)), np.arange(80), lambda places: images[places], stop)


def test_a_data_set_is_read_and_its_rows_are_named(textures: np.ndarray, make_folder: Callable[..., Dataset]) -> None:
    where = [("train", "a")] * 2 + [("train", "b")] * 2
    dataset = make_folder([*textures[:3], textures[0]], where)
    order = np.array([int(Path(name).stem) for name in dataset.table["sample_id"]])
    seen: list[tuple[int, int]] = []
    groups = exact_duplicates(dataset, np.arange(4), lambda done, total: seen.append((done, total)))
    assert [order[group].tolist() for group in groups] in ([[0, 3]], [[3, 0]])
    assert seen[-1] == (4, 4)


@pytest.mark.parametrize(
    ("files", "every"),
    [("pcam_jpeg/valid/*/*.jpg", 4), ("idc/*/*/*.png", 8)],
    ids=["96 pixels a side", "50 pixels a side"],
)
def test_planted_copies_of_real_patches_are_found(shared_data: Path, files: str, every: int) -> None:
    images = [np.asarray(Image.open(file).convert("RGB")) for file in sorted(shared_data.glob(files))[::every]]
    turns = np.random.default_rng(0).integers(0, 8, len(images))
    images += [as_jpeg(turned(image, way)) for image, way in zip(images, turns, strict=True)]
    signature = np.concatenate([signatures(luma(image[None])) for image in images])
    pairs = near_pairs(signature, np.arange(len(images)), lambda places: [images[place] for place in places])
    found = set(pairs[["first", "other"]].itertuples(index=False, name=None))
    planted = {(place, len(turns) + place) for place in range(len(turns))}
    assert len(found & planted) >= 0.98 * len(planted)
    assert found <= planted
