"""The Train page starts from what fits the user's own data, says why, and stays there after a launch."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from image_folders import image_folders
from page_helpers import OpenPage, newest, press, texts
from wiring import control, tried

from histo_core.recommendation import api
from histo_core.workspace import Workspace


def patches(root: Path, each: int) -> Path:
    return image_folders(root, {"benign": each, "malignant": each}, (40, 64), first=(14, 40))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return patches(tmp_path / "patches", 30)


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []
    monkeypatch.setattr("pages.train.run_launch.launch_many", lambda configs, *_, **__: calls.extend(configs) or [])
    return calls


def test_untouched_the_recommended_run_is_launched_and_the_form_stays(
    workspace: Workspace, folder: Path, open_page: OpenPage, launched: list[Any]
) -> None:
    page = open_page("train", dataset="folder", root=str(folder))
    said = texts(page)
    assert control(page, "Preset").value == "recommended"
    assert "**P4M\\-ResNet, 48 px, 100 epochs, less than a minute on this machine\\.**" in said
    assert "The 2 sizes from 40 x 14 to 64 x 40 px are all resized to 48 x 48 px; nothing is cut off" in said
    assert "The last averaged weights are kept" in said.replace("\\", "")
    assert "What the network sees of three training patches: 100% of each image" in said
    press(page, "Train 1 model")
    (config,) = launched
    assert (config.data.dataset, config.data.root) == ("folder", str(folder))
    assert (config.model.name, config.preprocess.resize, config.preprocess.crop) == ("p4m_resnet", 48, None)
    assert (config.train.checkpoint, config.train.epochs) == ("last", 100)
    assert control(page, "Preset").value == "recommended"
    assert linked(page, "dataset") == "folder"
    assert linked(page, "root") == str(folder)


def test_less_time_is_another_recommendation(
    workspace: Workspace, folder: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    real = api.recommend_run
    monkeypatch.setattr(
        api,
        "recommend_run",
        lambda *given, minutes, **more: asked.append(minutes) or real(*given, minutes=minutes, **more),
    )
    page = open_page("train", dataset="folder", root=str(folder))
    tried(page, {"url.minutes": 5})
    assert asked == [30, 5]
    assert linked(page, "minutes") == "5"


def test_data_that_are_chosen_in_the_form_get_their_recommendation(
    workspace: Workspace, folder: Path, open_page: OpenPage
) -> None:
    page = open_page("train")
    assert control(page, "Preset").value == "demo"
    tried(page, {"train.demo.None.dataset": "folder"})
    tried(page, {"train.demo.None.root": str(folder)})
    assert control(page, "Preset").value == "recommended"
    assert linked(page, "root") == str(folder)


def test_too_few_patches_bar_the_way_in_words_and_the_data_can_be_changed(
    workspace: Workspace, tmp_path: Path, folder: Path, open_page: OpenPage
) -> None:
    few = patches(tmp_path / "few", 5)
    page = open_page("train", dataset="folder", root=str(few))
    (error,) = [one.value for one in page.error]
    assert error.startswith("Five patches a class are too few to train and test a network")
    assert "apply a model that was trained on more data" in error
    assert not _to_predict(page), "there is no model yet"
    assert not [button for button in page.button if button.label.startswith("Train ")]
    root = next(one for one in page.text_input if one.label == "Folder")
    root.set_value(str(folder)).run()
    assert not page.error
    assert [button for button in page.button if button.label == "Train 1 model"]


def test_too_few_patches_lead_to_a_model_that_was_trained_on_other_data(
    finished: Workspace, tmp_path: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HISTOSCOPE_DATA_ROOTS", str(tmp_path))
    few = patches(tmp_path / "few", 5)
    page = open_page("train", dataset="folder", root=str(few))
    (link,) = _to_predict(page)
    asked = parse_qs(link.proto.query_string)
    assert (asked["run"], asked["root"]) == ([newest(finished).run_id], [str(few)])


def _to_predict(page: Any) -> list[Any]:
    return [one for one in page.get("page_link") if one.label.startswith("Predict them with")]


def linked(page: Any, name: str) -> str:
    """Return a parameter of the page's URL."""
    value = page.query_params[name]
    return value if isinstance(value, str) else value[0]
