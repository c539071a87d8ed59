"""Names that would like to be more: no script runs, no request leaves, no link is live, no cell is a formula."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from naughty import FIRST, name_each, visit_all
from naughty_strings import ALL, COMBINED
from playwright.sync_api import Browser

from histo_core.workspace import Workspace
from scripts.dashboard import chromium

TOGETHER = 26
"""Strings that are classes of one data set; each has a column in all tables, and a curve of its own."""
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this file."""
    with chromium() as started:
        yield started


def test_each_page_takes_a_naughty_name_for_text(workspace: Workspace, tmp_path: Path, browser: Browser) -> None:
    done = visit_all(tmp_path, browser, [COMBINED], FIRST)
    assert done.findings == []
    assert done.counts["pages"] == len(FIRST)
    for kind in ("csv", "json", "zip", "html", "svg"):
        assert done.counts[f"{kind} downloads"] > 0, str(done)


@pytest.mark.soak
def test_every_naughty_string_is_text_in_every_place(workspace: Workspace, tmp_path: Path, browser: Browser) -> None:
    for number, texts in enumerate([[COMBINED], *(ALL[at : at + TOGETHER] for at in range(0, len(ALL), TOGETHER))]):
        done = visit_all(tmp_path / str(number), browser, texts)
        print(f"{len(texts)} strings as classes, patients, slides, files and values: {done}")
        assert done.findings == []


@pytest.mark.soak
def test_every_naughty_string_is_text_as_a_name(workspace: Workspace, tmp_path: Path, browser: Browser) -> None:
    named = name_each(tmp_path, browser, ALL)
    print(f"each of {len(ALL)} strings as run, tag, note, experiment, upload and address: {named}")
    assert named.findings == []
