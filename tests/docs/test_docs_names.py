"""Files and modules that the documents name are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_files import PROJECT, markdown_files

_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_PATH = re.compile(r"(?:histo_core|pages|tests|scripts|benchmarks|docs|examples|assets)/[\w./*-]*")
_MODULE = re.compile(r"(?<!\")\bhisto_core((?:\.\w+)+)\b(?!/)")
PAGES = [page for page in markdown_files() if page.name != "CHANGELOG.md" and page.parent.name != "adr"]
"""The changelog and decisions tell of what was there."""


def _missing(text: str) -> Iterator[str]:
    """Paths in backticks, and dotted names anywhere, that are not there."""
    for code in _CODE.findall(text):
        if _PATH.fullmatch(code) and not any(PROJECT.glob(code.rstrip("/"))):
            yield code
    for dotted in _MODULE.findall(text):
        names = dotted[1:].split(".")
        if not _is_there(names):
            yield f"histo_core.{'.'.join(names)}"


def _is_there(names: list[str]) -> bool:
    """Whether a dotted name is a module, or a name that stands in one."""
    here = PROJECT / "histo_core"
    for i, name in enumerate(names):
        if (here / name).is_dir():
            here /= name
            continue
        module = here / f"{name}.py"
        source, rest = (module, names[i + 1 :]) if module.is_file() else (here / "__init__.py", names[i:])
        text = source.read_text()
        return all(re.search(rf"\b{word}\b", text) for word in rest)
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_files_and_modules_are_there(page: Path) -> None:
    assert list(_missing(page.read_text())) == []


def test_what_is_not_there_is_found() -> None:
    text = "`docs/gone.md` `docs/index.md` `tests/docs/*.py` histo_core.files.sha256 histo_core.gone `-m histo_core x`"
    assert list(_missing(text)) == ["docs/gone.md", "histo_core.gone"]
    assert list(_missing("histo_core.files.sha1024")) == ["histo_core.files.sha1024"]
