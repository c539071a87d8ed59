"""A data set without some of its samples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from histo_core.config import DataConfig
from histo_core.data.dataset import Dataset, Problem
from histo_core.data.opening import open_dataset
from histo_core.data.subset import Subset
from histo_core.workspace import Workspace


def test_pixels_and_masks_are_those_of_the_samples(workspace: Workspace) -> None:
    options = {"patches": 40, "patients": 8}
    phantom = open_dataset(DataConfig(dataset="phantom", options=options), workspace)
    rows = np.array([5, 17, 31])
    rest = Subset(phantom, rows)
    assert (rest.name, rest.classes, rest.positive) == (phantom.name, phantom.classes, phantom.positive)
    assert rest.microns_per_pixel == phantom.microns_per_pixel
    assert rest.sources == phantom.sources
    assert rest.table["sample_id"].tolist() == phantom.table["sample_id"].iloc[rows].tolist()
    for place, row in enumerate(rows):
        np.testing.assert_array_equal(rest.mask(place), phantom.mask(int(row)))
    np.testing.assert_array_equal(rest.read([2, 0]), phantom.read(rows[[2, 0]]))


def test_files_hash_and_problems_follow_the_rows(class_folder: Path, workspace: Workspace) -> None:
    whole = open_dataset(DataConfig(dataset="folder", root=str(class_folder)), workspace)
    whole.problems = (Problem("a", "is bad"),)
    rest = Subset(whole, np.array([4, 1]), [Problem("b", "is worse")])
    assert rest.sources == (whole.sources[4], whole.sources[1])
    assert rest.problems == (("a", "is bad"), ("b", "is worse"))
    assert len({whole.state, rest.state}) == 2
    all_of_it = Subset(whole, np.arange(6))
    assert all_of_it.content_hash == whole.content_hash != rest.content_hash


def test_files_that_are_not_one_a_sample_stay_whatever_their_number(
    make_dataset: Callable[..., Dataset], tmp_path: Path
) -> None:
    whole = make_dataset([0, 1])
    whole.sources = (tmp_path / "pixels.h5", tmp_path / "places.csv")
    assert Subset(whole, np.array([1])).sources == whole.sources


def test_it_is_never_opened_from_files(class_folder: Path, workspace: Workspace) -> None:
    with pytest.raises(TypeError, match="made from an open data set"):
        Subset.open(class_folder, Subset.Options(), workspace)
