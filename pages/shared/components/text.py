"""Data as text: names of runs, classes and files are shown, never interpreted."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime

from histo_core.shown_text import showable

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~^$:<>&])")
_TRANSFORMED = re.compile(
    r"(?<=:)(?=//|[\w+-]+:|material/)"  # https://, :name: of an emoji, :material/icon:
    r"|(?<=www)(?=\.)|(?<=@)(?=[\w-])"  # www.host, name@host
    r"|(?<!\S)(?=(?:<->|->|<-|--|>=|<=|~=)(?!\S))",  # becomes an arrow, a dash or another sign
    re.IGNORECASE,
)
"""Where Streamlit turns text into links and signs after its escapes have been read, so that a backslash is no help."""
_JOINER = "\N{WORD JOINER}"
"""It is never drawn and has no width."""


def plain(value: object) -> str:
    """Escape what Markdown, Streamlit's directives or HTML would read as their own; line breaks become spaces.

    Addresses, names of emoji and arrows get an invisible character inside, which keeps them from being replaced.
    """
    text = " ".join(showable(value).split())
    return _MARKDOWN.sub(r"\\\1", _TRANSFORMED.sub(_JOINER, text))


def file_name(value: object) -> str:
    """A name for a downloaded file, made of letters, digits, dots, dashes and underscores, 120 at most."""
    return re.sub(r"[^\w.-]+", "_", str(value)).lstrip(".")[-120:] or "file"


def count(number: int, noun: str, plural: str = "") -> str:
    """ "1,234 patches", "1 patch": thousands separated, noun in number."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def word_for_all(values: Collection[str]) -> str:
    """What stands for all of some values and is none of them: a select box tells by its words what was chosen."""
    word = "all"
    while word in values:
        word = f"({word})"
    return word


def size(number: float) -> str:
    """Bytes as "3.2 GB", "45.0 MB"; what is smaller than that is "under 0.1 MB"."""
    if number >= 1e9:
        return f"{number / 1e9:,.1f} GB"
    return f"{number / 1e6:,.1f} MB" if number >= 5e4 else "under 0.1 MB"


def duration(seconds: float) -> str:
    """ "40 s", "3 min", "2 h 05 min"."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def ago(moment: datetime) -> str:
    """ "3 min ago"; the moment knows its time zone."""
    return f"{duration((datetime.now(UTC) - moment).total_seconds())} ago"
