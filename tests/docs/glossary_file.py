"""Reads docs/glossary.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
GLOSSARY = PROJECT / "docs" / "glossary.md"

_NAMES = re.compile(r"\*(Also|Not):\* ([^*]*?)\.(?= \*|$)")


@dataclass(frozen=True)
class Term:
    """One heading of the glossary and what stands below it."""

    name: str
    text: str
    also: tuple[str, ...]
    avoided: tuple[str, ...]


def read_terms(text: str) -> list[Term]:
    """Parse the glossary: a heading of level 3 a term, then its text, then its other names on a line of their own."""
    terms = []
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        name, _, body = section.partition("\n")
        paragraphs = body.strip().split("\n\n")
        last = paragraphs[-1].replace("\n", " ")
        named = last.startswith(("*Also:*", "*Not:*"))
        names = {kind: tuple(listed.split(", ")) for kind, listed in _NAMES.findall(last)} if named else {}
        words = " ".join(" ".join(paragraphs[:-1] if named else paragraphs).split())
        terms.append(Term(name.strip(), words, names.get("Also", ()), names.get("Not", ())))
    return terms
