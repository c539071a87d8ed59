"""Prepare docstrings for the reference: one line for each argument ("a, b: ..."), and colours for examples."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension

_GROUP = re.compile(r"^(?P<indent> +)(?P<names>\w+(?:, \w+)+): (?P<text>.*(?:\n(?P=indent) +\S.*)*)", re.MULTILINE)
_SECTION = re.compile(r"^(?:Args|Attributes):\n(?: .*(?:\n|\Z)|\n)+", re.MULTILINE)
_EXAMPLE = re.compile(r"^Example:$", re.MULTILINE)


def prepared(docstring: str) -> str:
    """Return a docstring as griffe's parser for Google's style wants it.

    Each name of a group stands on a line of its own, with the text of them all. "Example:" becomes "Examples:", the
    one heading below which it looks for code.
    """

    def apart(group: re.Match[str]) -> str:
        return "\n".join(f"{group['indent']}{name}: {group['text']}" for name in group["names"].split(", "))

    ungrouped = _SECTION.sub(lambda section: _GROUP.sub(apart, section[0]), docstring)
    return _EXAMPLE.sub("Examples:", ungrouped)


class PreparedDocstrings(Extension):
    """Rewrites the docstrings before they are parsed."""

    def on_object(self, *, obj: Any, **settings: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        del settings
        if obj.docstring:
            obj.docstring.value = prepared(obj.docstring.value)
