"""A server that has ended is reported on the page in words, and the page connects again when there is one."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from histo_core.workspace import Workspace
from scripts.dashboard import served_process


def test_a_page_says_that_the_server_is_gone_and_connects_to_the_next_one(browser: Browser, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "home")
    page = browser.new_page(reduced_motion="reduce")
    with served_process(workspace) as (address, server):
        page.goto(f"{address}/train")
        page.get_by_role("heading", name="Train", level=1).wait_for()
        notice = page.get_by_role("alert").get_by_text("The server does not answer.")
        expect(notice).to_have_count(0)
        server.kill()
        expect(notice).to_be_visible()
        page.get_by_role("button", name="Try now").click()
        expect(page.get_by_text("No answer at")).to_be_visible()
        page.wait_for_timeout(6_000)  # in which Streamlit tries again and opens its dialog
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("heading", name="Train", level=1)).to_be_visible()
    with served_process(workspace, port=int(address.rpartition(":")[2])):
        expect(notice).to_have_count(0)
        _works(page)


def _works(page: Page) -> None:
    """Go to another page, which the server draws."""
    page.get_by_role("link", name="Predict").click()
    page.get_by_role("heading", name="Predict", level=1).wait_for()
