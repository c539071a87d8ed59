import numpy as np
import pytest

from histo_core.data.patch_facts import histogram, neighbours


def test_each_channel_is_counted_as_numpy_counts(pixels: np.ndarray) -> None:
    table = histogram(pixels[0])
    assert table.columns.tolist() == ["value", "red", "green", "blue"]
    for place, name in enumerate(("red", "green", "blue")):
        counts, _ = np.histogram(pixels[0, ..., place], bins=256, range=(0, 256))
        np.testing.assert_array_equal(table[name], counts)


def test_neighbours_are_the_nearest_of_the_same_slide(make_dataset) -> None:
    dataset = make_dataset(
        [0] * 7,
        slide_id=["a", "a", "b", "a", "a", None, "a"],
        x=[0.0, 30.0, 1.0, 3.0, np.nan, 0.0, 0.0],
        y=[0.0, 40.0, 1.0, 4.0, 0.0, 0.0, 5.0],
    )
    assert neighbours(dataset, 0).tolist() == [3, 6, 1]  # 5, 5 and 50 away; row 4 has no place
    assert neighbours(dataset, 0, limit=2).tolist() == [3, 6]


@pytest.mark.parametrize("index", [2, 4, 5])
def test_alone_without_a_place_or_without_a_slide_there_are_none(make_dataset, index: int) -> None:
    dataset = make_dataset([0] * 6, slide_id=["a", "a", "b", "a", "a", None], x=[0, 1, 2, 3, np.nan, 5], y=[0.0] * 6)
    assert neighbours(dataset, index).tolist() == []


def test_without_positions_there_are_none(make_dataset) -> None:
    assert neighbours(make_dataset([0, 1], slide_id=["a", "a"]), 0).tolist() == []
