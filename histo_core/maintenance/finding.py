"""What a check of a workspace finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        where: a path below the workspace, or the id of a run, an experiment or predictions.
        what: what is wrong, in a sentence.
        remedy: what a person can do, in a sentence; empty where ``--mend`` does it.
        mended: whether it was mended just now.
    """

    where: str
    what: str
    remedy: str = ""
    mended: bool = False

    @property
    def mendable(self) -> bool:
        """Whether ``--mend`` can do it."""
        return not self.remedy


@dataclass(frozen=True)
class Checked:
    """The result of a check.

    Attributes:
        findings: in the order in which they were found.
        runs, experiments, predictions, files: how many were looked at.
    """

    findings: tuple[Finding, ...]
    runs: int
    experiments: int
    predictions: int
    files: int

    @property
    def well(self) -> bool:
        """Whether nothing is wrong, or all of it was mended."""
        return all(finding.mended for finding in self.findings)
