"""Patches that stand twice."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from histo_core.audit.duplicates import equal_groups, exact_duplicates, near_duplicates, near_pairs
from histo_core.audit.facts import luma
from histo_core.audit.likeness import likeness
from histo_core.audit.signatures import signatures, turned
from histo_core.data.base import Dataset
from histo_core.errors import CancelledError


def as_jpeg(image: np.ndarray, quality: int = 70) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def pairs_of(images: np.ndarray) -> list[tuple[int, int, int]]:
    found = near_pairs(signatures(luma(images)), np.arange(len(images)), lambda places: images[places])
    return list(found[["first", "other", "symmetry"]].itertuples(index=False, name=None))


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
    glass = np.random.default_rng(0).normal(240, 1.5, (20, 64, 64, 3)).round().astype(np.uint8)
    assert pairs_of(np.concatenate([glass, textures[:3]])) == []
    assert pairs_of(glass[:0]) == []


def test_patches_with_the_same_outline_and_other_details_are_not_the_same() -> None:
    rng = np.random.default_rng(1)
    edge = np.where(np.arange(96) < 40, 90.0, 220.0)[None, :, None]
    one, two = (np.clip(edge + rng.normal(0, 6, (96, 96, 1)), 0, 255).repeat(3, 2).astype(np.uint8) for _ in range(2))
    assert not likeness(one, two, 0).same
    assert likeness(one, as_jpeg(one, 95), 0).same
    assert pairs_of(np.stack([one, two])) == []


def test_likeness_of_a_patch_with_itself_is_whole_and_of_an_even_one_nothing(textures: np.ndarray) -> None:
    alike = likeness(textures[0], turned(textures[0], 5), 6)  # clockwise and back
    assert (alike.correlation, alike.difference) == (pytest.approx(1), 0)
    even = np.full((64, 64, 3), 200, np.uint8)
    assert likeness(even, even, 0).correlation == 0


def test_a_search_can_be_cancelled(textures: np.ndarray) -> None:
    def stop(done: int, total: int) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        near_pairs(signatures(luma(textures)), np.arange(40), lambda places: textures[places], stop)


def test_a_data_set_is_read_and_its_rows_are_named(textures: np.ndarray, make_folder: Callable[..., Dataset]) -> None:
    images = [*textures[:3], textures[0], as_jpeg(np.rot90(textures[1])), textures[4]]
    where = [("train", "a")] * 2 + [("train", "b")] * 2 + [("test", "a"), ("test", "b")]
    dataset = make_folder(images, where)
    order = np.array([int(Path(name).stem) for name in dataset.table["sample_id"]])
    seen: list[tuple[int, int]] = []
    groups = exact_duplicates(dataset, np.arange(6), lambda done, total: seen.append((done, total)))
    assert [order[group].tolist() for group in groups] in ([[0, 3]], [[3, 0]])
    assert seen[-1] == (6, 6)
    near = near_duplicates(dataset, np.arange(6))
    assert [set(order[list(pair)]) for pair in near[["first", "other"]].itertuples(index=False)] == [{1, 4}]


def test_planted_copies_of_real_patches_are_found(shared_data: Path) -> None:
    files = sorted((shared_data / "pcam_jpeg" / "valid").rglob("*.jpg"))[::4]
    images = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
    turns = np.random.default_rng(0).integers(0, 8, len(images))
    copies = np.stack([as_jpeg(turned(image, way)) for image, way in zip(images, turns, strict=True)])
    found = {(first, other) for first, other, _ in pairs_of(np.concatenate([images, copies]))}
    planted = {(place, len(images) + place) for place in range(len(images))}
    assert len(found & planted) >= 0.98 * len(planted)
    assert found <= planted
