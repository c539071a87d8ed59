"""The Audit view: the verdict first, each finding with its patches, pairs side by side, and another data set."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from page_helpers import OpenPage, patches, texts
from PIL import Image, ImageFilter
from streamlit.testing.v1 import AppTest

from histo_core.auditing.report import AuditReport, make_audit
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.workspace import Workspace
from pages.data import audit_view

DIVISION = SplitConfig(method="random", seed=1)
HOSTILE = "<b>twin *1*"


def _view() -> None:
    from histo_core.data.splits.make_split import make_split
    from pages.data import audit_view
    from pages.shared.app.session import current_session
    from pages.shared.components import data_choice

    data, division = data_choice.from_url()
    source = data_choice.opened(data, current_session().workspace)
    audit_view.draw(source, make_split(source, division), data, division)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes of ten smooth patches, one of them twice under the other label."""
    rng = np.random.default_rng(0)
    for name in ("benign", "malignant"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(10):
            noise = Image.fromarray(rng.integers(90, 255, (12, 12, 3), dtype=np.uint8)).resize((64, 64))
            noise.filter(ImageFilter.GaussianBlur(1)).save(tmp_path / "images" / name / f"{number}.png")
    first = (tmp_path / "images" / "benign" / "0.png").read_bytes()
    (tmp_path / "images" / "malignant" / f"{HOSTILE}.png").write_bytes(first)
    return tmp_path / "images"


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict]]:
    """Jobs that were asked for, instead of starting them."""
    asked: list[tuple[str, dict]] = []
    monkeypatch.setattr(
        "pages.shared.components.job_card.start_job", lambda kind, params, workspace, user: asked.append((kind, params))
    )
    return asked


def _made(root: Path, workspace: Workspace, other: Path | None = None) -> AuditReport:
    dataset, against = (_opened(place, workspace) if place else None for place in (root, other))
    assert dataset is not None
    return make_audit(dataset, make_split(dataset, DIVISION), workspace, other=against)


def _opened(root: Path, workspace: Workspace):
    return open_dataset(DataConfig(dataset="folder", root=str(root)), workspace)


def _open(root: Path, **params: str) -> AppTest:
    page = AppTest.from_function(_view, default_timeout=60)
    page.query_params["dataset"] = "folder"
    page.query_params["root"] = str(root)
    page.query_params["split"] = DIVISION.model_dump_json(exclude_defaults=True)
    for name, value in params.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def _button(page: AppTest, label: str):
    return next(button for button in page.button if button.label == label)


def test_without_an_audit_there_is_a_button_for_it(root: Path, workspace: Workspace, jobs: list) -> None:
    page = _open(root)
    assert "has not been audited yet" in texts(page)
    _button(page, "Audit this split").click().run()
    ((kind, params),) = jobs
    assert kind == "audit"
    assert SplitConfig.model_validate(params["split"]) == DIVISION
    assert params["other"] is None


def test_every_finding_is_a_card_the_worst_first(root: Path, workspace: Workspace) -> None:
    report = _made(root, workspace)
    page = _open(root)
    assert not page.error
    said = texts(page).replace("\\", "")
    for finding in report.findings:
        assert finding.title in said
        assert " ".join(finding.sentence.split()) in said
    places = {
        severity: [said.index(finding.sentence[:40]) for finding in report.findings if finding.severity == severity]
        for severity in ("problem", "ok")
    }
    assert max(places["problem"]) < min(places["ok"])
    assert HOSTILE not in texts(page)


def test_a_finding_opens_its_patches_in_the_gallery(root: Path, workspace: Workspace) -> None:
    report = _made(root, workspace)
    found = [finding.key for finding in report.findings if len(finding.table)]
    page = _open(root, split_set="test", lasso="colour:0,0;1,0;1,1")
    opening = [button for button in page.button if button.label == "Show the patches"]
    assert len(opening) == len(found)
    next(button for button in opening if button.key.endswith(".conflicts")).click().run()
    assert page.query_params["finding"] == ["conflicts"] or page.query_params["finding"] == "conflicts"
    assert page.query_params["view"] in ("gallery", ["gallery"])
    assert "split_set" not in page.query_params
    assert "lasso" not in page.query_params


def test_pairs_are_shown_side_by_side_with_a_table_in_the_same_order(root: Path, workspace: Workspace) -> None:
    report = _made(root, workspace)
    conflicts = report.finding("conflicts")
    assert conflicts is not None
    page = _open(root, **{"audit.pairs": "conflicts"})
    assert not page.error
    assert len(page.get("imgs")) + len(page.image) == 1
    table = next(table.value for table in page.dataframe if "other_id" in table.value)
    assert set(table.iloc[0][["sample_id", "other_id"]]) == {"benign/0.png", f"malignant/{HOSTILE}.png"}
    assert list(table["sample_id"]) == list(conflicts.table["sample_id"])


def test_another_data_set_is_audited_against_this_one(
    root: Path, workspace: Workspace, jobs: list, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    for name in ("benign", "malignant"):
        (other / name).mkdir(parents=True)
        (other / name / "copy.png").write_bytes((root / name / "3.png").read_bytes())
    against = json.dumps({"dataset": "folder", "root": str(other)})
    page = _open(root, against=against)
    _button(page, "Audit both").click().run()
    assert jobs[-1][1]["other"]["root"] == str(other)
    report = _made(root, workspace, other)
    page = _open(root, against=against)
    assert not page.error
    assert report.verdict in texts(page).replace("\\", "")
    table = next(table.value for table in page.dataframe if "other_id" in table.value)
    assert {"benign/copy.png", "malignant/copy.png"} <= set(table["other_id"])
    said = texts(page).replace("\\", "")
    assert f"{report.checked} patches looked at and compared with 2 patches of Class folders (other)." in said
    next(button for button in page.button if str(button.key) == "audit-against.open.shared").click().run()
    assert page.query_params["finding"] in ("against.shared", ["against.shared"])


def test_a_comparisons_finding_opens_the_patches_of_this_data_set(
    root: Path, workspace: Workspace, tmp_path: Path, open_page: OpenPage
) -> None:
    other = tmp_path / "other"
    for name in ("benign", "malignant"):
        (other / name).mkdir(parents=True)
        (other / name / "3.png").write_bytes((root / name / "3.png").read_bytes())
    _made(root, workspace, other)
    page = open_page(
        "data",
        dataset="folder",
        root=str(root),
        split=DIVISION.model_dump_json(exclude_defaults=True),
        view="gallery",
        finding="against.shared",
        against=json.dumps({"dataset": "folder", "root": str(other)}),
    )
    assert not page.exception
    assert set(patches(page)) == {"benign/3.png", "malignant/3.png"}


def test_data_are_not_compared_with_themselves(root: Path, workspace: Workspace) -> None:
    _made(root, workspace)
    page = _open(root, against=json.dumps({"dataset": "folder", "root": f"{root}/."}))
    assert not page.error
    assert "These are the same data" in page.info[0].value
    assert "Audit both" not in [button.label for button in page.button]


def test_the_report_is_a_zip_with_the_tables_that_it_refers_to(root: Path, workspace: Workspace) -> None:
    report = _made(root, workspace)
    content = audit_view._zip(report, _opened(root, workspace))
    names = {Path(name).name for name in zipfile.ZipFile(io.BytesIO(content)).namelist()}
    assert {"index.html", "conflicts.csv"} <= names


def test_a_link_that_was_cut_gets_a_sentence(root: Path, workspace: Workspace) -> None:
    page = _open(root, against="{")
    assert "cannot be read" in page.error[0].value
