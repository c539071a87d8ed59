"""Two runs, predictions on other data under other class names, and a CSV of another program, in one table."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from histo_core.comparison.join import load
from histo_core.config import DataConfig, ModelConfig, PredictConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.data.opening import open_dataset, prepare_dataset
from histo_core.prediction.predict import predict_with
from histo_core.runs.api import launch
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace

pytestmark = pytest.mark.browser
PHANTOM = DataConfig(dataset="phantom", options={"patches": 120, "patients": 12})
NAMES = ("benign", "tumor")


def _trained(data: DataConfig, name: str, workspace: Workspace) -> Run:
    config = RunConfig(
        data=data,
        preprocess=PreprocessConfig(crop=32),
        model=ModelConfig(name="cnn_narrow"),
        train=TrainConfig(epochs=1, batch_size=32, device="cpu", threads=1),
    )
    run = launch(config, workspace, name=name, start_supervisor=False)
    assert work(run.run_id, workspace) == 0
    return Store.open(workspace).get(run.run_id)


@pytest.fixture(scope="module")
def own(home: Workspace) -> Run:
    """A run on a folder whose classes have other names; a run on the phantom has predicted its test set."""
    prepare_dataset(PHANTOM, home)
    source, folder = open_dataset(PHANTOM, home), home.home / "patches"
    for row, label in enumerate(source.table["label"].tolist()):
        file = folder / NAMES[label] / f"{row:03}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(source.read([row])[0]).save(file)
    other = _trained(PHANTOM, "On the phantom", home)
    data = DataConfig(dataset="folder", root=str(folder), options={"positive": "tumor"})
    run = _trained(data, "On the folder", home)
    predict_with(
        other.run_id,
        data,
        home,
        split=run.config.split,
        predict=PredictConfig(parts=("test",)),
        classes={"benign": "normal"},
        device="cpu",
    )
    return run


@pytest.fixture
def theirs(own: Run, home: Workspace, tmp_path: Path) -> Path:
    """A guess at each patch of the test set, and of one that is not there."""
    samples = load(own, home).table.query("split == 'test'")
    guess = np.random.default_rng(0).uniform(size=len(samples) + 1).round(3)
    ids = [*samples["sample_id"], "strange"]
    file = tmp_path / "guess.csv"
    pd.DataFrame({"id": ids, "probability": guess}).to_csv(file, index=False)
    return file


def test_two_runs_other_data_and_a_csv_stand_in_one_table(own: Run, theirs: Path, visit: Callable[[str], Page]) -> None:
    page = visit(f"/compare?runs={own.run_id}")
    roc = page.locator(".st-key-compare-roc .legendtext")
    expect(roc).to_have_count(1)
    page.get_by_text("Add models", exact=True).click()
    page.get_by_role("radio", name="Predictions on other data").click()
    page.locator(".st-key-compare-predicted-1 .dvn-scroller").click(position={"x": 16, "y": 52})  # the first row's box
    page.get_by_role("button", name="Add the ticked 1").click()
    expect(page.get_by_text("would not count")).to_be_visible()
    page.get_by_role("combobox", name=re.compile(r"^normal")).click()
    page.get_by_role("option", name="benign").click()
    page.wait_for_url(re.compile(r"means\.normal=benign"))
    expect(roc).to_have_count(2)
    expect(page.get_by_text("normal as benign (your choice), tumour as tumor")).to_be_visible()

    page.get_by_role("radio", name="From another program").click()
    page.locator(".st-key-compare-import-file input[type=file]").set_input_files(theirs)
    expect(page.get_by_text("0 of them with a label")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url(re.compile("import-"))
    expect(roc).to_have_count(3)
    expect(page.get_by_text("rows of guess (imported) are of patches that")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the table").click()
    table = pd.read_csv(download.value.path())
    assert table["name"].tolist() == [
        "On the folder",
        "On the phantom on Class folders (test)",
        "guess (imported)",
    ]
    assert table["n"].nunique() == 1
    page.reload()
    expect(roc).to_have_count(3)
