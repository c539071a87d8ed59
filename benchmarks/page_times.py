"""Seconds of what people do most, browser-side, beside an empty Streamlit page in the same run.

    python -m benchmarks.page_times [--patches 600] [--repeats 3]

Each is done once to fill the caches, and then three times, of which the median counts. It ends with 1 where one takes
longer than its goal; times mean something on an idle machine only.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page

from benchmarks._class_workspace import make_class_workspace
from benchmarks._watched import seconds_of
from histo_core.workspace import Workspace
from scripts.dashboard import chromium, served, served_process

GOALS = {
    "page switch": 0.3,
    "filter": 0.2,
    "threshold": 0.1,
    "tick": 0.3,
    "next patch, both maps": 0.5,
    "opacity": 0.05,
}
PAGES = ("Home", "Train", "Experiments", "Compare", "Explain", "Predict", "Data")
EMPTY = """
import streamlit as st
def one():
    st.title("One")
    st.text(st.slider("Number", 0, 100))
def two():
    st.title("Two")
st.navigation([st.Page(one, title="One", default=True), st.Page(two, title="Two")], position="top").run()
"""
PATIENCE = 120_000


def main() -> None:
    """Make the workspace, drive both servers, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patches", type=int, default=600)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="page-times-") as name, chromium() as browser:
        folder = Path(name).resolve()
        workspace = Workspace(folder / "home")
        make_class_workspace(workspace, patches=arguments.patches, models=("cnn_narrow", "cnn_rnn"))
        (folder / "empty.py").write_text(EMPTY)
        with served_process(Workspace(folder / "other"), script=str(folder / "empty.py")) as (address, _):
            empty = medians(of_empty(opened(browser, address), arguments.repeats))
        with served(workspace) as address:
            times = medians(of_dashboard(browser, address, arguments.patches, arguments.repeats))
    sys.exit(not report(times, empty))


def opened(browser: Browser, address: str, text: str = "") -> Page:
    """Open an address in a fresh window, and wait until it is at rest."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.get_by_text(text or "One").first.wait_for()
    at_rest(page)
    return page


def at_rest(page: Page) -> None:
    """Wait until no script runs, and for a moment more, in which the browser draws."""
    page.wait_for_function("document.querySelector('[data-test-script-state]').dataset.testScriptState==='notRunning'")
    page.wait_for_function("!document.querySelector('[data-testid=stSpinner], [data-testid=stSkeleton]')")
    page.wait_for_timeout(500)


Times = Iterator[tuple[str, float]]


def of_empty(page: Page, repeats: int) -> Times:
    """Yield the times of an empty page: to another one and back, and one step of a slider."""
    for _ in range(repeats + 1):
        for title in ("Two", "One"):
            yield "page switch", switch(page, title)
    for step in range(1, repeats + 2):
        at_rest(page)
        press = page.get_by_role("slider")
        yield "slider", seconds_of(page, lambda at=press: at.press("ArrowRight"), _shows("stText", str(step)))
    page.close()


def of_dashboard(browser: Browser, address: str, patches: int, repeats: int) -> Times:
    """Yield the times of each interaction, the first of each with cold caches."""
    query = {"dataset": "phantom", "options": f'{{"patches": {patches}, "patients": 24}}', "view": "gallery"}
    page = opened(browser, f"{address}/data?{urlencode(query)}", "Not a medical device")
    yield from filters(page, repeats)
    for _ in range(repeats + 1):
        for title in PAGES:
            yield "page switch", switch(page, title)
            at_rest(page)
    page.goto(f"{address}/compare")
    page.get_by_text("Not a medical device").wait_for()
    at_rest(page)
    for step in range(1, repeats + 2):
        slider = page.get_by_role("slider", name="Threshold")
        shown = f"document.body.innerText.includes('Threshold: {0.5 + step / 100:.2f}')"
        yield "threshold", seconds_of(page, lambda at=slider: at.press("ArrowRight"), shown)
        at_rest(page)
    page.goto(f"{address}/train?table=yes")
    page.get_by_role("heading", name="All runs").wait_for()
    table = page.get_by_test_id("stDataFrame").last
    table.wait_for()
    at_rest(page)
    for row in range(repeats + 1):
        place = {"x": 18.0, "y": 52.0 + 35 * row}
        shown = f"document.body.innerText.includes('Compare the ticked {row + 1}')"
        yield "tick", seconds_of(page, lambda at=place: table.click(position=at), shown)  # pyright: ignore
        at_rest(page)
    yield from explained(page, address, repeats)
    page.close()


def filters(page: Page, repeats: int) -> Times:
    """Yield the times from the choice of a class to the gallery with its patches."""
    for turn in range(repeats + 1):
        label = ("tumour", "normal")[turn % 2]
        page.get_by_role("combobox", name="Class").click()
        option = page.get_by_role("option", name=label, exact=True)
        option.wait_for()
        first = page.locator(".st-key-explore-grid button").first.get_attribute("aria-label")
        shown = f"![...{_DEEP}].some((one) => one.ariaLabel === {first!r}) && location.search.includes('class={label}')"
        yield "filter", seconds_of(page, option.click, shown)
        at_rest(page)


_DEEP = """[...document.querySelectorAll(".st-key-explore-grid *")].flatMap(
  (one) => one.shadowRoot ? [one.shadowRoot.querySelector("button")] : []).filter(Boolean)"""


def explained(page: Page, address: str, repeats: int) -> Times:
    """Yield the times of another patch with both maps, and of another opacity."""
    page.goto(f"{address}/explain?show=all")
    page.get_by_text("Not a medical device").wait_for()
    at_rest(page)
    for _ in range(repeats + 1):
        step = page.get_by_role("button", name=re.compile("^Next"))
        here = page.get_by_text(re.compile(r"^[\d,]+ of [\d,]+ patches")).last.inner_text()
        shown = f"!document.body.innerText.includes({here!r})"
        yield "next patch, both maps", seconds_of(page, step.click, shown, pictures=True)
        at_rest(page)
    for _ in range(repeats + 1):
        slider = page.get_by_role("slider", name=re.compile("Opacity|Strength")).first
        yield "opacity", seconds_of(page, lambda at=slider: at.press("ArrowRight"), "true", pictures=True)
        at_rest(page)


def switch(page: Page, title: str) -> float:
    """Go to a page by the navigation; return the seconds until it is drawn."""
    link = page.get_by_role("navigation", name="App pages").get_by_role("link", name=title)
    return seconds_of(page, link.click, f"document.querySelector('h1')?.innerText.trim() === {title!r}")


def _shows(kind: str, text: str) -> str:
    return f"document.querySelector('[data-testid={kind}]')?.innerText.trim() === {text!r}"


def medians(times: Times) -> dict[str, tuple[float, float]]:
    """Return by name the first time and the median of the others."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for name, seconds in times:
        found[name].append(seconds)
        print(f"  {name}: {seconds:.3f} s", flush=True)
    warm = {name: len(values) // 4 or 1 for name, values in found.items()}
    return {name: (values[0], median(values[warm[name] :])) for name, values in found.items()}


def report(times: dict[str, tuple[float, float]], empty: dict[str, tuple[float, float]]) -> bool:
    """Print a line for each interaction; whether all are as quick as their goals."""
    print(f"{'interaction':<24}{'first':>9}{'median':>9}{'goal':>8}")
    for name, (first, later) in times.items():
        late = "" if later <= GOALS[name] else "   TOO SLOW"
        print(f"{name:<24}{first:8.3f}s{later:8.3f}s{GOALS[name]:7.2f}s{late}")
    for name, (first, later) in empty.items():
        print(f"{'empty page: ' + name:<24}{first:8.3f}s{later:8.3f}s")
    return all(later <= GOALS[name] for name, (_, later) in times.items())


if __name__ == "__main__":
    main()
