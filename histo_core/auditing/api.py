"""Audit a data set and its split with one call."""

from __future__ import annotations

from histo_core.auditing.report import AuditReport, compute_audit, make_audit
from histo_core.data.dataset import Dataset
from histo_core.data.splits.split import Split
from histo_core.progress import Progress, silent
from histo_core.workspace import Workspace


def audit(
    dataset: Dataset,
    split: Split,
    other: Dataset | None = None,
    *,
    workspace: Workspace | None = None,
    progress: Progress = silent,
) -> AuditReport:
    """Find what could make results look too good: leakage, duplicates, unusable patches and shortcuts.

    Args:
        dataset: from `open_dataset`; each patch is read once.
        split: from `make_split`.
        other: a second data set, whose patches are searched for in the first.
        workspace: keeps the audit, and returns it at the next call; None keeps nothing.
        progress: reports (patches done, total).

    Returns:
        ``.verdict`` is one sentence; ``.findings`` has an answer to each question, with the patches it is about.

    Raises:
        SplitError: the split has no patches.
        CorruptDataError: a patch cannot be read.
        CancelledError: raised by ``progress``.

    Example:
        >>> from histo_core import RunConfig, audit, make_split, open_dataset
        >>> config = RunConfig.parse({"data": {"dataset": "phantom", "options": {"patches": 80, "patients": 20}}})
        >>> dataset = open_dataset(config.data)
        >>> report = audit(dataset, make_split(dataset, config.split))
        >>> print(report.verdict)
        No patient is on both sides; no two patches look the same.
    """
    if workspace is None:
        return compute_audit(dataset, split, other, progress)
    return make_audit(dataset, split, workspace, other, progress)
