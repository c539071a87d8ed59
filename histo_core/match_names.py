"""Find patients in names by a user's pattern, in a process of its own (`limited`), because some patterns never end.

The module needs only the standard library, so that it starts in milliseconds.
"""

from __future__ import annotations

import json
import re

from histo_core.errors import ConfigError

_EXAMPLE = r"Write for example ^[^/]+/(?P<patient>[^_]+)_ for benign/P01_3.png."


def match(request: bytes) -> bytes:
    """Find the group ``patient``, else the first group, of the pattern's first match in each name.

    Args:
        request: JSON, ``{"pattern": ..., "names": [...]}``.

    Returns:
        JSON: one id a name, None where the pattern does not match or its group is empty.

    Raises:
        ConfigError: the pattern is no regular expression, or has no group.
    """
    asked = json.loads(request)
    compiled = _compiled(asked["pattern"])
    group = "patient" if "patient" in compiled.groupindex else 1
    found = (compiled.search(name) for name in asked["names"])
    return json.dumps([(match.group(group) or None) if match else None for match in found]).encode()


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)  # this can take minutes too: 99 case-insensitive sets of all characters
    except (re.error, OverflowError, RecursionError) as error:
        raise ConfigError(
            f"The patient pattern {pattern!r} is no regular expression: {error}.", "See Python's re.", _EXAMPLE
        ) from None
    if not compiled.groups:
        raise ConfigError(
            f"The patient pattern {pattern!r} has no group.", "Parentheses around the patient's id.", _EXAMPLE
        )
    return compiled
