"""Choosing a folder from a list, and the data set that it is taken for."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_helpers import OpenPage, texts
from streamlit.testing.v1 import AppTest
from wiring import control, has

from histo_core.config import DataConfig
from histo_core.workspace import Workspace
from pages.shared.components.text import plain

ID = "f38a6374c348f90b587e046aac6079959adf3835"


def _form(text: str) -> None:
    import streamlit as st

    from histo_core.config import DataConfig
    from pages.shared.components import data_choice

    st.session_state["chosen"] = data_choice.form(DataConfig.model_validate_json(text), prefix="form").model_dump()


def _open(data: DataConfig) -> AppTest:
    form = AppTest.from_function(_form, args=(data.model_dump_json(),), default_timeout=60).run()
    assert not form.exception
    return form


def press(form: AppTest, label: str) -> AppTest:
    """Click the only button with a label."""
    (button,) = [one for one in form.button if one.label == label]
    button.click().run()
    assert not form.exception
    return form


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.fixture
def data(tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Kaggle's files, class folders, and a folder that is none, in the only allowed root beside the workspace."""
    monkeypatch.setenv("HISTOSCOPE_DATA_ROOTS", str(tmp_path / "data"))
    workspace.home.mkdir()
    touch(
        tmp_path / "data", "kaggle/train_labels.csv", f"kaggle/train/{ID}.tif", "mine/Cancer/1.png", "mine/well/2.png"
    )
    return touch(tmp_path / "data", "notes/read.txt")


def test_a_folder_is_chosen_without_typing(data: Path) -> None:
    form = press(_open(DataConfig()), "Browse folders")
    assert [one.label for one in form.button if ".folder." in str(one.key)] == [
        plain(data.parent / "home"), plain(data),
    ]  # fmt: skip
    control(form, "folder.1").click().run()
    assert [one.label for one in form.button if ".folder." in str(one.key)] == ["kaggle", "mine", "notes"]
    press(form, "kaggle")
    assert "This looks like Kaggle PCam" in texts(form)
    assert "train_labels" in texts(form).replace("\\", "")
    press(form, "Use as Kaggle PCam")
    assert form.session_state["chosen"] == DataConfig(dataset="kpcam", root=str(data / "kaggle")).model_dump()
    assert not has(form, "form.folders.up"), "the list has closed"
    assert next(one for one in form.text_input if one.label == "Folder").value == str(data / "kaggle")


def test_options_that_a_folder_needs_are_filled_in(data: Path) -> None:
    form = _open(DataConfig(dataset="folder", root=str(data / "mine")))
    assert form.session_state["chosen"]["options"] == {}
    press(form, "Use as Class folders")
    assert form.session_state["chosen"]["options"] == {"positive": "Cancer"}
    assert not [one for one in form.button if one.label.startswith("Use as")], "it is what it looks like"


def test_a_typed_folder_is_recognised_as_another_kind(data: Path) -> None:
    form = _open(DataConfig(dataset="idc", root=str(data / "kaggle")))
    assert "This looks like Kaggle PCam" in form.info[0].value
    press(form, "Use as Kaggle PCam")
    assert form.session_state["chosen"]["dataset"] == "kpcam"
    assert not form.info


def test_what_is_missing_is_said_before_it_is_opened(data: Path) -> None:
    (data / "kaggle" / "train_labels.csv").unlink()
    form = _open(DataConfig(dataset="kpcam", root=str(data / "kaggle")))
    assert plain("Missing: train_labels.csv") in texts(form)


def test_the_folders_below_are_offered(data: Path) -> None:
    form = _open(DataConfig(dataset="folder", root=str(data)))
    assert {one.label for one in form.button if one.label.startswith("Use ")} == {
        "Use kaggle as Kaggle PCam", "Use mine as Class folders",
    }  # fmt: skip
    press(form, "Use kaggle as Kaggle PCam")
    assert form.session_state["chosen"]["root"] == str(data / "kaggle")


def test_a_folder_that_nothing_fits_can_be_used_all_the_same(data: Path) -> None:
    form = press(_open(DataConfig(dataset="manifest", root=str(data / "notes"))), "Browse folders")
    assert "No known data set lies like this" in texts(form)
    press(form, "Use this folder")
    assert form.session_state["chosen"] == DataConfig(dataset="manifest", root=str(data / "notes")).model_dump()


def test_browsing_goes_up_to_the_allowed_roots_and_no_further(data: Path) -> None:
    form = press(_open(DataConfig(dataset="folder", root=str(data / "mine" / "gone" / "further"))), "Browse folders")
    assert str(form.session_state["form.folders.place"]) == str(data / "mine")
    press(form, "Up")
    press(form, "Up")
    assert form.session_state["form.folders.place"] == ""
    assert not [one for one in form.button if one.label == "Up"]


def test_a_place_outside_the_roots_is_refused_in_words(data: Path) -> None:
    form = press(_open(DataConfig()), "Browse folders")
    form.session_state["form.folders.place"] = "/etc"
    form.run()
    assert "outside the folders that may be read" in form.error[0].value
    press(form, "Back to the allowed folders")
    assert not form.error


def test_links_are_counted_and_not_listed(data: Path) -> None:
    (data / "link").symlink_to("/etc")
    form = press(_open(DataConfig(dataset="folder", root=str(data))), "Browse folders")
    assert [one.label for one in form.button if ".folder." in str(one.key)] == ["kaggle", "mine", "notes"]
    assert "1 link is not followed" in texts(form)


def test_many_folders_are_searched_by_name(data: Path) -> None:
    touch(data, *(f"many/p{number:03d}/x.txt" for number in range(300)))
    form = press(_open(DataConfig(dataset="folder", root=str(data / "many"))), "Browse folders")
    assert len([one for one in form.button if ".folder." in str(one.key)]) == 200
    assert "The first 200 of 300 folders" in texts(form)
    control(form, "folders.find").set_value("P29").run()
    assert [one.label for one in form.button if ".folder." in str(one.key)] == [f"p29{number}" for number in range(10)]


@pytest.mark.parametrize("name", ["**bold** <script>", "line\nbreak", "$(rm) [x](y)"])
def test_names_of_folders_are_text(name: str, data: Path) -> None:
    touch(data, f"{name}/a/1.png", f"{name}/b/2.png")
    form = press(_open(DataConfig(dataset="folder", root=str(data))), "Browse folders")
    number = [one.name for one in sorted(data.iterdir())].index(name)
    control(form, f"folder.{number}").click().run()
    press(form, "Use as Class folders")
    assert form.session_state["chosen"]["root"] == str(data / name)


def test_the_data_page_opens_what_was_taken(data: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[DataConfig] = []
    monkeypatch.setattr("pages.shared.components.data_choice.opened_or_job", lambda data, _: opened.append(data))
    page = press(open_page("data"), "Browse folders")
    control(page, "folder.1").click().run()
    press(page, "kaggle")
    press(page, "Use as Kaggle PCam")
    press(page, "Open and check")
    assert opened[-1] == DataConfig(dataset="kpcam", root=str(data / "kaggle"))
    assert page.query_params["dataset"] == "kpcam"
