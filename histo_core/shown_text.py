"""Put names and counts into sentences; a name must not change or break the text around it."""

from __future__ import annotations

import html
import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, surrogates, and characters that change the direction of all text that follows."""


def showable(value: object) -> str:
    """Replace the characters that would change or break the text around a name.

    Args:
        value: a name or a sentence; its ``str`` is taken.

    Returns:
        The same text with U+FFFD in place of control characters (except tab and line breaks), of surrogates, which
        cannot be encoded, and of direction controls that reach beyond the name (Unicode Technical Report 36, 2.10).
    """
    return _UNSHOWABLE.sub(REPLACEMENT, str(value))


def plural(noun: str) -> str:
    """Return the plural of a regular noun: "patches", "classes", "runs"."""
    return f"{noun}es" if noun.endswith(("ch", "s", "sh", "x")) else f"{noun}s"


def count(number: int, noun: str, many: str = "") -> str:
    """Return a count with its noun: "1,234 patches", "1 patch".

    Args:
        number: how many.
        noun: in the singular.
        many: its plural, where `plural` does not make it.
    """
    return f"{number:,} {noun if number == 1 else many or plural(noun)}"


def as_html(value: object) -> str:
    """Escape a text for HTML, also in attributes, so that it is shown literally."""
    return html.escape(showable(value))
