"""A comparison as a folder or a zip: one HTML file, tables as CSV, and a manifest of their hashes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd

from histo_core import __version__
from histo_core.comparison.compare import Comparison, ModelResult
from histo_core.data.formats.csv_cells import to_csv
from histo_core.evaluation.metrics import RATES
from histo_core.plots.confusion import confusion_figure
from histo_core.plots.roc import roc_figure
from histo_core.reports.bundle import write_files, zipped
from histo_core.reports.page import DISCLAIMER, Section, page
from histo_core.reports.tables import to_html

SCHEMA = 1
INDEX = "index.html"
MANIFEST = "manifest.json"


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """Write the report into a folder, each file whole or not at all, the manifest last.

    Returns:
        The HTML file.
    """
    write_files(_files(comparison), folder)
    return folder / INDEX


def comparison_zip(comparison: Comparison) -> bytes:
    """The report as a zip file; the same comparison gives the same bytes."""
    return zipped(_files(comparison), "comparison")


def comparison_html(comparison: Comparison) -> str:
    """The report as one HTML file without any outside request."""
    names = ", ".join(result.name for result in comparison.results)
    several = len(comparison.results) > 1
    level = f"{comparison.confidence:.0%}"
    sections = [
        Section("Measures", [_basis(comparison), _methods(comparison)], to_html(_shown(comparison))),
        Section(
            "ROC curves", [f"Dots are at the threshold {comparison.threshold:g}."], figures=[roc_figure(comparison)]
        ),
        Section(
            "Confusion matrices",
            figures=[confusion_figure(result, comparison.classes) for result in comparison.results],
        ),
    ]
    if several and comparison.differences:
        text = f"AUROC of the best model minus that of the other on the same samples, with {level} intervals."
        sections.insert(1, Section("Differences from the best", [text], to_html(_shown_differences(comparison))))
    title = f"{'Comparison' if several else 'Evaluation'} of {names}"
    return page(title, comparison.verdict, comparison.warnings, sections)


def _files(comparison: Comparison) -> dict[str, bytes]:
    """All files in the order in which they are written."""
    files = {
        INDEX: comparison_html(comparison).encode(),
        "metrics.csv": to_csv(comparison.table()),
        "differences.csv": to_csv(comparison.difference_table()),
        "roc.csv": to_csv(_roc_table(comparison)),
        "confusion.csv": to_csv(_confusion_table(comparison)),
    }
    manifest = {
        "schema": SCHEMA,
        "kind": "comparison",
        "histoscope": __version__,
        "runs": [result.run_id for result in comparison.results],
        "references": [result.run_id for result in comparison.results if result.is_reference],
        "part": comparison.part,
        "classes": list(comparison.classes),
        "class_of_interest": comparison.class_of_interest,
        "threshold": comparison.threshold,
        "samples": comparison.n,
        "groups": comparison.n_groups,
        "group_kind": comparison.group_kind,
        "confidence": comparison.confidence,
        "seed": comparison.seed,
        "verdict": comparison.verdict,
        "warnings": list(comparison.warnings),
        "note": DISCLAIMER,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    return files | {MANIFEST: (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode()}


def _shown(comparison: Comparison) -> pd.DataFrame:
    def row(result: ModelResult) -> dict[str, str]:
        name = f"{result.name} (reference)" if result.is_reference else result.name
        rates = {rate.capitalize(): str(getattr(result.metrics, rate)) for rate in RATES}
        return {"Model": name, "AUROC": str(result.auroc or "not defined"), **rates}

    return pd.DataFrame([row(result) for result in comparison.results])


def _shown_differences(comparison: Comparison) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Pair": f"{pair.best} - {pair.other}",
            "Difference": str(pair.difference),
            "P": _p_text(pair.difference.p_value),
            "P after Holm": _p_text(pair.p_holm),
            "Told apart": "yes" if pair.apart else "no",
            "Method": pair.difference.method,
        }
        for pair in comparison.differences
    )


def _p_text(p: float | None) -> str:
    if p is None:
        return "cannot be told"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _basis(comparison: Comparison) -> str:
    groups = f" of {comparison.n_groups:,} {comparison.group_kind}s" if comparison.group_kind else ""
    return (
        f"{comparison.n:,} {comparison.part} patches{groups}; {comparison.class_of_interest} against "
        f"{' and '.join(name for name in comparison.classes if name != comparison.class_of_interest)}."
    )


def _methods(comparison: Comparison) -> str:
    found = [result.auroc for result in comparison.results if result.auroc is not None]
    found += [getattr(result.metrics, rate) for result in comparison.results for rate in RATES]
    methods = dict.fromkeys(interval.method for interval in found)
    return f"{comparison.confidence:.0%} intervals in brackets: {'; '.join(methods)}. Seed {comparison.seed}."


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
