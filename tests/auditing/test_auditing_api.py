"""`audit`: one call gives what computing an audit by hand gives, and keeps it where it is asked to."""

from __future__ import annotations

import pytest

from histo_core import RunConfig, Workspace, audit, make_split, open_dataset
from histo_core.auditing.report import AuditReport, compute_audit, load_audit
from histo_core.data import Dataset


@pytest.fixture
def dataset(workspace: Workspace) -> Dataset:
    config = RunConfig.parse({"data": {"options": {"patches": 80, "patients": 8}}})
    return open_dataset(config.data, workspace)


def said(report: AuditReport) -> list[object]:
    return [report.verdict, report.checked, *((one.key, one.sentence, len(one.table)) for one in report.findings)]


def test_it_is_the_audit_that_was_computed_by_hand(dataset: Dataset, workspace: Workspace) -> None:
    split = make_split(dataset, RunConfig().split)
    expected = compute_audit(dataset, split)
    told: list[tuple[int, int]] = []
    assert said(audit(dataset, split, progress=lambda done, total: told.append((done, total)))) == said(expected)
    assert told[-1] == (told[-1][1], told[-1][1])
    assert load_audit(dataset, split, workspace) is None  # nothing was kept
    assert audit(dataset, split, dataset).other is not None


def test_a_workspace_keeps_it(dataset: Dataset, workspace: Workspace) -> None:
    split = make_split(dataset, RunConfig().split)
    report = audit(dataset, split, workspace=workspace)
    kept = load_audit(dataset, split, workspace)
    assert kept is not None
    assert said(kept) == said(report)
