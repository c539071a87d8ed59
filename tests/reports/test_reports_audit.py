"""An audit as files."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from histo_core.auditing.compared import Compared
from histo_core.auditing.finding import Finding
from histo_core.auditing.report import AuditReport
from histo_core.config import DataConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.reports.audit import SHOWN, audit_html, audit_zip, write_audit
from histo_core.reports.page import DISCLAIMER
from histo_core.workspace import Workspace

HOSTILE = "</script><script>alert(1)</script>"


@pytest.fixture
def report() -> AuditReport:
    many = pd.DataFrame({"sample_id": [f"=s{row}" for row in range(SHOWN + 1)], "ink": np.linspace(0, 1, SHOWN + 1)})
    pairs = pd.DataFrame({"sample_id": [HOSTILE], "other_id": ["b"], "difference": [1.23456]})
    findings = (
        Finding("patients", "Patients on both sides", "No patient is on both sides.", "ok", many.head(0)),
        Finding("pen", "Ink and pen marks", "51 patches are marked with ink.", "note", many),
        Finding("near", "Near-duplicates", "1 near-duplicate between train and test.", "problem", pairs),
    )
    return AuditReport("No patient is on both sides; 1 near-duplicate.", findings, 1234, HOSTILE, "ab" * 32)


@pytest.fixture
def dataset(tmp_path: Path, workspace: Workspace) -> Dataset:
    for name in ("a", "b"):
        (tmp_path / "mine" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "mine" / name / "1.png")
    return open_dataset(DataConfig(dataset="folder", root=str(tmp_path / "mine")), workspace)


def test_the_worst_comes_first_and_names_stay_text(report: AuditReport, dataset: Dataset, tmp_path: Path) -> None:
    html = audit_html(report, dataset)
    assert HOSTILE not in html
    assert html.index("Near-duplicates</h2>") < html.index("Ink and pen marks</h2>") < html.index("both sides</h2>")
    assert report.verdict in html
    assert DISCLAIMER in html
    assert "1,234 patches" in html
    assert "<h1>Audit of Class folders (mine)</h1>" in html
    assert f"Class folders (mine) in {tmp_path / 'mine'}, 2 patches in all, state {dataset.state[:12]}." in html
    assert "1.23<" in html
    assert f"The first {SHOWN} of {SHOWN + 1} rows; pen.csv beside this file has all of them." in html
    assert "=s49" in html
    assert "=s50" not in html
    assert "<script" not in html  # 5 MB of plotly.js would draw nothing


def test_the_folder_holds_what_was_found_and_a_manifest(report: AuditReport, dataset: Dataset, tmp_path: Path) -> None:
    index = write_audit(report, dataset, tmp_path / "report")
    names = sorted(path.name for path in index.parent.iterdir())
    assert names == ["index.html", "manifest.json", "near.csv", "pen.csv"]
    manifest = json.loads((index.parent / "manifest.json").read_text())
    assert manifest["findings"] == {"patients": "ok", "pen": "note", "near": "problem"}
    assert (manifest["dataset_hash"], manifest["checked"]) == (dataset.content_hash, 1234)
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((index.parent / name).read_bytes()).hexdigest() == digest
    assert pd.read_csv(index.parent / "pen.csv")["sample_id"][0] == "'=s0"


def test_it_says_what_was_compared(report: AuditReport, dataset: Dataset, tmp_path: Path) -> None:
    other = Compared("folder", "Class folders", f"/data/{HOSTILE}/photos", {"positive": "a"}, 600, "cd" * 32)
    report = replace(report, other=other)
    html = audit_html(report, dataset)
    assert "<h1>Audit of Class folders (mine) against Class folders (photos, positive a)</h1>" in html
    assert "compared with each other and with Class folders (photos, positive a) in /data/&lt;/script" in html
    assert "/photos, 600 patches in all, state cdcdcdcdcdcd: as they are" in html
    manifest = json.loads((write_audit(report, dataset, tmp_path / "report").parent / "manifest.json").read_text())
    assert manifest["other"] == asdict(other)
    assert manifest["dataset"]["folder"] == str(tmp_path / "mine")


def test_the_zip_unpacks_into_the_same_folder(report: AuditReport, dataset: Dataset, tmp_path: Path) -> None:
    packed = audit_zip(report, dataset)
    assert packed == audit_zip(report, dataset)
    folder = write_audit(report, dataset, tmp_path / "report").parent
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o644}
        assert {name: archive.read(name) for name in archive.namelist()} == {
            f"audit/{path.name}": path.read_bytes() for path in folder.iterdir()
        }
