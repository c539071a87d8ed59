"""The Markdown files of the project, their headings and their links."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DOCS = PROJECT / "docs"

_FENCE = re.compile(r"^( *)(```+|~~~+).*?^\1\2[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_LINK = re.compile(r"\[(?:[^][]|\[[^][]*\])*\]\(<?([^)>\s]+)>?(?: +\"[^\"]*\")?\)")


def markdown_files() -> list[Path]:
    """Those of the repository's root and of docs/."""
    return [*sorted(PROJECT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]


def links(text: str) -> Iterator[str]:
    """Targets of links and pictures; code and comments hold none."""
    for pattern in (_FENCE, _COMMENT, _CODE):
        text = pattern.sub("", text)
    return (found.group(1) for found in _LINK.finditer(text))


def anchors(text: str) -> list[str]:
    """The anchor of each heading, as Python-Markdown makes them."""
    found: list[str] = []
    for heading in _HEADING.findall(_COMMENT.sub("", _FENCE.sub("", text))):
        shown = re.sub(r"\[([^][]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
        ascii_only = unicodedata.normalize("NFKD", shown).encode("ascii", "ignore").decode()
        words = re.sub(r"[^\w\s-]", "", ascii_only).strip().lower()
        found.append(re.sub(r"[-\s]+", "-", words))
    return found
