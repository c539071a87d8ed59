"""One word for one thing: what the glossary says is not said, nobody says; versions and dates agree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import yaml
from glossary_file import GLOSSARY, read_terms
from markdown_files import DOCS, PROJECT

OTHER_MEANINGS = {"precision", "hide", "picture", "dataset", "twin"}
"""Words that mean something else elsewhere: a metric, occlusion, what a viewer shows, a name in code, a network."""


def _said() -> Iterator[tuple[str, str]]:
    """Where and what: strings of the sources that are sentences or labels, and the documents, but for the glossary."""
    for room in ("pages", "histo_core"):
        for path in (PROJECT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield f"{path.relative_to(PROJECT)}:{node.lineno}", node.value
    for path in {*DOCS.glob("*.md"), *DOCS.glob("journeys/*.md"), PROJECT / "README.md"} - {GLOSSARY}:
        yield path.name, path.read_text()


def test_what_the_glossary_does_not_say_is_not_said() -> None:
    avoided = {word for term in read_terms(GLOSSARY.read_text()) for word in term.avoided} - OTHER_MEANINGS
    assert {"test part", "processor", "put away"} <= avoided
    words = re.compile(rf"\b({'|'.join(map(re.escape, sorted(avoided)))})s?\b", re.IGNORECASE)
    assert [(where, found[0]) for where, text in _said() if (found := words.search(" ".join(text.split())))] == []


def test_the_newest_version_of_the_changelog_is_the_one_that_is_cited() -> None:
    first = re.search(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)$", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)
    cited = yaml.safe_load((PROJECT / "CITATION.cff").read_text())
    assert first is not None
    assert first.groups() == (cited["version"], str(cited["date-released"]))
