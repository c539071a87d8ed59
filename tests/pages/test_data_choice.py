"""Choosing data: what the URL keeps, a folder that is not there, and a pattern that is checked as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_helpers import OpenPage, press, texts
from PIL import Image
from streamlit.testing.v1 import AppTest

from histo_core.config import DataConfig, SplitConfig
from histo_core.data.sources.alike import MEANT
from histo_core.data.sources.folder import Folder
from histo_core.workspace import Workspace
from pages.shared.components import data_choice


def _form(text: str) -> None:
    import streamlit as st

    from histo_core.config import DataConfig
    from pages.shared.components import data_choice

    chosen = data_choice.form(DataConfig.model_validate_json(text), prefix="test")
    st.session_state["chosen"] = chosen.model_dump()


def _round_trip(text: str) -> None:
    import streamlit as st

    from histo_core.config import DataConfig, SplitConfig
    from pages.shared.app import url_state
    from pages.shared.components import data_choice

    for name, value in data_choice.to_params(DataConfig.model_validate_json(text), SplitConfig(seed=3)).items():
        url_state.put(name, value)
    read = data_choice.from_url()
    assert read is not None
    st.session_state["read"] = [one.model_dump() for one in read]


def _open(data: DataConfig) -> AppTest:
    form = AppTest.from_function(_form, args=(data.model_dump_json(),), default_timeout=60).run()
    assert not form.exception
    return form


@pytest.mark.parametrize(
    "data",
    [
        DataConfig(),
        DataConfig(dataset="folder", root="/a folder", options={"patient_pattern": "(.)"}, skip_broken=True),
    ],
)
def test_the_url_keeps_the_data_and_whether_broken_files_are_left_out(data: DataConfig) -> None:
    page = AppTest.from_function(_round_trip, args=(data.model_dump_json(),)).run()
    assert not page.exception
    assert page.session_state["read"] == [data.model_dump(), SplitConfig(seed=3).model_dump()]


def test_an_untouched_form_gives_the_same_data(workspace: Workspace, tmp_path: Path) -> None:
    data = DataConfig(dataset="folder", root=str(tmp_path), options={"positive": "b"}, skip_broken=True)
    assert _open(data).session_state["chosen"] == data.model_dump()


def test_a_folder_that_is_not_there_gets_the_way_to_the_data(workspace: Workspace, tmp_path: Path) -> None:
    form = _open(DataConfig(dataset="pcam", root=str(tmp_path / "none")))
    assert "There is nothing in this folder yet" in form.warning[0].value
    assert "CC0" in texts(form)
    assert [button.label for button in form.button] == ["Browse folders", "Download"]
    assert next(control for control in form.text_input if control.label == "Download into").value.endswith("none")


def test_what_no_publisher_gives_away_is_described(workspace: Workspace, tmp_path: Path) -> None:
    form = _open(DataConfig(dataset="idc", root=str(tmp_path / "none")))
    assert "Fetch it from its source" in texts(form)
    assert [button.label for button in form.button] == ["Browse folders"]


def test_a_pattern_is_checked_on_the_first_names(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("P1_1.png", "P1_2.png", "P2_1.png", "other.png"):
        (tmp_path / "a" / name).touch()
    form = _open(DataConfig(dataset="folder", root=str(tmp_path)))
    assert not form.dataframe
    pattern = next(control for control in form.text_input if control.label == "Patient pattern")
    pattern.set_value(r"/(P\d+)_").run()
    assert not form.exception
    assert "in 3 of the first 4 names" in texts(form)
    found = form.dataframe[0].value
    assert list(found["name"]) == ["a/P1_1.png", "a/P1_2.png", "a/P2_1.png", "a/other.png"]
    assert found["patient_id"].tolist()[:3] == ["P1", "P1", "P2"]
    pattern.set_value("(").run()
    assert not form.exception
    assert "is no regular expression" in form.error[0].value


@pytest.mark.parametrize("dataset", ["folder", "neuroblastoma", "manifest"])
def test_alike_class_names_can_be_meant(workspace: Workspace, tmp_path: Path, dataset: str) -> None:
    form = _open(DataConfig(dataset=dataset, root=str(tmp_path)))
    assert "alike" not in form.session_state["chosen"]["options"]
    control = next(control for control in form.checkbox if control.label == MEANT)
    assert not control.value
    control.check().run()
    assert not form.exception
    assert form.session_state["chosen"]["options"]["alike"] is True


def test_a_folder_outside_the_roots_is_not_looked_into(workspace: Workspace) -> None:
    form = _open(DataConfig(dataset="folder", root="/etc", options={"patient_pattern": "(.)"}))
    assert not form.dataframe
    assert not form.warning
    assert "outside the folders that may be read" in form.error[0].value


def test_data_in_words() -> None:
    data = DataConfig(dataset="folder", root="/photos", options={"positive": "b"})
    assert data_choice.describe(data) == "Class folders, /photos, positive b"


@pytest.mark.parametrize("skip", [False, True])
def test_what_takes_long_is_left_to_a_job(
    workspace: Workspace, open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skip: bool
) -> None:
    asked: list[tuple[str, dict]] = []
    for module in ("data_choice", "job_card"):
        monkeypatch.setattr(
            f"pages.shared.components.{module}.start_job",
            lambda kind, params, workspace, user: asked.append((kind, params)),
        )
    monkeypatch.setattr("pages.shared.components.data_choice.PATIENCE", 0.0)
    for name in ("normal", "tumour"):
        (tmp_path / name).mkdir()
        for number in range(400):
            Image.new("RGB", (8, 8), (number % 256, number // 256, 0)).save(tmp_path / name / f"{number}.png")
    data = DataConfig(dataset="folder", root=str(tmp_path), skip_broken=skip)
    if not skip:  # as where files must be unpacked
        monkeypatch.setattr(Folder, "prepare", lambda root, options, workspace, progress: progress(1, 9))
    page = open_page("data", **{name: value for name, value in data_choice.to_params(data).items() if value})
    assert not page.exception
    assert "The data are being made ready." in texts(page).replace("\\", "")
    kind = "check" if skip else "prepare"
    assert asked == [(kind, {"data": data.model_dump(mode="json")})]
    press(page, "Make the data ready")
    assert asked[-1] == asked[0]
