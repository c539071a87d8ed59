"""Warn about intervals from few groups."""

from __future__ import annotations

FEW_GROUPS = 5


def few_groups(n_groups: int) -> str:
    """Return a warning about too few groups; empty when there are enough."""
    if n_groups >= FEW_GROUPS:
        return ""
    return f"Only {n_groups} independent group{'s' * (n_groups > 1)}: intervals from so few are not to be trusted."
