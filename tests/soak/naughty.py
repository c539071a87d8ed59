"""The row on naughty strings: every page with every string in every place, in Chromium, and every download opened."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import naughty_visits as visits_of
from naughty_home import NaughtyHome, make_home
from naughty_strings import COMBINED, SHORT
from naughty_visits import Visits
from playwright.sync_api import Browser

from histo_core.errors import ConfigError
from scripts.dashboard import served

FIRST = ("home", "data/split", "train/clone", "experiments", "compare", "explain", "predict")
"""One path of each page."""
CARDS = ("home", "train")
"""Pages with the runs' names and tags outside of select boxes."""
MOST = 3
"""Files that the short form opens in Chromium, which takes seconds for each."""
NAME, TAG = 198, 40
"""Characters: of a run's name, which gets a number, and of a tag."""


def visit_all(folder: Path, browser: Browser, texts: Sequence[str], only: Sequence[str] = ()) -> Visits:
    """Name everything in a workspace by some texts, visit its pages, and open all that they offer.

    Args:
        folder: an empty one.
        browser: Chromium.
        texts: of classes, patients, slides, files and values; runs and their experiment get ``COMBINED``.
        only: names of paths; without any, all of them, and their menus and tooltips as well.
    """
    done, home = Visits(), make_home(folder, texts)
    with _served(home) as address, visits_of.visitor(browser, address, done) as visit:
        for name, path in home.paths(COMBINED).items():
            if not only or name in only:
                page = visit(name, path)
                if name in CARDS:
                    visits_of.expect_text(page, name, [f"{COMBINED} 0", f"{COMBINED} 1", SHORT], done)
                if name == "explain/upload":
                    visits_of.upload(page, f"{COMBINED}.png", done)
                visits_of.open_downloads(page, name, done, folder)
                if not only:
                    visits_of.open_menus(page, name, done)
    visits_of.open_pending(browser, done, MOST if only else None)
    return done


def name_each(folder: Path, browser: Browser, texts: Sequence[str]) -> Visits:
    """Give each text to runs, tags, notes, an experiment, an upload and an address in turn, and visit what shows them.

    Args:
        folder: an empty one.
        browser: Chromium.
        texts: what names would like to be.
    """
    done, home = Visits(), make_home(folder)
    with _served(home) as address, visits_of.visitor(browser, address, done) as visit:
        upload = visit("explain/upload", home.paths("")["explain/upload"])
        for text in texts:
            tag = text.strip()[:TAG]
            try:
                home.name(text, tag)
            except ConfigError:  # a name of several lines or with control characters
                done.counts["names refused"] += 1
            else:
                done.counts["names given"] += 1
                for name, path in home.named().items():
                    page = visit(f"{name} of {text!r}", path)
                    if name in CARDS:
                        visits_of.expect_text(page, name, [f"{text[:NAME]} 0", f"{text[:NAME]} 1", tag], done)
            for name in ("data/asked", "compare/asked"):
                visit(f"{name} of {text!r}", home.paths(text)[name])
        for text in texts:
            upload.goto(address + home.paths("")["explain/upload"])
            visits_of.upload(upload, f"{text}.png", done)
    return done


def _served(home: NaughtyHome) -> AbstractContextManager[str]:
    """The dashboard on a workspace whose data it may read."""
    return served(home.workspace, HISTOSCOPE_DATA_ROOTS=str(home.workspace.home.parent), OMP_NUM_THREADS="1")
