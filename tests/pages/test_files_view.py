"""The Files view: broken files are named and can be left out; a copy's size is said before it is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from image_folders import image_folders
from page_helpers import texts
from streamlit.testing.v1 import AppTest

from histo_core.config import DataConfig
from histo_core.data.integrity import stored_or_new_check
from histo_core.data.opening import open_dataset
from histo_core.data.storage.converted import convert
from histo_core.workspace import Workspace
from pages.shared.cache import cache

HOSTILE = "<b>x<b> *y* $z$.png"


def _view() -> None:
    from histo_core.data.splits.make_split import make_split
    from histo_core.errors import BrokenFilesError
    from pages.data import files_view
    from pages.shared.app.session import current_session
    from pages.shared.components import data_choice

    data, division = data_choice.from_url()
    try:
        source = data_choice.opened(data, current_session().workspace)
    except BrokenFilesError as error:
        files_view.broken(error, data)
    else:
        files_view.draw(source, make_split(source, division), data, division)


@pytest.fixture
def root(workspace: Workspace, tmp_path: Path) -> Path:
    """Two classes of eight images of 32 x 32 pixels."""
    del workspace
    return image_folders(tmp_path / "images", {"normal": 8, "tumour": 8})


def _open(root: Path) -> AppTest:
    page = AppTest.from_function(_view, default_timeout=60)
    page.query_params["dataset"] = "folder"
    page.query_params["root"] = str(root)
    page.run()
    assert not page.exception
    return page


def _labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def _press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


def test_the_view_offers_a_check_a_copy_and_an_export(root: Path, started: list) -> None:
    page = _open(root)
    assert not page.error
    said = texts(page).replace("\\", "")
    assert "into a file of under 0.1 MB" in said  # 16 x 32 x 32 x 3 bytes
    assert "Decodes each of 16 patches once" in said
    for label, kind in (("Check all files", "check"), ("Make a faster copy", "convert"), ("Export", "export")):
        page = _press(page, label)
        assert started[-1][0] == kind
        assert started[-1][1]["data"]["root"] == str(root)
    assert started[-1][1]["layout"] == "folders"


def test_a_check_names_what_is_broken_and_the_rest_goes_on(root: Path, workspace: Workspace) -> None:
    (root / "normal" / HOSTILE).write_bytes(b"")
    stored_or_new_check(open_dataset(DataConfig(dataset="folder", root=str(root)), workspace), workspace)
    page = _open(root)
    said = texts(page).replace("\\", "")
    assert "1 of 17 patches cannot be read" in said
    table = next(table.value for table in page.dataframe if "where" in table.value)
    assert list(table["where"]) == [f"normal/{HOSTILE}"]
    page = _press(page, "Go on without the broken files")
    assert page.query_params["broken"] == ["skip"] or page.query_params["broken"] == "skip"
    assert not page.exception
    assert not page.error
    said = texts(page).replace("\\", "")
    assert "All 16 patches can be read; they are all of one size." in said
    assert "Go on without the broken files" not in _labels(page)


def test_data_that_cannot_be_opened_are_listed_with_the_way_on(root: Path) -> None:
    (root / "empty <i>class").mkdir()
    page = _open(root)
    table = next(table.value for table in page.dataframe if "where" in table.value)
    assert list(table["where"]) == ["empty <i>class"]
    assert "Go on without the broken files" in _labels(page)
    page = _press(page, "Go on without the broken files")
    assert not page.exception
    assert not page.error
    assert "All 16 patches can be read" in texts(page)


def test_a_copy_that_is_in_use_is_not_offered_again(root: Path, workspace: Workspace) -> None:
    convert(open_dataset(DataConfig(dataset="folder", root=str(root)), workspace), workspace)
    page = _open(root)
    assert "read from a converted copy" in texts(page)
    assert "Make a faster copy" not in _labels(page)


def test_the_target_of_an_export_must_lie_under_an_allowed_folder(root: Path) -> None:
    page = _open(root)
    next(
        control for control in page.text_input if control.label == "Folder" and "export" in str(control.key)
    ).set_value("/etc/out").run()
    page = _press(page, "Export")
    assert not page.exception
    assert "outside the folders that may be read" in page.error[0].value.replace("\\", "")


def test_what_is_not_read_is_counted_and_named_as_text(root: Path) -> None:
    for name in ("<b>x<b> *y*.txt", "normal/a.txt", "normal/Thumbs.db", "deep.zip"):
        (root / name).write_bytes(b"")
    page = _open(root)
    assert "3 files in the folder are not used" in texts(page).replace("\\", "")
    table = next(table.value for table in page.dataframe if "names" in table.value)
    assert table.to_dict("list") == {
        "kind": [".txt files", ".zip files"],
        "count": [2, 1],
        "names": ["<b>x<b> *y*.txt, normal/a.txt", "deep.zip"],
    }
    for name in ("<b>x<b> *y*.txt", "normal/a.txt", "deep.zip"):
        (root / name).unlink()
    cache.forget_data()  # as opening the data again does
    assert "not used" not in texts(_open(root))


def test_the_data_page_says_at_once_that_something_is_not_read(root: Path, open_page) -> None:
    (root / "notes.txt").write_bytes(b"")
    page = open_page("data", dataset="folder", root=str(root))
    assert "1 file in the folder is not used; see Files." in texts(page).replace("\\", "")
