"""Predict's uploads: checked like Explain's, shown as doubtful where they do not fit, tiled where they are larger."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from page_helpers import PHANTOM, OpenPage, run_named
from PIL import Image
from streamlit.testing.v1 import AppTest
from wiring import as_file, controls

from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.models.inference.predictor import Predictor
from histo_core.prediction.doubts import pixel_doubts
from histo_core.prediction.training_look import measure_patches, training_look
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace


@pytest.fixture
def run(finished: Workspace) -> Run:
    return run_named(finished, "Small CNN")


@pytest.fixture
def good(run: Run, finished: Workspace) -> np.ndarray:
    """A patch of the test set of which nothing is unlike the training patches."""
    source, look = open_dataset(PHANTOM, finished), training_look(run, finished)
    assert look is not None
    patches = np.asarray(source.read(make_split(source, run.config.split, finished).indices("test")))
    return next(one for one in patches if not pixel_doubts(look, measure_patches(one[None, 32:64, 32:64])[0]))


def _uploaded(open_page: OpenPage, run: Run, image: np.ndarray) -> AppTest:
    page = open_page("predict", run=run.run_id, source="upload")
    assert page.header[0].value == "Choose an image to see what the model says\\."
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    page = page.file_uploader[0].upload("mine.png", stream.getvalue(), "image/png").run()
    assert not page.exception
    assert not page.error
    return page


def test_an_image_that_fits_is_answered_with_the_networks_probabilities(
    run: Run, finished: Workspace, open_page: OpenPage, good: np.ndarray, given: dict[str, Any]
) -> None:
    page = _uploaded(open_page, run, good)
    assert page.header[0].value.startswith("The model says ")
    assert not page.warning
    expected = Predictor.from_run(finished.run_folder(run.run_id), "cpu").probabilities([good])[0]
    shown = page.dataframe[0].value
    assert shown["Class"].tolist() == ["normal", "tumour"]
    np.testing.assert_allclose(shown["Probability"], expected, atol=1e-6)
    (name,) = given
    assert pd.read_csv(as_file(given[name]())).shape == (2, 2)
    assert {one.name for one in controls(page)} == {
        "selectbox: Model",
        "button_group: What to predict",
        "file_uploader: An image (PNG, JPEG, TIFF, BMP or WebP)",
        "number_input: µm per pixel, if known",
    }


@pytest.mark.parametrize("kind", ["Stain", "Blank", "Size"])
def test_an_image_that_does_not_fit_is_never_a_percentage_alone(
    run: Run, open_page: OpenPage, good: np.ndarray, kind: str
) -> None:
    changed = {
        "Stain": np.ascontiguousarray(good[..., [1, 0, 2]]),
        "Blank": np.full_like(good, 255),
        "Size": good[24:72, 24:72],
    }[kind]
    page = _uploaded(open_page, run, changed)
    said = page.header[0].value.replace("\\", "")
    assert said.startswith("Doubtful: this image does not look like what the model was trained on.")
    assert any(kind in warning.value for warning in page.warning)


def test_a_larger_image_is_cut_into_tiles(
    run: Run, open_page: OpenPage, good: np.ndarray, given: dict[str, Any]
) -> None:
    image = np.tile(good, (2, 2, 1))
    image[:96, 96:] = 255
    page = _uploaded(open_page, run, image)
    assert page.header[0].value.replace("\\", "").startswith("Cut into 4 tiles of 96 x 96 pixels.")
    (tile,) = (one for one in page.number_input if one.label == "Tile")
    before = page.dataframe[1].value["Probability"].tolist()
    tile.set_value(2).run()
    assert page.dataframe[1].value["Probability"].tolist() != before
    assert any("Blank" in caption.value for caption in page.caption)
    (name,) = (name for name in given if name.startswith("tiles-"))
    assert len(pd.read_csv(as_file(given[name]()))) == 4
