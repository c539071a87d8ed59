"""Escape and format data as text: names of runs, classes and files are shown, never interpreted."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime

from histo_core.shown_text import count, showable

__all__ = ["ago", "count", "duration", "file_name", "plain", "size", "word_for_all"]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~^$:<>&])")
_TRANSFORMED = re.compile(
    r"(?<=:)(?=//|[\w+-]+:|material/)"  # https://, :name: of an emoji, :material/icon:
    r"|(?<=www)(?=\.)|(?<=@)(?=[\w-])"  # www.host, name@host
    r"|(?<!\S)(?=(?:<->|->|<-|--|>=|<=|~=)(?!\S))",  # becomes an arrow, a dash or another symbol
    re.IGNORECASE,
)
"""Where Streamlit turns text into links and symbols after it has read the escapes, so that backslashes do not help."""
_JOINER = "\N{WORD JOINER}"
"""An invisible character without width."""


def plain(value: object) -> str:
    """Escape Markdown, Streamlit's directives and HTML; line breaks become spaces.

    Addresses, emoji names and arrows get an invisible character inside, so that they are not replaced.
    """
    text = " ".join(showable(value).split())
    return _MARKDOWN.sub(r"\\\1", _TRANSFORMED.sub(_JOINER, text))


def file_name(value: object) -> str:
    """Return a name for a downloaded file: letters, digits, dots, dashes and underscores, at most 120."""
    return re.sub(r"[^\w.-]+", "_", str(value)).lstrip(".")[-120:] or "file"


def word_for_all(values: Collection[str]) -> str:
    """Return a word for "all values" that is none of the values: a select box identifies a choice by its text."""
    word = "all"
    while word in values:
        word = f"({word})"
    return word


def size(number: float) -> str:
    """Format bytes as "3.2 GB", "45.0 MB" or, for the smallest, "under 0.1 MB"."""
    if number >= 1e9:
        return f"{number / 1e9:,.1f} GB"
    return f"{number / 1e6:,.1f} MB" if number >= 5e4 else "under 0.1 MB"


def duration(seconds: float) -> str:
    """Format seconds: "40 s", "3 min", "2 h 05 min"."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def ago(moment: datetime) -> str:
    """Format the time since a moment, which has a time zone: "3 min ago"."""
    return f"{duration((datetime.now(UTC) - moment).total_seconds())} ago"
