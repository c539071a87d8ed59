"""Warn about intervals from few groups."""

from __future__ import annotations

from histo_core.shown_text import count

FEW_GROUPS = 5
NOT_TRUSTED = "intervals from so few are not to be trusted."


def few_groups(n_groups: int, kind: str = "independent group") -> str:
    """Return a warning about too few groups of a kind, such as "patient"; empty when there are enough."""
    if n_groups >= FEW_GROUPS:
        return ""
    return f"Only {count(n_groups, kind)}: {NOT_TRUSTED}"
