"""The Data page on data that are out of the ordinary: names that look like markup, files that are torn, no split."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from page_helpers import OpenPage, patches, press, texts
from PIL import Image
from streamlit.testing.v1 import AppTest

from histo_core.auditing.embedding.layout import make_map
from histo_core.auditing.report import make_audit
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.saved_split import save_split
from histo_core.workspace import Workspace
from pages.data.explore.views import TITLES

SCRIPT, BOLD = "<script>alert(1)<", "**bold** $x$"
SIDE = 24
OpenView = Callable[..., AppTest]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sixteen patches of four slides on a grid, every name of theirs hostile; two of them are equal."""
    rng = np.random.default_rng(0)
    (tmp_path / "mine").mkdir()
    rows = []
    for number in range(16):
        name = f"{number} <img src=x onerror=alert(1)> {BOLD}.png"
        pixels = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "mine" / name)
        rows.append(
            {
                "path": name,
                "label": (SCRIPT, BOLD)[number % 2],
                "slide_id": (SCRIPT, BOLD, "c", "d")[number // 4],
                "x": SIDE * (number % 2),
                "y": SIDE * (number % 4 // 2),
                "site": "all" if number % 3 else "100X",
            }
        )
    twin = (tmp_path / "mine" / rows[0]["path"]).read_bytes()
    (tmp_path / "mine" / rows[1]["path"]).write_bytes(twin)
    pd.DataFrame(rows).to_csv(tmp_path / "mine" / "manifest.csv", index=False)
    return tmp_path / "mine"


@pytest.fixture
def view(workspace: Workspace, open_page: OpenPage, folder: Path) -> OpenView:
    """Open a view of them by its name."""
    del workspace
    return lambda name, **params: open_page("data", dataset="manifest", root=str(folder), view=name, **params)


def _heard(page: AppTest) -> str:
    """All that is read as Markdown: every text but `st.text`, and the labels of buttons."""
    assert not page.exception
    assert not page.error
    kinds = ("header", "markdown", "caption", "info", "warning")
    return "\n".join([str(one.value) for kind in kinds for one in page.get(kind)] + [one.label for one in page.button])


def test_every_view_shows_hostile_names_as_text(
    view: OpenView, workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, division = DataConfig(dataset="manifest", root=str(folder)), SplitConfig(method="random")
    source = open_dataset(data, workspace)
    split = make_split(source, division)
    monkeypatch.setattr("histo_core.auditing.embedding.layout.FEWEST", 100)  # UMAP takes long to compile
    make_map(source, "colour", workspace)
    make_audit(source, split, workspace)
    save_split(source, split, division, f"{SCRIPT} {BOLD}", workspace)
    saved = json.dumps({"method": "saved", "saved": split.fingerprint})
    first = str(source.table["sample_id"].iloc[0])
    for name in TITLES:
        page = view(name, split=saved, patch=first, finding="identical", count="slide_id")
        heard = _heard(page)
        for bare in ("<script>", "<img", "**bold**", "$x$"):
            assert bare not in heard, name


def test_a_class_and_a_value_named_all_can_be_chosen(view: OpenView) -> None:
    page = view("gallery", **{"by.site": "all"})
    assert "10 of 16 patches" in texts(page)
    site = next(control for control in page.selectbox if control.label == "Site")
    assert list(site.options) == ["(all)", "100X", "all"]
    site.set_value("").run()
    assert "16 of 16 patches" in texts(page)
    assert "by.site" not in page.query_params


def test_both_of_a_pair_with_contradicting_labels_are_shown(view: OpenView, workspace: Workspace, folder: Path) -> None:
    source = open_dataset(DataConfig(dataset="manifest", root=str(folder)), workspace)
    division = SplitConfig(method="random")
    make_audit(source, make_split(source, division), workspace)
    page = view("gallery", finding="conflicts", split=division.model_dump_json(exclude_defaults=True))
    assert set(patches(page)) == set(source.table["sample_id"].iloc[:2])


@pytest.mark.parametrize(
    ("sort", "order"), [("x", [0, 2, 4, 6, 8]), ("sample_id", [0, 1, 10, 11, 12]), ("label", [1, 3, 5, 7, 9])]
)
def test_patches_are_sorted_both_ways(view: OpenView, folder: Path, sort: str, order: list[int]) -> None:
    del folder
    numbers = [int(name.split()[0]) for name in patches(view("gallery", sort=sort))]
    assert numbers[:5] == order
    backwards = [int(name.split()[0]) for name in patches(view("gallery", sort=sort, backwards="yes"))]
    key = {"x": lambda n: -(n % 2), "sample_id": lambda n: [-ord(c) for c in f"{n} "], "label": lambda n: n % 2 == 1}
    assert backwards == sorted(range(16), key=key[sort])


@pytest.mark.parametrize("name", TITLES)
def test_data_that_cannot_be_split_can_be_looked_at(view: OpenView, name: str) -> None:
    page = view(name, split=json.dumps({"method": "patient"}))
    said = texts(page).replace("\\", "")
    assert not page.exception
    assert "has no patient ids" in page.header[0].value.replace("\\", "")
    assert len(page.error) == (name == "split")  # the form says why, too
    if name == "gallery":
        assert len(patches(page)) == 16
    if name == "audit":
        assert "Build a split first" in said
    if name == "split":
        next(control for control in page.selectbox if str(control.key).endswith(".method")).set_value("random").run()
        page = press(page, "Use this split")
        assert "patients are not kept together" in texts(page).replace("\\", "")
        assert not page.error


@pytest.mark.parametrize("name", ["overview", "gallery", "stain", "augment", "mosaic", "files"])
def test_a_torn_file_takes_no_view_down(view: OpenView, folder: Path, name: str) -> None:
    torn = next(folder.glob("0 *.png"))
    torn.write_bytes(torn.read_bytes()[:200])
    page = view(name, slide=SCRIPT)
    assert not page.exception
    assert bool(page.error) == (name == "files")  # a copy cannot be made, and it says why
    said = texts(page).replace("\\", "")
    assert "See Files for all that cannot be read." in said
    if name == "gallery":
        assert list(patches(page).values()).count("cannot be read") == 1
    if name in ("gallery", "stain", "augment"):
        assert "1 patch cannot be read" in page.warning[0].value
        page = press(page, "Go on without the broken files")
        assert not page.exception
        assert "15 of 15 patches" in texts(page)
