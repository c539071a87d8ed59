"""Visit pages in Chromium, open what they offer for download, and write down whatever a name has brought about."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from naughty_strings import HOST
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Download, Locator, Page, Route
from playwright.sync_api import TimeoutError as TooLong

from histo_core.shown_text import showable

SECOND = 1000
BUSY = "[data-testid=stStatusWidget], [data-testid=stSpinner], [data-testid=stSkeleton]"
FAILED = "Something went wrong that should not have"
_PLAIN_NAME = re.compile(r"[\w.-]+")
_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_COUNT_SCRIPTS = "window.ran = 0; window.naughty = () => { window.ran += 1; };"
# Shadow roots are looked into as well: the components for patches and for pictures of charts draw in them.
_LOOK = """() => {
  const roots = [document];
  for (const root of roots)
    for (const element of root.querySelectorAll("*")) if (element.shadowRoot) roots.push(element.shadowRoot);
  const all = (what) => roots.flatMap((root) => [...root.querySelectorAll(what)]);
  const found = [];
  for (const element of all("[href], [src], [srcset], [action], [formaction], [data-src]"))
    for (const name of ["href", "xlink:href", "src", "srcset", "action", "formaction", "data-src"]) {
      const value = element.getAttribute(name) ?? "";
      const ours = element.tagName === "A" && /^(compare|data|experiments|explain|predict|train)\\?[^#]*$/.test(value);
      const place = ours ? value.split("?")[0] : value;  // what a link to a page of ours selects is a text
      if (/^\\s*(javascript|vbscript|mailto|data:text)/i.test(value) || place.toLowerCase().includes("HOST"))
        found.push(`live ${element.tagName} ${name}: ${value}`);
    }
  for (const element of all("*"))
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on")) found.push(`handler ${element.tagName} ${name}`);
      if (name === "style" && value.toLowerCase().includes("HOST")) found.push(`style ${value}`);
    }
  const text = "[data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]";
  for (const box of all(text).filter((box) => !box.querySelector("h1, h2, h3")))
    if (box.querySelector("img, svg, iframe, .katex, table, [style*=foreground]"))
      found.push(`markup: ${box.innerHTML.slice(0, 200)}`);
  return { found, ran: window.ran, text: document.body.innerText };
}""".replace("HOST", HOST)


@dataclass
class Visits:
    """What was done and what was found.

    Attributes:
        counts: how many pages, texts, menus and downloads by kind were opened.
        findings: scripts that ran, requests that left, links that are live, errors; empty is right.
    """

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        done = ", ".join(f"{number:,} {what}" for what, number in self.counts.items())
        return f"{done}: {len(self.findings)} findings" + "".join(f"\n  {one}" for one in self.findings)


@contextmanager
def visitor(browser: Browser, address: str, visits: Visits) -> Iterator[Callable[[str, str], Page]]:
    """A context that lets no request out of this machine; what it gives opens a path, and looks at it, by a name.

    Args:
        browser: Chromium.
        address: of the server.
        visits: takes what was done and found.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    _guard(context, address, visits)
    page = context.new_page()
    page.set_default_timeout(180 * SECOND)

    def visit(name: str, path: str) -> Page:
        page.goto(address + path)
        page.get_by_text("Not a medical device").wait_for()
        settle(page)
        visits.counts["pages"] += 1
        look(page, name, visits)
        return page

    yield visit
    context.close()


def _guard(context: BrowserContext, address: str, visits: Visits) -> None:
    """Count and refuse every request elsewhere, and every dialog."""

    def decide(route: Route) -> None:
        if route.request.url.startswith((address, "file:", "data:", "blob:")):
            route.continue_()
        else:
            visits.findings.append(f"outside request: {route.request.url}")
            route.abort()

    def watch(page: Page) -> None:
        page.on("dialog", lambda dialog: (visits.findings.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: visits.findings.append(f"script error: {error}"))

    context.route("**/*", decide)
    context.add_init_script(_COUNT_SCRIPTS)
    context.on("page", watch)


def settle(page: Page) -> None:
    """Wait until nothing is being drawn."""
    quiet = 0
    for _ in range(1800):
        quiet = 0 if page.locator(BUSY).count() else quiet + 1
        if quiet >= 2:
            return
        page.wait_for_timeout(100)
    raise TooLong("the page did not come to rest in 180 s")


def look(page: Page, name: str, visits: Visits) -> str:
    """Write down what on a page is more than text; the text."""
    seen = page.evaluate(_LOOK)
    visits.findings += [f"{name}: {one}" for one in seen["found"]]
    if seen["ran"]:
        visits.findings.append(f"{name}: {seen['ran']} scripts ran")
    if FAILED in seen["text"]:
        visits.findings.append(f"{name}: the page failed")
    return seen["text"].replace("\u2060", "")


def open_menus(page: Page, name: str, visits: Visits) -> None:
    """Open each select box, and point at each question mark."""
    for box in page.get_by_role("combobox").all():
        if _reachable(box) and box.is_enabled():
            box.click()
            page.wait_for_timeout(50)
            look(page, f"{name}, a menu", visits)
            page.keyboard.press("Escape")
            visits.counts["menus"] += 1
    for mark in page.get_by_test_id("stTooltipHoverTarget").all():
        if _reachable(mark):
            mark.hover(force=True)  # a table may lie over it
            page.wait_for_timeout(50)
            look(page, f"{name}, a tooltip", visits)
            visits.counts["tooltips"] += 1


def _reachable(element: Locator) -> bool:
    """Whether it is seen and no dialog lies over the page that it is on."""
    return element.is_visible() and not element.evaluate("element => element.closest('[inert]') !== null")


def expect_text(page: Page, name: str, texts: Sequence[str], visits: Visits) -> None:
    """Each text has to stand on a page letter by letter."""
    shown = _letters(look(page, name, visits))
    visits.findings += [
        f"{name}: not shown letter by letter: {text!r}" for text in texts if _letters(text) not in shown
    ]
    visits.counts["texts found letter by letter"] += len(texts)


def _letters(text: str) -> str:
    return " ".join(showable(text).split())


def open_downloads(page: Page, name: str, visits: Visits, folder: Path) -> None:
    """Take each download of a page and open it, and each chart as SVG."""
    buttons = page.get_by_test_id("stDownloadButton").get_by_role("button")
    for button in [*buttons.all(), *page.get_by_role("button", name="Download as SVG").all()]:
        if _reachable(button) and button.is_enabled():
            with page.expect_download() as taken:
                button.click()
            _open(taken.value, name, visits, folder)


def upload(page: Page, file_name: str, visits: Visits) -> None:
    """Give the page of uploads a picture of some name."""
    content = io.BytesIO()
    Image.new("RGB", (32, 32), (200, 150, 180)).save(content, "PNG")
    settle(page)  # a file that is given to a page which is still being drawn can be lost
    page.locator("input[type=file]").set_input_files(
        {"name": file_name, "mimeType": "image/png", "buffer": content.getvalue()}
    )
    refused = page.get_by_text("The file was not taken")
    page.get_by_text("How this was made").first.or_(refused).wait_for()
    settle(page)
    visits.counts["uploads refused" if refused.count() else "uploads"] += 1
    look(page, f"upload {file_name!r}", visits)


def _open(download: Download, name: str, visits: Visits, folder: Path) -> None:
    file = download.suggested_filename
    path = folder / f"{visits.counts.total()}-{file[-80:]}"
    download.save_as(path)
    if not _PLAIN_NAME.fullmatch(file):
        visits.findings.append(f"{name}: a download is named {file!r}")
    _check(file, path.read_bytes(), f"{name}, {file}", visits, folder)


def _check(file: str, content: bytes, where: str, visits: Visits, folder: Path) -> None:
    """Open one file as its reader would."""
    kind = file.rpartition(".")[2].lower()
    visits.counts[f"{kind} downloads"] += 1
    if kind == "csv":
        for row in csv.reader(io.StringIO(content.decode("utf-8"), newline="")):
            visits.findings += [f"{where}: formula {cell!r}" for cell in row if _runs(cell)]
    elif kind == "zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.namelist():
                if not all(_PLAIN_NAME.fullmatch(part) and part.strip(".") for part in entry.split("/")):
                    visits.findings.append(f"{where}: an entry is named {entry!r}")
                _check(entry, archive.read(entry), f"{where}, {entry}", visits, folder)
    elif kind in ("html", "svg"):
        path = folder / f"{visits.counts.total()}-opened.{kind}"
        path.write_bytes(content)
        PENDING.append((where, path))
    elif kind == "json":
        json.loads(content)
    elif kind == "npy":
        np.load(io.BytesIO(content), allow_pickle=False)
    elif kind == "png" and not content.startswith(b"\x89PNG"):
        visits.findings.append(f"{where}: no PNG")


PENDING: list[tuple[str, Path]] = []
"""HTML and SVG files that wait to be opened in a context of their own."""


def open_pending(browser: Browser, visits: Visits, most: int | None = None) -> None:
    """Open the HTML and SVG files that were taken, from disk, as their reader would.

    Args:
        browser: Chromium.
        visits: takes what was found.
        most: of the files, the largest first, since a report holds more than a chart; None opens all.
    """
    PENDING.sort(key=lambda waiting: waiting[1].stat().st_size)
    del PENDING[: 0 if most is None else max(len(PENDING) - most, 0)]
    context = browser.new_context()
    _guard(context, "file:", visits)
    page = context.new_page()
    while PENDING:
        where, path = PENDING.pop()
        page.goto(path.as_uri())
        visits.counts["HTML and SVG files in Chromium"] += 1
        page.wait_for_timeout(200)
        seen = page.evaluate(_LOOK) if path.suffix == ".html" else {"found": [], "ran": page.evaluate("window.ran")}
        visits.findings += [f"{where}: {one}" for one in seen["found"]]
        if seen["ran"]:
            visits.findings.append(f"{where}: {seen['ran']} scripts ran")
    context.close()


def _runs(cell: str) -> bool:
    """Whether a spreadsheet would run a cell: numbers alone may begin with a sign."""
    if not _FORMULA.match(cell):
        return False
    try:
        float(cell.rstrip("%"))
    except ValueError:
        return True
    return False
