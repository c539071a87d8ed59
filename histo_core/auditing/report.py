"""Audit a data set and its split: every finding, and a verdict in one sentence."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from histo_core.auditing.compared import Compared
from histo_core.auditing.finding import SEVERITIES, Finding
from histo_core.auditing.pairs import Scanned, find_pairs
from histo_core.auditing.quality import quality_findings
from histo_core.auditing.repeats import repeat_findings
from histo_core.auditing.scan import scan
from histo_core.auditing.shortcuts import find_shortcuts, shortcut_finding
from histo_core.auditing.sides import known, rows_of, side_findings
from histo_core.data.dataset import Dataset
from histo_core.data.formats.parquet_table import read_own_parquet
from histo_core.data.splits.split import Split
from histo_core.disk_errors import kept_if_possible
from histo_core.errors import SplitError
from histo_core.files import new_folder, read_json, read_kept, write_json
from histo_core.progress import Progress, silent
from histo_core.workspace import Workspace

SCHEMA = 3

_REPORT = "report.json"


@dataclass(frozen=True, eq=False)
class AuditReport:
    """The report of an audit.

    Attributes:
        verdict: one sentence: patients first, then the worst findings.
        findings: all findings, in the order of their questions.
        checked: number of checked patches.
        dataset: the audited data set.
        split_fingerprint: fingerprint of the split.
        other: the data set that it was compared with, or None.
    """

    verdict: str
    findings: tuple[Finding, ...]
    checked: int
    dataset: str
    split_fingerprint: str
    other: Compared | None = None

    def finding(self, key: str) -> Finding | None:
        """Return the finding with this key, or None."""
        return next((finding for finding in self.findings if finding.key == key), None)


def compute_audit(
    dataset: Dataset, split: Split, other: Dataset | None = None, progress: Progress = silent
) -> AuditReport:
    """Audit every patch of a split, reading it once, and all patches of another data set where one is given.

    Raises:
        SplitError: the split has no patches.
        CorruptDataError: a patch cannot be read.
        CancelledError: raised by ``progress``.
    """
    rows = rows_of(split)
    if not len(rows):
        raise SplitError("The split holds no patches.", "At least one is needed.", "Choose another split.")
    others = 0 if other is None else len(other)
    searching = (len(rows) + others) // 8  # searching takes about an eighth of the time of reading
    total = len(rows) + others + searching

    own = Scanned(dataset, scan(dataset, rows, lambda done, _: progress(done, total)), split.split_sets)
    second = None
    if other is not None:
        seen = scan(other, np.arange(others), lambda done, _: progress(len(rows) + done, total))
        second = Scanned(other, seen, np.full(others, "", dtype=object))
    read = total - searching
    pairs = find_pairs(own, second, lambda done, of: progress(read + searching * done // max(1, of), total))
    compared = None if other is None else Compared.of(other)
    described = own.described()
    if "magnification" in dataset.table:
        described["magnification"] = dataset.table["magnification"].to_numpy()[rows]
    one_scale = dataset.microns_per_pixel is not None or known(dataset, rows, "magnification")
    findings = (
        *side_findings(dataset, split),
        *repeat_findings(pairs, own.scan.featureless, described, None if compared is None else compared.short),
        *quality_findings(described, own.scan.facts, scale_known=one_scale),
        shortcut_finding(dataset, find_shortcuts(dataset, rows, own.scan.facts)),
    )
    progress(total, total)
    return AuditReport(_verdict(findings), findings, len(rows), dataset.name, split.fingerprint, compared)


def make_audit(
    dataset: Dataset, split: Split, workspace: Workspace, other: Dataset | None = None, progress: Progress = silent
) -> AuditReport:
    """Return the audit that the workspace keeps, or compute and keep a new one.

    Raises:
        HistoscopeError: as `compute_audit`.
    """
    kept = load_audit(dataset, split, workspace, other)
    if kept is not None:
        return kept
    report = compute_audit(dataset, split, other, progress)
    shutil.rmtree(_folder(dataset, split, workspace, other), ignore_errors=True)  # any folder here is damaged
    with kept_if_possible("The audit"), new_folder(_folder(dataset, split, workspace, other)) as folder:
        for finding in report.findings:
            finding.table.to_parquet(folder / f"{finding.key}.parquet", index=False)
        fields = ("key", "title", "sentence", "severity", "clause", "measure")
        write_json(
            folder / _REPORT,
            {
                "schema": SCHEMA,
                "verdict": report.verdict,
                "checked": report.checked,
                "dataset": report.dataset,
                "split_fingerprint": report.split_fingerprint,
                "other": None if report.other is None else asdict(report.other),
                "findings": [{field: getattr(finding, field) for field in fields} for finding in report.findings],
            },
        )
    return report


def load_audit(
    dataset: Dataset, split: Split, workspace: Workspace, other: Dataset | None = None
) -> AuditReport | None:
    """Return the audit that the workspace keeps, or None; nothing is computed."""
    folder = _folder(dataset, split, workspace, other)
    return read_kept(folder / _REPORT, lambda: _read(folder))


def _read(folder: Path) -> AuditReport:
    kept = read_json(folder / _REPORT)
    findings = tuple(
        Finding(**fields, table=read_own_parquet(folder / f"{fields['key']}.parquet")) for fields in kept["findings"]
    )
    compared = None if kept["other"] is None else Compared(**kept["other"])
    known = (kept["checked"], kept["dataset"], kept["split_fingerprint"])
    return AuditReport(kept["verdict"], findings, *known, compared)


def _folder(dataset: Dataset, split: Split, workspace: Workspace, other: Dataset | None) -> Path:
    """Return the folder, named by everything that the audit depends on: files, labels, ids and split."""
    known = (SCHEMA, dataset.state, split.fingerprint, other and other.state)
    return workspace.data / "audits" / hashlib.sha256(repr(known).encode()).hexdigest()


def _verdict(findings: Sequence[Finding]) -> str:
    """Return the verdict: patients first, then the worst findings, then the absence of duplicates where it holds."""
    first, *rest = findings
    rest.sort(key=lambda finding: -SEVERITIES.index(finding.severity))
    clauses = [first.clause, *(finding.clause for finding in rest if finding.clause)]
    if all(finding.severity == "ok" for finding in findings if finding.key in ("identical", "near", "conflicts")):
        alone = all(finding.key != "shared" for finding in findings)
        clauses.append(f"no two patches {'' if alone else 'of its own '}look the same")
    verdict = "; ".join(clauses)
    return f"{verdict[0].upper()}{verdict[1:]}."
