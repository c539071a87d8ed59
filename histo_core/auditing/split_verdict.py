"""Say in one sentence what is known of a split: the only place that words it."""

from __future__ import annotations

from histo_core.auditing.leakage import LeakageReport
from histo_core.auditing.report import AuditReport


def split_verdict(sides: str, report: AuditReport | None = None, leakage: LeakageReport | None = None) -> str:
    """Return the verdict on a split, from the most that is known of it.

    Args:
        sides: what the table alone says of it (`histo_core.auditing.sides.sides_in_words`).
        report: its audit, whose verdict counts.
        leakage: the comparison of equal pixels.
    """
    if report is not None:
        return report.verdict
    if leakage is not None:
        return leakage.verdict
    return f"{sides}; pixels are not compared yet."
