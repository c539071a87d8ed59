"""A real Chromium on a real server. Whatever a test does, no script may fail, no alert open, no request leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from histo_core.workspace import Workspace
from scripts.dashboard import PROJECT, chromium, served

Visit = Callable[[str], Page]
SECOND = 1000
expect.set_options(timeout=60 * SECOND)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a file."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The workspace that the server of this file uses, empty at first."""
    return Workspace(tmp_path_factory.mktemp("browser") / "home")


@pytest.fixture(scope="module")
def address(home: Workspace) -> Iterator[str]:
    """The address of a server of its own, whose processes are ended with it."""
    roots = f"{home.home.parent}:{PROJECT.parent / 'shared'}"
    with served(home, HISTOSCOPE_DEMO_PATCHES="120", HISTOSCOPE_DATA_ROOTS=roots, OMP_NUM_THREADS="1") as url:
        yield url


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """Open a path of the dashboard in a fresh context, and check at the end that nothing untoward happened."""
    untoward: list[str] = []
    pictures: list[str] = []
    context = browser.new_context(viewport={"width": 1440, "height": 1000})

    def on_console(message: ConsoleMessage) -> None:
        url = message.location["url"]
        if message.type != "error":
            return
        if url.startswith(f"{address}/media/"):
            pictures.append(url)
        else:
            untoward.append(f"console: {message.text} {url}")

    def visited(path: str) -> Page:
        page = context.new_page()
        page.set_default_timeout(60 * SECOND)
        page.on("console", on_console)
        page.on("pageerror", lambda error: untoward.append(f"script: {error}"))
        page.on("dialog", lambda dialog: (untoward.append(f"alert: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: _inside(request.url, address) or untoward.append(f"outside: {request.url}"))
        page.goto(address + path)
        page.get_by_text("Not a medical device").wait_for()
        return page

    yield visited
    # A picture that a rerun replaced may be asked for once more and be gone; none that is shown may be missing.
    shown = [image.get_attribute("src") or "" for page in context.pages for image in page.locator("img").all()]
    untoward += [f"missing: {url}" for url in pictures if any(source and url.endswith(source) for source in shown)]
    context.close()
    assert untoward == []


@pytest.fixture
def kpcam(shared_data: Path) -> Path:
    """Real patches."""
    return shared_data / "kpcam"


def _inside(url: str, address: str) -> bool:
    return url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))
