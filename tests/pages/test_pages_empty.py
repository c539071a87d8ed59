"""Each page on an empty workspace: what would be here, and the button that makes it so."""

from __future__ import annotations

import subprocess
import sys

import pytest
from page_helpers import PROJECT, OpenPage, texts
from streamlit.elements.lib.file_uploader_utils import enforce_filename_restriction

from histo_core.workspace import Workspace

FOOTER = "For research and teaching. Not a medical device."


@pytest.mark.parametrize("name", ["home", "data", "train", "experiments", "compare", "explain"])
def test_a_page_opens_with_its_title_and_the_footer(name: str, workspace: Workspace, open_page: OpenPage) -> None:
    del workspace
    page = open_page(name)
    assert not page.exception
    assert not page.error
    assert [title.value for title in page.title] == [name.capitalize()]
    assert texts(page).count(FOOTER) == 1


def test_home_does_not_wait_for_pytorch() -> None:
    look = "import sys, pages.home.page; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], cwd=PROJECT, check=False).returncode == 0


def test_home_offers_the_demo_and_data(workspace: Workspace, open_page: OpenPage) -> None:
    del workspace
    assert [button.label for button in open_page("home").button] == ["Start the demo", "Add data"]


@pytest.mark.parametrize("name", ["compare", "explain"])
def test_a_page_without_models_leads_to_training(name: str, workspace: Workspace, open_page: OpenPage) -> None:
    del workspace
    assert [link.label for link in open_page(name).get("page_link")] == ["Train a model"]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"dataset": "nonsense"}, "Unknown data set"),
        ({"dataset": "kpcam"}, "needs a folder"),
        ({"dataset": "kpcam", "root": "/etc"}, "outside the folders that may be read"),
        ({"dataset": "phantom", "options": "{"}, "cannot be read"),
        ({"dataset": "phantom", "options": '{"patches": -1}'}, "patches \\= \\-1"),
        ({"dataset": "phantom", "split": '{"valid": 0.9}'}, "something to train on"),
    ],
)
def test_a_wrong_link_gets_a_sentence(
    params: dict[str, str], said: str, workspace: Workspace, open_page: OpenPage
) -> None:
    page = open_page("data", **params)
    assert not page.exception
    assert [said.replace("\\", "") in error.value.replace("\\", "") for error in page.error] == [True]
    assert not (workspace.logs / "dashboard.log").exists()


@pytest.mark.parametrize("name", ["a\0.png", "a.exe"])
def test_an_upload_that_streamlit_refuses_by_its_name_is_told_so(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("pages.shared.cache.cache.store", lambda *_, **__: enforce_filename_restriction(name, [".png"]))
    page = open_page("home")
    assert "The file was not taken" in page.error[0].value
    assert not (workspace.logs / "dashboard.log").exists()


def test_an_unexpected_error_shows_a_reference_and_no_traceback(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("pages.shared.cache.cache.store", fail)
    page = open_page("home")
    assert not page.exception
    said = page.error[0].value
    assert "secret detail" not in said
    reference = said.split("`")[1]
    log = (workspace.logs / "dashboard.log").read_text()
    assert reference in log
    assert "ZeroDivisionError: secret detail" in log
