"""Training shows what is known of its split: nothing before the data were opened, a note, then the audit's verdict."""

from __future__ import annotations

import json

import pytest
from page_helpers import OpenPage, texts
from streamlit.testing.v1 import AppTest

from histo_core.auditing.report import make_audit
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.opening import open_dataset
from histo_core.data.phantom import dataset as drawing
from histo_core.data.splits.make_split import make_split
from histo_core.workspace import Workspace
from pages.shared.cache import cache

DATA = DataConfig(dataset="phantom", options={"patches": 64, "patients": 8})


def _page(open_page: OpenPage, **division: object) -> AppTest:
    page = open_page("train", dataset="phantom", options=json.dumps(DATA.options), split=json.dumps(division))
    assert not page.exception
    assert not page.error
    return page


def _links(page: AppTest) -> list[str]:
    return [link.label for link in page.get("page_link")]


def test_from_nothing_known_to_the_verdict(workspace: Workspace, open_page: OpenPage) -> None:
    page = _page(open_page)
    look = next(button for button in page.button if button.label == "Open the data and look")
    assert not (workspace.data).exists()  # nothing is drawn before it is asked for
    page = look.click().run()
    assert not page.exception
    source = open_dataset(DATA, workspace)
    split = make_split(source, SplitConfig())
    assert "No patient is on both sides; pixels are not compared yet." in texts(page).replace("\\", "")
    assert split.note in texts(page).replace("\\", "")
    assert "This split has not been audited: do it now" in _links(page)

    report = make_audit(source, split, workspace)
    cache._held.cache_clear()  # as after a restart of the server
    cache._states.cache_clear()
    page = _page(open_page)
    assert report.verdict in texts(page).replace("\\", "")
    assert "Read the audit" in _links(page)


def test_the_verdict_is_that_of_the_split_in_the_form(workspace: Workspace, open_page: OpenPage) -> None:
    source = open_dataset(DATA, workspace)
    make_audit(source, make_split(source, SplitConfig()), workspace)
    page = _page(open_page, method="random")
    assert "No patient" not in texts(page)
    assert "patients are not kept together" in texts(page).replace("\\", "")
    assert "This split has not been audited: do it now" in _links(page)


def test_looking_at_the_form_draws_nothing(
    workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other data were audited; these would have to be drawn first, and are not even begun."""
    other = open_dataset(DataConfig(dataset="phantom", options={"patches": 64, "patients": 6}), workspace)
    make_audit(other, make_split(other, SplitConfig()), workspace)
    monkeypatch.setattr(drawing, "render_in_order", lambda options: pytest.fail("it is drawn"))
    page = _page(open_page)
    assert any(button.label == "Open the data and look" for button in page.button)
