"""Explain's uploads: checked against the training patches, cut into tiles, and never a percentage alone."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from page_helpers import PHANTOM, OpenPage, run_named, texts
from PIL import Image
from scipy.ndimage import gaussian_filter
from streamlit.testing.v1 import AppTest
from wiring import as_file
from wiring_spy import Spy

from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.prediction.doubts import pixel_doubts
from histo_core.prediction.training_look import measure_patches, training_look
from histo_core.workspace import Workspace

SIZE = "µm per pixel, if known"


@pytest.fixture
def good(finished: Workspace) -> np.ndarray:
    """A patch that the run was not trained on, and of which nothing is unlike its training patches."""
    run = run_named(finished, "Small CNN")
    source, look = open_dataset(PHANTOM, finished), training_look(run, finished)
    assert look is not None
    patches = np.asarray(source.read(make_split(source, run.config.split, finished).indices("test")))
    # The run sees the central 32 x 32 pixels.
    return next(one for one in patches if not pixel_doubts(look, measure_patches(one[None, 32:64, 32:64])[0]))


@pytest.fixture(autouse=True)
def without_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    """No map is made: they are tested elsewhere."""
    monkeypatch.setattr("pages.explain.page._pictures", lambda question, *places: question.probabilities)


def upload(page: AppTest, image: np.ndarray) -> AppTest:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    page = page.file_uploader[0].upload("mine.png", stream.getvalue(), "image/png").run()
    assert not page.exception
    assert not page.error
    return page


def opened(open_page: OpenPage, finished: Workspace) -> AppTest:
    return open_page("explain", run=run_named(finished, "Small CNN").run_id, source="upload")


def test_an_upload_that_fits_is_answered_as_ever(finished: Workspace, open_page: OpenPage, good: np.ndarray) -> None:
    page = upload(opened(open_page, finished), good)
    assert page.header[0].value.replace("\\", "").startswith("The model says ")
    assert not page.warning
    assert "Pixel size: not checked, because that of the image is not known." in texts(page).replace("\\", "")


@pytest.mark.parametrize("kind", ["Stain", "Blurred", "Blank", "Size"])
def test_an_unfit_upload_is_shown_as_doubtful(
    finished: Workspace, open_page: OpenPage, good: np.ndarray, kind: str
) -> None:
    changed = {
        "Stain": np.ascontiguousarray(good[..., [1, 0, 2]]),
        "Blurred": gaussian_filter(good.astype(float), (2, 2, 0)).astype(np.uint8),
        "Blank": np.full_like(good, 255),
        "Size": good[24:72, 24:72],
    }[kind]
    page = upload(opened(open_page, finished), changed)
    said = page.header[0].value.replace("\\", "")
    assert said.startswith("Doubtful: this image does not look like what the model was trained on.")
    assert said.endswith("which may mean nothing here.")
    assert any(f"{kind}" in warning.value for warning in page.warning)


def test_a_known_pixel_size_is_checked(finished: Workspace, open_page: OpenPage, good: np.ndarray) -> None:
    page = upload(opened(open_page, finished), good)
    next(one for one in page.number_input if one.label == SIZE).set_value(0.25).run()
    assert page.header[0].value.startswith("Doubtful")
    assert any("0.25 µm per pixel" in warning.value.replace("\\", "") for warning in page.warning)
    next(one for one in page.number_input if one.label == SIZE).set_value(0.97).run()
    assert page.header[0].value.startswith("The model says")
    assert "not checked" not in texts(page)


def test_a_larger_upload_is_cut_into_tiles_of_which_one_is_explained(
    finished: Workspace,
    open_page: OpenPage,
    good: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, Any],
) -> None:
    shown = Spy("pages.explain.maps.MapRequest", "patch", monkeypatch)
    image = np.tile(good, (2, 3, 1))
    image[:96, 96:192] = 255
    page = upload(opened(open_page, finished), image)
    said = page.header[0].value.replace("\\", "")
    assert said.startswith("Cut into 6 tiles of 96 x 96 pixels. The model says ")
    assert said.endswith("1 tile does not count: it does not look like the training patches.")
    assert "Blank: 1 of 6 tiles." in texts(page).replace("\\", "")
    first = shown.newest()
    assert first.name == "mine.png, tile 1"
    np.testing.assert_array_equal(first.image, good)
    assert first.doubts == ()
    next(one for one in page.number_input if one.label == "Tile to explain").set_value(2).run()
    second = shown.newest()
    assert second.name == "mine.png, tile 2"
    assert (second.image == 255).all()
    assert second.doubts[0].startswith("Blank")
    (name,) = [name for name in given if name.startswith("tiles-")]
    tiles = pd.read_csv(as_file(given[name]()))
    assert tiles["x"].tolist() == [0, 96, 192] * 2
    assert tiles["doubts"].fillna("").tolist() == ["", "blank", "", "", "", ""]
