"""The demo goes on when its page is left within seconds, and when the server is killed."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from histo_core.demo.state import DemoState, demo_state
from histo_core.jobs.api import jobs
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace
from scripts.dashboard import served_process

pytestmark = pytest.mark.browser
MINUTE = 60_000
SETTINGS = {"HISTOSCOPE_DEMO_PATCHES": "120", "OMP_NUM_THREADS": "1"}


def test_left_by_a_click_within_three_seconds_it_ends_well(visit: Callable[[str], Page], home: Workspace) -> None:
    page = visit("/")
    page.get_by_role("button", name="Start the demo").click()
    page.wait_for_timeout(1500)
    page.get_by_role("link", name="Train", exact=True).first.click()
    page.wait_for_url("**/train")
    page.goto(page.url.replace("/train", "/"))
    expect(page.get_by_text("Train 3 networks").or_(page.get_by_text("of phantom tissue")).first).to_be_visible()
    expect(page.get_by_role("button", name="Start the demo")).to_have_count(0)
    expect(page.get_by_role("link", name="Look closer")).to_be_visible(timeout=3 * MINUTE)
    _ends_well(home)
    expect(page.get_by_text("3 models: 3 finished.")).to_be_visible()


@pytest.mark.slow
def test_a_killed_server_changes_nothing(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = Workspace(tmp_path_factory.mktemp("killed") / "home")
    with served_process(home, SETTINGS) as (address, server):
        page = browser.new_page()
        page.goto(address)
        page.get_by_role("button", name="Start the demo").click(timeout=MINUTE)
        began = time.monotonic()
        expect(page.get_by_text("of phantom tissue")).to_be_visible()
        time.sleep(max(20 - (time.monotonic() - began), 0))
        server.kill()
        _ends_well(home)
    with served_process(home, SETTINGS) as (address, _):
        page = browser.new_page()
        page.goto(address)
        expect(page.get_by_text("3 models: 3 finished.")).to_be_visible()
        expect(page.get_by_role("link", name="Look closer")).to_be_visible()


def _ends_well(home: Workspace) -> None:
    deadline = time.monotonic() + 240
    while (state := _state(home)).job.active and time.monotonic() < deadline:
        time.sleep(0.5)
    assert (state.job.state, state.job.error) == ("succeeded", "")
    assert state.finished
    assert [run.status for run in Store.open(home).runs()] == [RunStatus.SUCCEEDED] * 3
    assert len(jobs(home)) == 1


def _state(home: Workspace) -> DemoState:
    found = demo_state(Store.open(home), home)
    assert found is not None
    return found
