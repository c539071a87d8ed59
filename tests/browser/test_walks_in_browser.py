"""From a folder of real patches to a model, what it looked at, and its answers on other data, by recommended buttons.

No field is filled in. The small form takes at most 60 files of each folder; the slow one takes the folders as they are.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, groupby, zip_longest
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from histo_core.workspace import Workspace

pytestmark = pytest.mark.browser
Visit = Callable[[str], Page]
MINUTE = 60_000
MOST = 60
"""Image files of a small copy."""
RECOMMENDED = re.compile(r", \d+ epochs, .+ on this machine\.")


@dataclass(frozen=True)
class Walk:
    """A folder of real patches, and another to whose patches its model is applied.

    Attributes:
        folder: its name.
        title: the kind of data set that the folder picker recognises.
        other: name of the other folder. Kaggle's patches and PCam's are partly the same, so neither is the other's.
        other_title: the kind of the other.
        says: what is said of the other's classes before the click; "" where they have the same names.
        scored: whether both classes of the other are classes of the model, so that its ROC is drawn.
        group: how many folders lie between an image and the folder of its patient, or of its class.
    """

    folder: str
    title: str
    other: str
    other_title: str
    says: str = ""
    scored: bool = True
    group: int = 0


WALKS = (
    Walk("pcam_jpeg", "Class folders", "idc", "Invasive ductal carcinoma", "tumour counts as tumor"),
    Walk("idc", "Invasive ductal carcinoma", "kpcam", "Kaggle PCam", group=1),
    Walk("breakhis_224", "BreaKHis", "kpcam", "Kaggle PCam", "labelled patches do not count", scored=False),
    Walk("kpcam", "Kaggle PCam", "idc", "Invasive ductal carcinoma"),
)
TOO_SMALL = Walk("nct_crc_he", "NCT-CRC-HE (Kather 2018)", "", "")
TRAINED_WHOLE = ("pcam_jpeg", "kpcam")
each_walk = pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.folder)


@pytest.fixture(scope="module")
def small(home: Workspace, shared_data: Path) -> Path:
    """Small copies of the folders beside the weights, as on a user's disk."""
    root = home.home.parent / "small"
    for walk in (*WALKS, TOO_SMALL):
        _copy_some(shared_data / walk.folder, root / walk.folder, walk.group)
    shutil.copytree(shared_data / "weights", root / "weights", copy_function=shutil.copyfile)
    return root


@pytest.mark.parametrize(
    "walk",
    # Where all layers are trained a walk takes minutes; the rest show the same path in less than a minute each.
    [pytest.param(walk, marks=[pytest.mark.slow] * (walk.folder in TRAINED_WHOLE), id=walk.folder) for walk in WALKS],
)
def test_a_small_folder_leads_to_a_model_its_maps_and_its_answers(visit: Visit, small: Path, walk: Walk) -> None:
    _walk(visit, small, walk, 10 * MINUTE)


@pytest.mark.slow
@each_walk
def test_a_whole_folder_leads_to_a_model_its_maps_and_its_answers(visit: Visit, shared_data: Path, walk: Walk) -> None:
    _walk(visit, shared_data, walk, 60 * MINUTE)


def test_five_patches_a_class_are_called_too_few(visit: Visit, small: Path) -> None:
    _end_in_words(visit, small)


@pytest.mark.slow
def test_five_patches_a_class_are_called_too_few_in_the_whole_folder(visit: Visit, shared_data: Path) -> None:
    _end_in_words(visit, shared_data)


def _walk(visit: Visit, data: Path, walk: Walk, patience: float) -> None:
    """Walk from the folder to the answers; training may take ``patience``, in milliseconds."""
    page = visit("/data")
    _open(page, data / walk.folder, walk.title, patience)
    expect(page.get_by_text(RECOMMENDED)).to_be_visible(timeout=2 * MINUTE)
    expect(page.get_by_text("What the network sees of three training patches")).to_be_visible(timeout=2 * MINUTE)
    page.get_by_role("button", name="Train 1 model", exact=True).click()
    page.wait_for_url(re.compile("watch="), timeout=3 * MINUTE)
    run_id = page.url.partition("watch=")[2].partition("&")[0]
    card = page.locator(f".st-key-run-{run_id}")
    ended = card.get_by_text(re.compile("^(finished|failed|interrupted)$"))
    ended.wait_for(timeout=patience)
    expect(ended).to_have_text("finished")

    card.get_by_role("link", name="Compare").click()
    expect(page.locator(".st-key-compare-roc .legendtext")).to_have_count(1, timeout=3 * MINUTE)
    page.get_by_role("link", name="Patches it got wrong").click()
    maps = [page.locator(f"canvas[data-drawn='{method}']") for method in ("Grad-CAM", "LIME")]
    none_wrong = page.get_by_role("button", name="Clear the filters")
    expect(maps[0].or_(none_wrong)).to_have_count(1, timeout=3 * MINUTE)
    if none_wrong.count():
        none_wrong.click()
    for drawn in maps:
        expect(drawn).to_have_count(1, timeout=3 * MINUTE)

    page.get_by_role("link", name="Predict other patches").click()
    expect(page.get_by_text("Choose the patches that the model should be applied to.")).to_be_visible()
    _pick(page, data / walk.other, walk.other_title, "Up")
    page.get_by_role("button", name="Use these data").click()
    predict = page.get_by_role("button", name="Predict", exact=True)
    expect(predict).to_be_visible()
    if walk.says:
        expect(page.get_by_text(walk.says).first).to_be_visible()  # the checks say it once more
    predict.click()
    expect(page.get_by_role("heading", name="Least certain")).to_be_visible(timeout=patience)
    if walk.scored:
        expect(page.locator(".st-key-predict-roc .legendtext")).not_to_have_count(0)


def _end_in_words(visit: Visit, data: Path) -> None:
    page = visit("/data")
    _open(page, data / TOO_SMALL.folder, TOO_SMALL.title, 3 * MINUTE)
    expect(page.get_by_text("Five patches a class are too few to train and test a network.")).to_be_visible()
    expect(page.get_by_text("apply a model that was trained on more data (Predict)")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Train "))).to_have_count(0)
    page.get_by_role("link", name="Look at these data").click()
    page.wait_for_url(re.compile("/data.*nct_crc_he"))


def _pick(page: Page, folder: Path, title: str, *way: str) -> None:
    """Go to a folder by pressing names of folders, and take it as what it is recognised as."""
    page.get_by_role("button", name="Browse folders").click()
    dialog = page.get_by_role("dialog")
    for name in (*way, folder.name):
        dialog.get_by_role("button", name=name, exact=True).click()
    dialog.get_by_role("button", name=f"Use as {title}", exact=True).click()
    expect(dialog).to_have_count(0)
    field = page.get_by_label("Folder", exact=True)
    expect(field).to_have_count(1)  # the old field stays for a moment
    expect(field).to_have_value(str(folder))


def _open(page: Page, folder: Path, title: str, patience: float) -> None:
    """Go from an empty Data page to the form of a run on a folder's patches."""
    page.set_default_timeout(MINUTE)
    _pick(page, folder, title, str(folder.parents[1]), folder.parent.name)
    page.get_by_role("button", name="Open and check").click()
    page.get_by_role("link", name="Train on these data").click(timeout=patience)


def _copy_some(source: Path, target: Path, group: int) -> None:
    """Copy at most `MOST` image files: one of each patient or class in turn, and of every other patient the last."""
    table = source / "train_labels.csv"
    if table.is_file():
        labels = pd.read_csv(table).groupby("label").head(MOST // 2)
        target.mkdir(parents=True)
        labels.to_csv(target / table.name, index=False)
        chosen = [source / "train" / f"{name}.tif" for name in labels["id"]]
    else:
        files = sorted(file for file in source.rglob("*") if file.is_file())
        groups = [list(files) for _, files in groupby(files, lambda file: file.parents[group])]
        turned = (files[::-1] if number % 2 else files for number, files in enumerate(groups))
        chosen = [file for file in chain.from_iterable(zip_longest(*turned)) if file is not None][:MOST]
    for file in chosen:
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
