"""Export a comparison as a folder or a zip: one HTML file, tables as CSV, and a manifest of hashes."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from histo_core import __version__
from histo_core.comparison.results import Comparison
from histo_core.comparison.shown import (
    class_report_rows,
    class_report_table,
    differences_table,
    family_sentence,
    metrics_table,
    overall_table,
)
from histo_core.comparison.shown_threshold import promise_sentence, promise_table, threshold_ranges
from histo_core.data.formats.csv_cells import to_csv
from histo_core.evaluation.metrics import RATES
from histo_core.plots.confusion import confusion_figure
from histo_core.plots.roc import roc_figure
from histo_core.reports.bundle import write_files, zipped
from histo_core.reports.page import DISCLAIMER, ReportSection, page
from histo_core.reports.tables import to_html
from histo_core.storable import as_json

SCHEMA = 2
INDEX = "index.html"
MANIFEST = "manifest.json"


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """Write the report into a folder, each file atomically, the manifest last.

    Returns:
        The path of the HTML file.
    """
    write_files(_files(comparison), folder)
    return folder / INDEX


def comparison_zip(comparison: Comparison) -> bytes:
    """Return the report as a zip; the same comparison gives the same bytes."""
    return zipped(_files(comparison), "comparison")


def comparison_html(comparison: Comparison) -> str:
    """Return the report as one HTML file that makes no requests."""
    names = ", ".join(result.name for result in comparison.results)
    several = len(comparison.results) > 1
    sections = [
        *_measures(comparison),
        *_promise(comparison),
        *(_differences(comparison) if several and comparison.differences else ()),
        *_class_reports(comparison),
        ReportSection(
            "ROC curves",
            [f"Dots are at the threshold: {comparison.rule.words}.", f"{comparison.basis}."],
            figures=[roc_figure(comparison)],
        ),
        ReportSection(
            "Confusion matrices",
            figures=[confusion_figure(result, comparison.classes) for result in comparison.results],
        ),
    ]
    title = f"{'Comparison' if several else 'Evaluation'} of {names}"
    return page(title, comparison.verdict, comparison.warnings, sections)


def _files(comparison: Comparison) -> dict[str, bytes]:
    """Return all files in the order in which they are written."""
    files = {
        INDEX: comparison_html(comparison).encode(),
        "metrics.csv": to_csv(comparison.table()),
        "differences.csv": to_csv(comparison.difference_table()),
        "class_report.csv": to_csv(class_report_rows(comparison)),
        "roc.csv": to_csv(_roc_table(comparison)),
        "confusion.csv": to_csv(_confusion_table(comparison)),
    }
    manifest = {
        "schema": SCHEMA,
        "kind": "comparison",
        "histoscope": __version__,
        "runs": [result.run_id for result in comparison.results],
        "references": [result.run_id for result in comparison.results if result.is_reference],
        "comparator": comparison.comparator,
        "split_set": comparison.split_set,
        "classes": list(comparison.classes),
        "class_of_interest": comparison.class_of_interest,
        "threshold": str(comparison.rule),
        "threshold_from": comparison.rule.origin,
        "prevalence": comparison.prevalence,
        "thresholds": {result.run_id: result.metrics.threshold for result in comparison.results},
        "samples": comparison.n,
        "groups": comparison.n_groups,
        "group_kind": comparison.group_kind,
        "of_each_class": [asdict(one) for one in comparison.support_of_all],
        "confidence": comparison.confidence,
        "verdict": comparison.verdict,
        "warnings": list(comparison.warnings),
        "looks": comparison.looks,
        "note": DISCLAIMER,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    return files | {MANIFEST: (as_json(manifest, indent=2, sort_keys=True) + "\n").encode()}


def _measures(comparison: Comparison) -> list[ReportSection]:
    basis = f"{comparison.n:,} {comparison.split_set} patches; {comparison.basis_of_all}."
    about = [basis, *([comparison.looks] if comparison.looks else [])]
    threshold = f"Threshold: {comparison.rule.words}. Prevalence: {comparison.prevalence_words}."
    table = to_html(metrics_table(comparison))
    if not comparison.many:
        return [ReportSection("Measures", [*about, threshold, _methods(comparison)], table)]
    called = "Each patch is called the class of its highest probability."
    return [
        ReportSection("All classes", [*about, called, _methods(comparison)], to_html(overall_table(comparison))),
        ReportSection(f"{comparison.class_of_interest} against the rest", [f"{comparison.basis}.", threshold], table),
    ]


def _promise(comparison: Comparison) -> list[ReportSection]:
    if not comparison.chosen:
        return []
    table = promise_table(comparison, threshold_ranges(comparison))
    return [ReportSection("What the thresholds promised", [promise_sentence(comparison)], to_html(table))]


def _differences(comparison: Comparison) -> list[ReportSection]:
    methods = dict.fromkeys(pair.difference.method for pair in comparison.differences)
    doubts = dict.fromkeys(pair.difference.warning for pair in comparison.differences if pair.difference.warning)
    text = [family_sentence(comparison), f"{comparison.basis}.", f"Method: {'; '.join(methods)}.", *doubts]
    heading = "Which models can be told apart" if comparison.comparator is None else "Against the comparator"
    return [ReportSection(heading, text, to_html(differences_table(comparison)))]


def _class_reports(comparison: Comparison) -> list[ReportSection]:
    how = (
        "Each patch is called the class of its highest probability."
        if comparison.many
        else f"Threshold: {comparison.rule.words}."
    )
    means = (
        "Macro averages count each class alike, weighted ones by its patches; the micro average is the accuracy. What "
        "has nothing to be computed from counts as 0, as in scikit-learn."
    )
    return [
        ReportSection(
            f"Classification report of {result.name}",
            [how, means],
            to_html(class_report_table(comparison, comparison.report(result).rows)),
        )
        for result in comparison.results
    ]


def _methods(comparison: Comparison) -> str:
    found = [result.auroc for result in comparison.results if result.auroc is not None]
    found += [getattr(result.metrics, rate) for result in comparison.results for rate in RATES]
    found += [interval for result in comparison.results for interval in result.overall.values()]
    methods = dict.fromkeys(interval.method for interval in found)
    return f"{comparison.confidence:.0%} intervals in brackets: {'; '.join(methods)}."


def _roc_table(comparison: Comparison) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (result.run_id, result.name, *point)
            for result in comparison.results
            for point in zip(result.roc.fpr, result.roc.tpr, result.roc.thresholds, strict=True)
        ],
        columns=["run_id", "name", "fpr", "tpr", "threshold"],
    )


def _confusion_table(comparison: Comparison) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (result.run_id, result.name, true, predicted, int(result.confusion[i, j]))
            for result in comparison.results
            for i, true in enumerate(comparison.classes)
            for j, predicted in enumerate(comparison.classes)
        ],
        columns=["run_id", "name", "true", "predicted", "count"],
    )
