import numpy as np
import pytest
from scipy.ndimage import binary_fill_holes, maximum_filter

from histo_core.auditing.embedding.layout import PatchMap
from histo_core.errors import DataError
from histo_core.plots.patch_map import map_figure
from histo_core.plots.theme import class_colours

CLASSES = ("normal", "<b>tumour</b>")


def made(n: int, umap: int | None = None) -> tuple[PatchMap, np.ndarray]:
    rng = np.random.default_rng(0)
    rows = None if umap is None else np.sort(rng.choice(n, umap, replace=False))
    umap_xy = None if umap is None else rng.normal(size=(umap, 2)).astype(np.float32)
    xy = rng.normal(size=(n, 2)).astype(np.float32)
    return PatchMap(xy, umap_xy, rows, (0.62, 0.2), "colour", ""), rng.integers(0, 2, n)


def test_every_point_lies_at_its_rows_place_in_its_classes_colour() -> None:
    patch_map, labels = made(300)
    figure = map_figure(patch_map, labels, CLASSES)
    assert [trace.name for trace in figure.data] == ["normal", "&lt;b&gt;tumour&lt;/b&gt;"]
    for number, trace in enumerate(figure.data):
        rows = np.asarray(trace.customdata)
        assert (labels[rows] == number).all()
        np.testing.assert_array_equal(np.column_stack([trace.x, trace.y]), patch_map.xy[rows])
        assert trace.marker.color == list(class_colours(CLASSES).values())[number]
    assert sum(len(trace.x) for trace in figure.data) == 300
    layout = figure.to_dict()["layout"]
    assert layout["dragmode"] == "lasso"
    assert layout["meta"]["alt"] == "300 patches by PCA: like patches lie near each other."
    assert layout["xaxis"]["title"]["text"] == "First component (62% of the variance)"


def test_all_of_patchcamelyon_is_drawn_small() -> None:
    patch_map, labels = made(327_680)
    figure = map_figure(patch_map, labels, CLASSES)
    ground, *traces = figure.data
    points = np.concatenate([np.asarray(trace.customdata) for trace in traces])
    assert len(points) == len(np.unique(points)) == 20_000
    assert abs((labels[points] == 1).mean() - (labels == 1).mean()) < 1e-3
    assert np.asarray(ground.z).max() == 255
    assert "20,000 points drawn of 327,680 patches" in figure.to_dict()["layout"]["meta"]["alt"]
    text = figure.to_json()
    assert text is not None
    assert len(text) < 1_500_000


def test_the_ground_is_where_the_points_are() -> None:
    patch_map, labels = made(50)
    patch_map.xy[:] = 0
    patch_map.xy[0], patch_map.xy[1] = (1, 0), (0, 1)
    ground = map_figure(patch_map, labels, CLASSES, drawn=10).data[0]
    z = np.asarray(ground.z).astype(int)
    summits = np.argwhere((z == maximum_filter(z, 11)) & (z > 0))
    places = summits[:, ::-1] * [ground.dx, ground.dy] + [ground.x0, ground.y0]
    np.testing.assert_allclose(places, [[0, 0], [1, 0], [0, 1]], atol=ground.dx)
    border = np.concatenate([z[0], z[-1], z[:, 0], z[:, -1]])
    assert border.max() <= 3, "the ground ends before its picture does, not at a straight edge"


def test_the_ground_has_no_holes_between_single_patches() -> None:
    patch_map, labels = made(3_000)
    z = np.asarray(map_figure(patch_map, labels, CLASSES, drawn=10).data[0].z) > 8
    assert binary_fill_holes(z).sum() - z.sum() < 0.02 * z.sum()


def test_only_chosen_rows_are_drawn_and_none_at_all_is_a_sentence() -> None:
    patch_map, labels = made(100, umap=40)
    rows = np.arange(0, 100, 3)
    figure = map_figure(patch_map, labels, CLASSES, layout="umap", rows=rows)
    drawn = np.sort(np.concatenate([np.asarray(trace.customdata) for trace in figure.data]))
    assert patch_map.umap_rows is not None
    np.testing.assert_array_equal(drawn, np.intersect1d(rows, patch_map.umap_rows))
    empty = map_figure(patch_map, labels, CLASSES, rows=np.array([], int))
    assert empty.to_dict()["layout"]["meta"]["alt"] == "No patch of this selection is on the map by PCA."


def test_patches_without_a_label_are_grey() -> None:
    patch_map, labels = made(10)
    labels[:4] = -1
    names = [trace.name for trace in map_figure(patch_map, labels, CLASSES).data]
    assert names == ["normal", "&lt;b&gt;tumour&lt;/b&gt;", "unknown"]


def test_a_umap_that_is_not_there_is_said() -> None:
    patch_map, labels = made(10)
    with pytest.raises(DataError, match="no UMAP"):
        map_figure(patch_map, labels, CLASSES, layout="umap")


def test_the_eleventh_class_is_not_the_first_again() -> None:
    patch_map, _ = made(22)
    first, *_, last = map_figure(patch_map, np.arange(22) // 2, [f"class {i}" for i in range(11)]).data
    assert first.marker.color == last.marker.color
    assert (first.marker.symbol, last.marker.symbol) == ("circle", "diamond")
