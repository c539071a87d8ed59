"""Each parameter of a link is one that its page reads; a name that nobody reads would be lost without a word."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parents[2] / "pages"
NOT_IN_THE_URL = {"icon", "label"}
AT_LEAST = 10


def _calls(folder: Path) -> list[ast.Call]:
    files = sorted(folder.rglob("*.py"))
    return [node for file in files for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func)


LINKS = [
    (call.args[0].value, tuple(word.arg for word in call.keywords if word.arg not in {None, *NOT_IN_THE_URL}))
    for call in _calls(PAGES)
    if _called(call) in {"navigation.link", "navigation.go"} and isinstance(call.args[0], ast.Constant)
]


def _read(page: str) -> set[str]:
    """Names of URL parameters that a page, or what all pages share, reads."""
    calls = [call for folder in (page, "shared") for call in _calls(PAGES / folder)]
    return {
        argument.value
        for call in calls
        if _called(call).startswith("url_state.")
        for argument in call.args[:2]
        if isinstance(argument, ast.Constant)
    }


def test_there_are_links_to_look_at() -> None:
    assert sum(bool(names) for _, names in LINKS) >= AT_LEAST


@pytest.mark.parametrize(("page", "names"), [link for link in LINKS if link[1]], ids=str)
def test_a_link_names_what_its_page_reads(page: str, names: tuple[str, ...]) -> None:
    assert set(names) <= _read(page)
