"""Nothing in the documents leads nowhere: links, anchors, and the navigation of the site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_files import DOCS, PROJECT, anchors, links, markdown_files

ON_SITE = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
"""Files of the root that `docs/site_hooks.py` puts on the site."""


def _problems(page: Path) -> Iterator[str]:
    """What is wrong with the links of a page."""
    for link in links(page.read_text()):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or not target.is_relative_to(PROJECT):
            yield f"{link}: there is no such file"
        elif anchor and (target.suffix != ".md" or anchor not in anchors(target.read_text())):
            yield f"{link}: there is no such heading"
        elif (page.is_relative_to(DOCS) or page.name in ON_SITE) and not target.is_relative_to(DOCS):
            yield f"{link}: leads out of docs/, where the site ends; name the file without a link"


@pytest.mark.parametrize("page", markdown_files(), ids=lambda page: str(page.relative_to(PROJECT)))
def test_each_link_leads_somewhere(page: Path) -> None:
    assert list(_problems(page)) == []


@pytest.mark.parametrize("page", markdown_files(), ids=lambda page: str(page.relative_to(PROJECT)))
def test_what_stands_below_a_list_is_indented_by_four(page: Path) -> None:
    """GitHub takes less for a part of the list; Python-Markdown, which makes the site, does not."""
    text = re.sub(r"^(```+).*?^\1$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"\n\n( {1,3}\S.*)", text) == []


def test_links_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One\n\n[a](page.md#one) [b](#two) ![c](gone.png) [d](https://example.org/x.md)\n\n"
        "`[e](gone.md)`\n\n```\n[f](gone.md)\n## Two\n```\n"
    )
    project = pytest.MonkeyPatch()
    with project.context() as patched:
        patched.setitem(_problems.__globals__, "PROJECT", tmp_path)
        assert list(_problems(page)) == ["#two: there is no such heading", "gone.png: there is no such file"]


def _pages(nav: Any) -> Iterator[str]:
    """The files that a navigation names, at any depth."""
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, dict):
        for below in nav.values():
            yield from _pages(below)
    else:
        for below in nav:
            yield from _pages(below)


def test_the_navigation_holds_each_page_once() -> None:
    pages = list(_pages(yaml.safe_load((PROJECT / "mkdocs.yml").read_text())["nav"]))
    assert sorted(pages) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def test_the_sites_root_files_are_those_whose_links_are_checked() -> None:
    hooks = (DOCS / "site_hooks.py").read_text()
    assert [name for name in ON_SITE if f'"{name}"' in hooks] == re.findall(r'"(\w+\.md)"', hooks)


def test_no_page_draws_with_a_script_from_elsewhere() -> None:
    """The theme fetches Mermaid's script from another host: pictures are files or text."""
    assert [page for page in markdown_files() if "```mermaid" in page.read_text()] == []
