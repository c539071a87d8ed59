"""Say in one sentence what is known of a split: the only place that words it, for every page and command."""

from __future__ import annotations

from histo_core.auditing.leakage import LeakageReport
from histo_core.auditing.report import AuditReport
from histo_core.auditing.sides import sides_in_words
from histo_core.data.dataset import Dataset
from histo_core.data.splits.split import Split


def split_verdict(
    dataset: Dataset, split: Split, report: AuditReport | None = None, leakage: LeakageReport | None = None
) -> str:
    """Return the verdict on a split.

    Args:
        dataset, split: the data and their split; only the table is read.
        report: its audit, if there is one, whose verdict counts.
        leakage: the comparison of equal pixels, if there is one.
    """
    if report is not None:
        return report.verdict
    if leakage is not None:
        return leakage.verdict
    return f"{sides_in_words(dataset, split)}; pixels are not compared yet."
