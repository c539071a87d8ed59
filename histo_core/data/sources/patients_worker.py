"""Finds patients in names, as a program of its own that can be stopped: some patterns never end.

It takes JSON from stdin and gives JSON to stdout, and needs nothing but the standard library, so that it starts in
milliseconds: ``{"pattern": ..., "names": [...]}`` becomes a list of ids, None where a name does not match.
"""

from __future__ import annotations

import json
import re
import sys


def find(pattern: str, names: list[str]) -> list[str | None]:
    """The group ``patient``, else the first group, of the pattern's first match in each name."""
    compiled = re.compile(pattern)
    group = "patient" if "patient" in compiled.groupindex else 1
    found = (compiled.search(name) for name in names)
    return [(match.group(group) or None) if match else None for match in found]


if __name__ == "__main__":
    json.dump(find(**json.load(sys.stdin)), sys.stdout)
