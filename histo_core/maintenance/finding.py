"""Define the result of a workspace check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One fault in a workspace.

    Attributes:
        where: a path relative to the workspace, or the id of a run, an experiment or predictions.
        what: what is wrong, in a sentence.
        remedy: what a person can do, in a sentence; empty where ``--mend`` repairs it.
        mended: whether it was repaired just now.
    """

    where: str
    what: str
    remedy: str = ""
    mended: bool = False

    @property
    def mendable(self) -> bool:
        """Return whether ``--mend`` can repair it."""
        return not self.remedy


@dataclass(frozen=True)
class Checked:
    """The result of a check.

    Attributes:
        findings: in the order in which they were found.
        runs, experiments, predictions, files: how many were checked.
    """

    findings: tuple[Finding, ...]
    runs: int
    experiments: int
    predictions: int
    files: int

    @property
    def well(self) -> bool:
        """Return whether there are no faults, or all of them were repaired."""
        return all(finding.mended for finding in self.findings)
