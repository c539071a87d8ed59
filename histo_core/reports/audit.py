"""Export an audit as a folder or a zip: one HTML file, each finding's patches as CSV, and a manifest of hashes."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from histo_core import __version__
from histo_core.auditing.compared import Compared
from histo_core.auditing.finding import Finding
from histo_core.auditing.report import AuditReport
from histo_core.data.dataset import Dataset
from histo_core.data.formats.csv_cells import to_csv
from histo_core.reports.bundle import write_files, zipped
from histo_core.reports.page import DISCLAIMER, ReportSection, page
from histo_core.reports.tables import to_html
from histo_core.storable import as_json

SCHEMA = 2
INDEX = "index.html"
MANIFEST = "manifest.json"

SHOWN = 50
"""Rows of a finding in the HTML file; the CSV holds all rows."""

MARKS = {"ok": "Fine", "note": "Note", "unknown": "Not known", "warning": "Warning", "problem": "Problem"}
"""A severity in words."""


def write_audit(report: AuditReport, dataset: Dataset, folder: Path) -> Path:
    """Write the report into a folder, each file atomically, the manifest last.

    Returns:
        The path of the HTML file.
    """
    write_files(_files(report, dataset), folder)
    return folder / INDEX


def audit_zip(report: AuditReport, dataset: Dataset) -> bytes:
    """Return the same folder as a zip; the same report gives the same bytes."""
    return zipped(_files(report, dataset), "audit")


def audit_html(report: AuditReport, dataset: Dataset) -> str:
    """Return the report as one HTML file that makes no requests; the worst finding comes first.

    Args:
        report: the findings.
        dataset: the audited data set.
    """
    severities = list(MARKS)
    ordered = sorted(report.findings, key=lambda finding: -severities.index(finding.severity))
    own = Compared.of(dataset)
    others = "" if report.other is None else f" and with {_whole(report.other)}"
    basis = (
        f"{_whole(own)}. {report.checked:,} patches of the split {report.split_fingerprint[:12]} were read and "
        f"compared with each other{others}: as they are, mirrored, turned by quarter turns, and as JPEG compression "
        "changes them."
    )
    warnings = [finding.sentence for finding in ordered if finding.severity == "problem"]
    sections = [ReportSection("What was checked", [basis], _overview(report)), *map(_section, ordered)]
    title = f"Audit of {own.short}" + ("" if report.other is None else f" against {report.other.short}")
    return page(title, report.verdict, warnings, sections)


def _files(report: AuditReport, dataset: Dataset) -> dict[str, bytes]:
    """Return all files in the order in which they are written."""
    files = {INDEX: audit_html(report, dataset).encode()}
    files |= {f"{finding.key}.csv": to_csv(finding.table) for finding in report.findings if len(finding.table)}
    manifest = {
        "schema": SCHEMA,
        "kind": "audit",
        "histoscope": __version__,
        "dataset": asdict(Compared.of(dataset)),
        "dataset_hash": dataset.content_hash,
        "other": None if report.other is None else asdict(report.other),
        "split_fingerprint": report.split_fingerprint,
        "checked": report.checked,
        "verdict": report.verdict,
        "findings": {finding.key: finding.severity for finding in report.findings},
        "note": DISCLAIMER,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    return files | {MANIFEST: (as_json(manifest, indent=2, sort_keys=True) + "\n").encode()}


def _whole(source: Compared) -> str:
    """Return everything that identifies a data set, as a clause."""
    place = f" in {source.folder}" if source.folder else ""
    return f"{source.short}{place}, {source.patches:,} patches in all, state {source.state[:12]}"


def _overview(report: AuditReport) -> str:
    rows = [(finding.title, MARKS[finding.severity], f"{len(finding.table):,}") for finding in report.findings]
    return to_html(pd.DataFrame(rows, columns=["Question", "Answer", "Rows"]))


def _section(finding: Finding) -> ReportSection:
    paragraphs = [f"{MARKS[finding.severity]}. {finding.sentence}"]
    if finding.table.empty:
        return ReportSection(finding.title, paragraphs)
    if len(finding.table) > SHOWN:
        paragraphs.append(
            f"The first {SHOWN} of {len(finding.table):,} rows; {finding.key}.csv beside this file has all of them."
        )
    shown = finding.table.head(SHOWN).map(lambda cell: f"{cell:.3g}" if isinstance(cell, float) else cell)
    return ReportSection(finding.title, paragraphs, to_html(shown.rename(columns=_heading)))


def _heading(column: str) -> str:
    return column.replace("_", " ")
