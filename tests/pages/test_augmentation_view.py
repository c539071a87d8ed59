"""The preview of augmentation: a preset, what a visitor makes of it, and what is said about both."""

from __future__ import annotations

from pathlib import Path

import pytest
from image_folders import image_folders
from page_helpers import OpenPage, texts
from streamlit.testing.v1 import AppTest

from histo_core.config import AugmentConfig
from histo_core.data.transforms.augment.presets import PRESETS
from histo_core.workspace import Workspace


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(image_folders(tmp_path / "mine", {"normal": 4, "tumour": 4}, (16, 16)))


def said(page: AppTest) -> str:
    assert not page.exception
    assert not page.error
    return texts(page).replace("\\", "")


def test_a_preset_says_what_it_changes_and_can_be_made_another(
    workspace: Workspace, open_page: OpenPage, folder: str
) -> None:
    del workspace
    page = open_page("data", dataset="folder", root=folder, view="augment", preset="uts_neuroblastoma")
    assert "Flip directions: left right; Rotation: 50.0; Shift: 0.1; Padding: nearest" in said(page)
    controls = {element.key for element in (*page.number_input, *page.checkbox, *page.selectbox)}
    assert {f"explore.augment.uts_neuroblastoma.{name}" for name in AugmentConfig.model_fields} <= controls
    page.number_input(key="explore.augment.uts_neuroblastoma.stain").set_value(0.2).run()
    changed = said(page)
    assert "is ours, changed. " in changed
    assert "Stain jitter: 0.2" in changed


@pytest.mark.parametrize("name", ["none", "pcam_gcnn_scratch"])
def test_presets_open_from_the_link(workspace: Workspace, open_page: OpenPage, folder: str, name: str) -> None:
    del workspace
    words = said(open_page("data", dataset="folder", root=folder, view="augment", preset=name))
    assert ("Nothing changes" in words) == (PRESETS[name] == PRESETS["none"])
    assert ("Dropped pixels: 0.2" in words) == (name == "pcam_gcnn_scratch")
