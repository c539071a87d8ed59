"""What is typed into Train's form outlives a reload, another page, a launch and a killed server; notices of endings."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from browser_helpers import enter
from playwright.sync_api import Browser, Page, expect

from histo_core.config import RunConfig
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.workspace import Workspace
from scripts.dashboard import served_process

pytestmark = pytest.mark.browser
SETTINGS = {"HISTOSCOPE_DEMO_PATCHES": "120", "OMP_NUM_THREADS": "1"}
TYPED = {"Epochs": "1", "Batch size": "24", "Weight decay": "0.02"}
MINUTE = 60_000


def _check(page: Page) -> None:
    for label, text in TYPED.items():
        expect(page.get_by_label(label, exact=True)).to_have_value(text, timeout=3 * MINUTE)


def _check_undone(page: Page) -> None:
    expect(page.get_by_text("Changed against the preset")).to_have_count(0, timeout=3 * MINUTE)
    field = page.get_by_label("Weight decay", exact=True)
    expect(field).to_have_count(1)  # the old field stays for a moment
    expect(field).to_have_value("0")


def _go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()
    page.wait_for_url(re.compile(f"/{name.lower()}"))
    page.get_by_text("Not a medical device").wait_for()


def test_what_is_typed_stays(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = Workspace(tmp_path_factory.mktemp("draft") / "home")
    with served_process(home, SETTINGS) as (address, server):
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(MINUTE)
        page.goto(f"{address}/train")
        page.get_by_text("Not a medical device").wait_for(timeout=4 * MINUTE)  # the first page loads PyTorch
        for label, text in TYPED.items():
            enter(page, label, text)
            expect(page.get_by_text(re.compile(f"^{label}: .* → {text}$"))).to_be_visible(timeout=MINUTE)
        label = page.locator("label", has_text="Epochs").first
        mark = "element => getComputedStyle(element, '::after').content"
        expect(label).to_be_visible()
        assert label.evaluate(mark) == '"changed"'
        page.reload()
        _check(page)
        expect(page.get_by_text("As you left it")).to_be_visible()
        _go(page, "Data")
        _go(page, "Train")
        _check(page)
        page.get_by_role("button", name="Train 3 models").click()
        expect(page).to_have_url(re.compile("watch="), timeout=5 * MINUTE)
        _check(page)
        assert {run.config.train.weight_decay for run in Store.open(home).runs()} == {0.02}
        assert len(Store.open(home).runs()) == 3
        _go(page, "Data")
        server.kill()
        server.wait()
        page.close()
    with served_process(home, SETTINGS) as (address, _):
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.goto(f"{address}/data")
        page.set_default_timeout(2 * MINUTE)
        page.get_by_text("Not a medical device").wait_for()
        _go(page, "Train")
        _check(page)
        page.get_by_role("button", name="Back to the preset").click()
        _check_undone(page)
        page.reload()
        _check_undone(page)
        page.close()


RECORD = """
  window.told = [];
  const Real = window.Notification;
  window.Notification = class extends Real {
    constructor(title, options) { super(title, options); window.told.push(options.body); }
  };
"""


def _end_a_run(home: Workspace, name: str) -> None:
    """Queue and finish a run of which only the row exists."""
    store, me = Store.open(home), ProcessIdentity.current()
    config = RunConfig(seed=len(store.runs()))
    run = store.enqueue(config, data_hash="d" * 64, split_fingerprint="f" * 64, device="cpu", name=name)
    store.claim(run.run_id, me)
    assert store.finish(run.run_id, me, RunStatus.SUCCEEDED)


@pytest.mark.slow
def test_a_browser_that_wants_it_is_told_when_a_run_ends(
    visit: Callable[[str], Page], home: Workspace, address: str
) -> None:
    _end_a_run(home, "Long ago")
    page = visit("/data")
    page.context.grant_permissions(["notifications"], origin=address)
    page.add_init_script(RECORD)
    page.reload()
    wish = page.get_by_label("Notify me in this browser when a run or an experiment ends")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/ended" in request.url else None)
    page.wait_for_timeout(6000)
    assert asked == [], "a browser that does not want it asks nothing"
    with page.expect_response(re.compile("/ended")):
        wish.check()
    _end_a_run(home, "<b>Bold</b> run")
    page.wait_for_function("window.told.length === 1", timeout=MINUTE)
    assert page.evaluate("window.told") == ["<b>Bold</b> run has finished."]
    expect(page.get_by_text("<b>Bold</b> run has finished.")).to_be_visible()
    _go(page, "Train")
    page.wait_for_timeout(6000)
    assert page.evaluate("window.told.length") == 1, "told once"
    page.reload()
    expect(wish).to_be_checked()
    began = datetime.now(UTC)
    asked.clear()
    page.wait_for_timeout(11_000)
    assert len(asked) <= (datetime.now(UTC) - began).total_seconds() / 5 + 2
    wish.uncheck()


def test_without_permission_the_title_counts(visit: Callable[[str], Page], home: Workspace) -> None:
    page = visit("/data")
    page.add_init_script("Object.defineProperty(Notification, 'permission', { get: () => 'denied' })")
    page.reload()
    with page.expect_response(re.compile("/ended")):
        page.get_by_label("Notify me in this browser when a run or an experiment ends").check()
    expect(page.get_by_text("This browser shows no notices here")).to_be_visible()
    _end_a_run(home, "Counted")
    expect(page).to_have_title(re.compile(r"^\(1\) "), timeout=MINUTE)
    page.mouse.click(5, 500)
    expect(page).not_to_have_title(re.compile(r"^\(1\) "))
