"""Give each argument a line of its own in the reference, where a docstring describes several in one ("a, b: ...")."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension

_GROUP = re.compile(r"^(?P<indent> +)(?P<names>\w+(?:, \w+)+): (?P<text>.*(?:\n(?P=indent) +\S.*)*)", re.MULTILINE)
_SECTION = re.compile(r"^(?:Args|Attributes):\n(?: .*(?:\n|\Z)|\n)+", re.MULTILINE)


def ungrouped(docstring: str) -> str:
    """Return a docstring with each name of a group on a line of its own, with the text of them all."""

    def apart(group: re.Match[str]) -> str:
        return "\n".join(f"{group['indent']}{name}: {group['text']}" for name in group["names"].split(", "))

    return _SECTION.sub(lambda section: _GROUP.sub(apart, section[0]), docstring)


class UngroupedArguments(Extension):
    """Rewrites the docstrings before they are parsed."""

    def on_object(self, *, obj: Any, **settings: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        del settings
        if obj.docstring:
            obj.docstring.value = ungrouped(obj.docstring.value)
