"""Maps of a few made patches: kept whole or not at all, and the same as scikit-learn's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.decomposition import PCA

from histo_core.auditing.embedding import layout
from histo_core.auditing.embedding.descriptor import describe_patches
from histo_core.auditing.embedding.layout import load_map, make_map, stratified_sample
from histo_core.data.dataset import Dataset
from histo_core.errors import CancelledError, DataError
from histo_core.progress import Progress
from histo_core.workspace import Workspace

PATCHES = 48


@pytest.fixture
def dataset(make_folder: Callable[..., Dataset]) -> Dataset:
    """Half dark and half pale patches of 24 x 24 pixels, one of them cut at the edge."""
    rng = np.random.default_rng(0)
    bright = np.repeat([80, 200], PATCHES // 2)
    images = [(level + rng.integers(-40, 40, (24, 24, 3))).astype(np.uint8) for level in bright]
    images[5] = images[5][:10]
    return make_folder(images, [("train", "dark" if level < 100 else "pale") for level in bright])


@pytest.fixture
def quick_umap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first two features in place of UMAP, which compiles for long and has tests of its own."""

    def first_two(features: np.ndarray, *, progress: Progress) -> np.ndarray:
        progress(1, 2)
        progress(2, 2)
        return features[:, :2]

    monkeypatch.setattr(layout, "umap_layout", first_two)


def test_all_rows_lie_where_scikit_learn_puts_them(dataset: Dataset, workspace: Workspace) -> None:
    found = make_map(dataset, "colour", workspace, umap_sample=0)
    features = describe_patches(dataset.read(range(PATCHES)))
    reference = PCA(2).fit(features.astype(np.float64))
    np.testing.assert_allclose(found.xy, reference.transform(features), atol=1e-5)
    np.testing.assert_allclose(found.explained, reference.explained_variance_ratio_, rtol=1e-6)
    assert (found.xy.dtype, found.features) == (np.float32, "colour")
    assert found.umap_xy is None


def test_the_umap_of_a_sample_is_added_and_progress_only_grows(
    dataset: Dataset, workspace: Workspace, quick_umap: None
) -> None:
    told: list[tuple[int, int]] = []
    found = make_map(dataset, "colour", workspace, lambda done, total: told.append((done, total)), umap_sample=40)
    assert found.umap_xy is not None
    assert found.umap_rows is not None
    features = describe_patches(dataset.read(found.umap_rows))
    np.testing.assert_array_equal(found.umap_xy, features[:, :2])
    assert np.bincount(dataset.table["label"].to_numpy()[found.umap_rows]).tolist() == [20, 20]
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]
    assert "UMAP of 40 of them" in found.note


def test_what_is_kept_is_not_made_again(dataset: Dataset, workspace: Workspace, monkeypatch) -> None:
    assert load_map(dataset, "colour", workspace, umap_sample=0) is None
    first = make_map(dataset, "colour", workspace, umap_sample=0)
    monkeypatch.setattr(dataset, "read", None)
    for again in (make_map(dataset, "colour", workspace, umap_sample=0), load_map(dataset, "colour", workspace, 0)):
        assert again is not None
        np.testing.assert_array_equal(again.xy, first.xy)


@pytest.mark.parametrize("name", ["map.json", "pca.npy"])
@pytest.mark.parametrize("content", [b"", b"null", b'{"explained": []}'])
def test_a_damaged_map_is_made_again(dataset: Dataset, workspace: Workspace, name: str, content: bytes) -> None:
    first = make_map(dataset, "colour", workspace, umap_sample=0)
    next(workspace.data.glob(f"maps/*/{name}")).write_bytes(content)
    assert load_map(dataset, "colour", workspace, umap_sample=0) is None
    make_map(dataset, "colour", workspace, umap_sample=0)
    again = load_map(dataset, "colour", workspace, umap_sample=0)
    assert again is not None
    np.testing.assert_array_equal(again.xy, first.xy)


def test_a_task_that_is_stopped_while_reading_leaves_nothing(dataset: Dataset, workspace: Workspace) -> None:
    def stop(done: int, total: int) -> None:
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        make_map(dataset, "colour", workspace, stop)
    assert load_map(dataset, "colour", workspace) is None
    assert not list((workspace.data / "maps").iterdir())


def test_a_umap_that_is_stopped_is_made_by_the_next_call(
    dataset: Dataset, workspace: Workspace, quick_umap: None
) -> None:
    def stop_in_umap(done: int, total: int) -> None:
        if done > PATCHES:
            raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        make_map(dataset, "colour", workspace, stop_in_umap)
    kept = load_map(dataset, "colour", workspace)
    assert kept is not None
    assert kept.umap_xy is None
    assert "not ready" in kept.note
    assert make_map(dataset, "colour", workspace).umap_xy is not None
    assert not list((workspace.data / "maps").glob("*/sample.npy"))


def test_another_label_is_another_map(dataset: Dataset, workspace: Workspace) -> None:
    make_map(dataset, "colour", workspace, umap_sample=0)
    dataset.table.loc[0, "label"] = 1
    del dataset.state
    assert load_map(dataset, "colour", workspace, 0) is None


def test_no_patches_make_no_map(dataset: Dataset, workspace: Workspace) -> None:
    dataset.table = dataset.table.iloc[:0]
    with pytest.raises(DataError, match="no patches"):
        make_map(dataset, "colour", workspace)


def test_looking_at_a_map_does_not_load_torch() -> None:
    look = "import sys, histo_core.plots.patch_map, histo_core.plots.mosaic; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0


def test_a_sample_keeps_the_shares_of_the_classes() -> None:
    labels = np.repeat([0, 1, -1], [700, 250, 50])
    rows = stratified_sample(labels, 100)
    assert np.bincount(labels[rows] + 1).tolist() == [5, 70, 25]
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, stratified_sample(labels, 100))
    assert not np.array_equal(rows, stratified_sample(labels, 100, seed=1))
    assert stratified_sample(labels, 5000).tolist() == list(range(1000))
