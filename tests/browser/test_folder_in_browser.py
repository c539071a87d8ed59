"""From a folder, by clicks alone, to a gallery that is coloured by a run's answers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, SplitConfig, TrainConfig
from histo_core.data.export.formats import export_folders
from histo_core.data.opening import open_dataset
from histo_core.runs.api import launch
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace

pytestmark = pytest.mark.browser
PATCHES = 60
MINUTE = 60_000


def drawn(root: Path, home: Workspace) -> DataConfig:
    """Phantom tissue in class folders."""
    source = open_dataset(DataConfig(options={"patches": PATCHES, "patients": 6}), home)
    export_folders(source, None, root)
    return DataConfig(dataset="folder", root=str(root))


def kaggle(root: Path, home: Workspace) -> DataConfig:
    """Some of Kaggle's patches, as Kaggle's archive lays them out."""
    real = Path(__file__).resolve().parents[3] / "shared" / "data" / "kpcam"
    if not real.is_dir():
        pytest.skip(f"real images are missing: {real} is not there")
    labels = pd.read_csv(real / "train_labels.csv").groupby("label").head(PATCHES // 2)
    (root / "train").mkdir(parents=True)
    for name in labels["id"]:
        shutil.copy(real / "train" / f"{name}.tif", root / "train")
    labels.to_csv(root / "train_labels.csv", index=False)
    return DataConfig(dataset="kpcam", root=str(root))


@pytest.mark.parametrize(
    ("make", "title"), [(drawn, "Class folders"), (kaggle, "Kaggle PCam")], ids=lambda one: getattr(one, "__name__", "")
)
def test_a_folder_is_picked_recognised_opened_and_shown_with_predictions(
    make: Callable[[Path, Workspace], DataConfig],
    title: str,
    home: Workspace,
    visit: Callable[[str], Page],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = home.home.parent / f"my_{make.__name__}"
    monkeypatch.setenv("HISTOSCOPE_DATA_ROOTS", str(home.home.parent))
    data = make(root, home)
    config = RunConfig(
        data=data,
        split=SplitConfig(method="random"),
        preprocess=PreprocessConfig(crop=32),
        model=ModelConfig(name="cnn_narrow"),
        train=TrainConfig(epochs=1, batch_size=32, device="cpu", threads=1),
    )
    run = launch(config, home, name="Mine", start_supervisor=False)
    assert work(run.run_id, home) == 0

    page = visit("/data")
    page.get_by_role("button", name="Browse folders").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=str(home.home.parent), exact=True).click()
    dialog.get_by_role("button", name=root.name, exact=True).click()
    dialog.get_by_role("button", name=f"Use as {title}").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_label("Folder", exact=True)).to_have_value(str(root))
    page.get_by_role("button", name="Open and check").click()
    page.get_by_text("Gallery", exact=True).click()
    page.get_by_role("combobox", name="Predictions of").click()
    page.get_by_role("option", name=re.compile("^Mine")).click()
    page.wait_for_url(re.compile(f"run={run.run_id}"))

    patches, words = page.locator(".st-key-explore-grid button"), page.locator(".st-key-explore-grid .words")
    expect(words.first).to_have_text(re.compile(r"^([✓✗] \w+ \d+%|no prediction)$"))
    page.get_by_role("combobox", name="Answers").click()
    page.get_by_role("option", name="right", exact=True).click()
    expect(words.first).to_have_text(re.compile("^✓ "))
    expect(page.locator(".st-key-explore-grid .words", has_text="✗")).to_have_count(0)
    page.get_by_role("combobox", name="Coloured by").click()
    page.get_by_role("option", name="Right or wrong").click()
    page.wait_for_url(re.compile("colour=p.answer"))
    expect(patches.first).to_have_css("border-color", "rgb(0, 158, 115)")

    patches.first.hover()
    tip = page.get_by_role("tooltip").filter(has_text="Label:")
    expect(tip).to_contain_text(re.compile(r"Predicted \w+ \(\d+\.\d%\), right"))
    page.keyboard.press("Escape")
    page.mouse.move(5, 5)
    expect(tip).to_have_count(0)
    page.reload()
    expect(words.first).to_have_text(re.compile("^✓ "))
