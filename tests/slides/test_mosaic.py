"""Patches of one colour each, so that every pixel of a mosaic is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from histo_core.config import Config, DataConfig
from histo_core.data.dataset import Dataset, DatasetInfo
from histo_core.data.opening import open_dataset
from histo_core.errors import ConfigError, CorruptDataError, DataError
from histo_core.slides.mosaic import GROUND, SlideRegion, densest, mosaic, mosaic_slides
from histo_core.workspace import Workspace


class Flat(Dataset):
    """Patches of one grey each, 10 times their row; it remembers which were read."""

    info: ClassVar[DatasetInfo] = DatasetInfo("flat", "", "", "", "", needs_root=False)
    sizes: dict[int, tuple[int, int]]
    side = 8
    torn: frozenset[int] = frozenset()

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        raise NotImplementedError

    def read_source(self, indices: Sequence[int] | np.ndarray) -> Sequence[np.ndarray]:
        self.seen = {*getattr(self, "seen", set()), *map(int, indices)}
        if self.torn & set(map(int, indices)):
            raise CorruptDataError("Torn.")
        shapes = [self.sizes.get(int(row), (self.side, self.side)) for row in indices]
        return [np.full((*shape, 3), 10 * row, np.uint8) for row, shape in zip(indices, shapes, strict=True)]


@pytest.fixture
def make_slide() -> Callable[..., Flat]:
    def make(
        corners: Sequence[tuple[float, float]], name: str = "flat", sizes: dict | None = None, **columns: Any
    ) -> Flat:
        x, y = np.array(corners, float).reshape(-1, 2).T
        table = pd.DataFrame({"sample_id": [f"p{row}" for row in range(len(x))], "label": 0, "slide_id": "s"})
        dataset = Flat(name, table.assign(x=x, y=y, **columns), ("a", "b"))
        dataset.sizes = sizes or {}
        return dataset

    return make


def test_each_patch_lies_where_it_sat(make_slide) -> None:
    found = mosaic(make_slide([(101, 51), (109, 51), (117, 67)]), "s")
    expected = np.full((24, 24), GROUND)
    expected[:8, :8], expected[:8, 8:16], expected[16:, 16:] = 0, 10, 20
    np.testing.assert_array_equal(found.image, np.repeat(expected[..., None], 3, axis=2))
    assert found.boxes.tolist() == [[0, 0, 8, 8], [0, 8, 8, 8], [16, 16, 8, 8]]
    assert (found.scale, found.rows.tolist(), found.covered) == (1.0, [0, 1, 2], 0)


def test_pcams_level_zero_is_four_times_its_patches_even_where_they_overlap(make_slide) -> None:
    found = mosaic(make_slide([(0, 0), (16, 0), (64, 32)], name="pcam"), "s")
    assert found.boxes.tolist() == [[0, 0, 8, 8], [0, 4, 8, 8], [8, 16, 8, 8]]
    assert found.image[4, 6].tolist() == [10] * 3  # the later patch lies on top


@pytest.mark.parametrize(("step", "gap"), [(8, 0), (4, -4), (32, 0), (80, 0)])
def test_elsewhere_the_smallest_step_tells_the_scale(make_slide, step: int, gap: int) -> None:
    found = mosaic(make_slide([(0, 0), (step, 0), (0, 2 * step)]), "s")
    assert found.boxes[1].tolist() == [0, 8 + gap, 8, 8]


def test_a_large_slide_is_drawn_small_without_gaps(make_slide) -> None:
    corners = [(8 * column, 8 * row) for row in range(5) for column in range(20)]
    found = mosaic(make_slide(corners), "s", max_side=70)
    assert found.image.shape == (18, 70, 3)
    assert found.scale == 70 / 160
    covered = np.zeros((18, 70), int)
    for top, left, height, width in found.boxes:
        covered[top : top + height, left : left + width] += 1
    assert (covered == 1).all()
    assert mosaic(make_slide(corners), "s", max_side=3).image.shape == (1, 3, 3)


def test_a_cut_patch_keeps_its_own_size_and_two_at_one_place_are_counted(make_slide) -> None:
    found = mosaic(make_slide([(0, 0), (8, 0), (8, 0)], sizes={1: (3, 5), 2: (3, 5)}), "s")
    assert found.boxes.tolist() == [[0, 0, 8, 8], [0, 8, 3, 5], [0, 8, 3, 5]]
    assert found.image[0, 8].tolist() == [20] * 3
    assert found.covered == 1


def test_only_the_slides_patches_with_a_place_are_read(make_slide) -> None:
    dataset = make_slide([(0, 0), (8, 0), (np.nan, 0), (0, 8), (np.inf, 8)], slide_id=["s", "other", "s", "s", "s"])
    assert mosaic(dataset, "s").rows.tolist() == [0, 3]
    assert dataset.seen == {0, 3}
    assert mosaic_slides(dataset).to_dict("list") == {"slide_id": ["s", "other"], "patches": [2, 1]}


def test_without_positions_it_says_what_is_missing(make_slide) -> None:
    dataset = make_slide([(0, 0)])
    del dataset.table["x"]
    with pytest.raises(DataError, match="have no x") as error:
        mosaic(dataset, "s")
    assert "_meta.csv" in str(error.value)
    assert mosaic_slides(dataset).empty
    with pytest.raises(DataError, match="no slide 'else'"):
        mosaic(make_slide([(0, 0)]), "else")
    with pytest.raises(DataError, match="None of the 1 patches"):
        mosaic(make_slide([(np.nan, 0), (1, 1)], slide_id=["s", "t"]), "s")
    with pytest.raises(ConfigError, match="max_side = 0"):
        mosaic(make_slide([(0, 0)]), "s", max_side=0)


def test_a_part_is_drawn_alone_and_says_how_many_lie_outside(make_slide) -> None:
    found = mosaic(make_slide([(0, 0), (80, 40), (88, 40), (96, 48)]), "s", region=SlideRegion(30, 70, 60, 96))
    assert found.rows.tolist() == [1, 2]  # the middle of the last one, (100, 52), lies outside
    assert found.boxes.tolist() == [[0, 0, 8, 8], [0, 8, 8, 8]]
    assert (found.corner, found.outside) == ((40, 80), 2)
    with pytest.raises(DataError, match="lies in this part"):
        mosaic(make_slide([(0, 0)]), "s", region=SlideRegion(30, 30, 40, 40))


def test_the_densest_part_is_the_one_with_most_patches(make_slide) -> None:
    spread = [(1_000 * place, 0) for place in range(20)]
    crowd = [(8_000 + 8 * column, 12_000 + 8 * row) for row in range(10) for column in range(10)]
    slide = make_slide([*spread, *crowd])
    part = densest(slide, "s", max_side=600)
    assert part is not None
    assert part.bottom - part.top == part.right - part.left == 200  # 600 pixels of which a patch has 24 of its 8
    assert mosaic(slide, "s", region=part).rows.tolist() == list(range(20, 120))
    assert densest(make_slide(crowd), "s", max_side=600) is None


def test_patches_that_cannot_be_read_are_left_out_and_counted(make_slide) -> None:
    slide = make_slide([(0, 0), (8, 0), (16, 0)])
    slide.torn = frozenset({0, 2})
    found = mosaic(slide, "s")
    assert (found.rows.tolist(), found.boxes.tolist(), found.unread) == ([1], [[0, 8, 8, 8]], 2)
    slide.torn = frozenset({0, 1, 2})
    with pytest.raises(DataError, match="can be read"):
        mosaic(slide, "s")


def test_a_real_slide_of_idc(shared_data: Path, workspace: Workspace) -> None:
    config = DataConfig(dataset="idc", root=str(shared_data / "idc"), skip_broken=True)
    dataset = open_dataset(config, workspace)
    slides = mosaic_slides(dataset)
    assert slides["patches"].sum() == len(dataset)
    slide = slides.loc[slides["patches"].idxmax(), "slide_id"]
    found = mosaic(dataset, str(slide), max_side=10_000)
    assert found.scale == 1
    for row, (top, left, height, width) in zip(found.rows[:20], found.boxes[:20], strict=True):
        np.testing.assert_array_equal(found.image[top : top + height, left : left + width], dataset.read([row])[0])
