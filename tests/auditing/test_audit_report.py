"""The whole audit: findings, verdict, and what is kept of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from histo_core.auditing.compared import Compared
from histo_core.auditing.leakage import audit_leakage
from histo_core.auditing.report import AuditReport, compute_audit, load_audit, make_audit
from histo_core.auditing.sides import sides_in_words
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.split import Split
from histo_core.errors import CancelledError, SplitError
from histo_core.workspace import Workspace

WHERE = [("train", "normal")] * 8 + [("train", "tumour")] * 8 + [("test", "normal")] * 4 + [("test", "tumour")] * 4
KEYS = [
    "patients",
    "slides",
    "groups",
    "identical",
    "near",
    "conflicts",
    "blank",
    "blurred",
    "pen",
    "stain",
    "shortcuts",
]
PATIENTS = [f"p{row // 4}" for row in range(24)]
KEPT = SplitConfig(method="published", valid=0)


def jpeg(image: np.ndarray) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, "JPEG", quality=70)
    return np.asarray(Image.open(buffer))


def divided(dataset: Dataset) -> Split:
    return make_split(dataset, KEPT)


def pairs(report: AuditReport, key: str) -> set[tuple[int, int]]:
    finding = report.finding(key)
    assert finding is not None
    return {
        (int(Path(one).stem), int(Path(two).stem))
        for one, two in zip(finding.table["sample_id"], finding.table["other_id"], strict=True)
    }


def severity(report: AuditReport, key: str) -> str:
    finding = report.finding(key)
    assert finding is not None
    return finding.severity


@pytest.fixture
def images(textures: np.ndarray) -> list[np.ndarray]:
    return list(textures[:24])


def test_a_clean_data_set_reads_as_one(images: Sequence[np.ndarray], make_folder: Callable[..., Dataset]) -> None:
    dataset = make_folder(images, WHERE, patient_id=PATIENTS, slide_id=PATIENTS, group=PATIENTS)
    report = compute_audit(dataset, divided(dataset))
    assert [finding.key for finding in report.findings] == KEYS
    assert all("sample_id" in finding.table for finding in report.findings)
    assert (report.checked, report.dataset) == (24, "folder")
    for finding in report.findings:
        assert finding.measure is None or pd.api.types.is_numeric_dtype(finding.table[finding.measure])
    told = replace(report, findings=report.findings[:-1])  # noise in so few patches may look like a shortcut
    assert {finding.severity for finding in told.findings if finding.key != "blurred"} == {"ok"}
    assert severity(report, "blurred") == "unknown"  # nothing says at which magnification the patches were taken
    assert report.verdict.startswith("No patient is on both sides; ")
    assert report.verdict.endswith("no two patches look the same.")


def test_every_kind_of_repeat_is_told_apart(images: list[np.ndarray], make_folder: Callable[..., Dataset]) -> None:
    images[1] = images[0]  # within train
    images[2] = jpeg(np.rot90(images[3]))  # within train
    images[16] = images[4]  # train and test
    images[17] = jpeg(images[5][:, ::-1])  # train and test
    images[20] = jpeg(images[6])  # train and test, labelled otherwise
    dataset = make_folder(images, WHERE, patient_id=PATIENTS)
    report = compute_audit(dataset, divided(dataset))
    assert pairs(report, "identical") == {(0, 1), (4, 16)}
    assert pairs(report, "near") == {(2, 3), (5, 17), (6, 20)}
    assert pairs(report, "conflicts") == {(6, 20)}
    assert [severity(report, key) for key in ("identical", "near", "conflicts")] == ["problem"] * 3
    near, conflicts = report.finding("near"), report.finding("conflicts")
    assert near is not None
    assert conflicts is not None
    assert "other_dataset" not in conflicts.table  # both are of this one
    assert near.table.loc[near.table["other_id"].str.contains("0017"), "how"].tolist() == ["mirrored left to right"]
    assert report.verdict.startswith(
        "No patient is on both sides; 1 identical patch between train and test; 1 identical patch within train; "
        "2 near-duplicates between train and test; 1 near-duplicate within train; "
        "2 patches look the same and carry different labels"
    )


def test_repeats_within_a_set_are_only_noted(images: list[np.ndarray], make_folder: Callable[..., Dataset]) -> None:
    images[1], images[2] = images[0], jpeg(images[0])
    dataset = make_folder(images, WHERE, patient_id=PATIENTS)
    report = compute_audit(dataset, divided(dataset))
    assert (severity(report, "identical"), severity(report, "near")) == ("note", "note")
    assert pairs(report, "near") == {(0, 2)}


def test_patients_slides_and_numbers_on_both_sides(
    images: list[np.ndarray], make_folder: Callable[..., Dataset]
) -> None:
    patients = ["p1"] * 20 + ["p2"] * 3 + ["p1"]
    groups = ["29960"] * 24
    dataset = make_folder(images, WHERE, patient_id=patients, slide_id=patients, group=groups)
    report = compute_audit(dataset, divided(dataset))
    assert [severity(report, key) for key in ("patients", "slides", "groups")] == ["problem", "problem", "note"]
    assert report.verdict.startswith("1 patient (p1) is on both sides; 1 slide (p1) is on both sides; ")
    table = report.findings[0].table
    assert list(table["split_set"]) == ["train"] * 16 + ["test"] * 5
    assert set(table["patient_id"]) == {"p1"}


def test_unknown_patients_are_warned_of(images: list[np.ndarray], make_folder: Callable[..., Dataset]) -> None:
    dataset = make_folder(images, WHERE, slide_id=PATIENTS)
    report = compute_audit(dataset, divided(dataset))
    assert severity(report, "patients") == "unknown"
    assert report.verdict.startswith("Patients are not known; ")
    assert "no slide is on both sides" in report.verdict
    dataset = make_folder(images, WHERE, patient_id=[None, *PATIENTS[1:]])
    assert compute_audit(dataset, divided(dataset)).verdict.startswith("Patients are not all known; ")


def test_another_data_set_is_searched_too(
    images: list[np.ndarray], make_folder: Callable[..., Dataset], tmp_path: Path, workspace: Workspace
) -> None:
    dataset = make_folder(images, WHERE, patient_id=PATIENTS)
    for row, (name, image) in enumerate(
        [("normal", images[0]), ("normal", jpeg(np.rot90(images[2]))), ("Tumor", jpeg(images[3])), ("Tumor", images[8])]
    ):
        (tmp_path / "other" / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "other" / name / f"{row:04d}.png")
    other = open_dataset(DataConfig(dataset="folder", root=str(tmp_path / "other")), workspace)
    seen: list[tuple[int, int]] = []
    report = compute_audit(dataset, divided(dataset), other, lambda done, total: seen.append((done, total)))
    assert pairs(report, "shared") == {(0, 0), (2, 1), (3, 2), (8, 3)}
    assert pairs(report, "conflicts") == {(3, 2)}  # "Tumor" is "tumour"
    conflicts = report.finding("conflicts")
    assert conflicts is not None
    assert conflicts.table["other_dataset"].tolist() == ["Class folders (other)"]
    assert "4 patches are also in Class folders (other)" in report.verdict
    assert severity(report, "shared") == "warning"
    assert pairs(report, "identical") == set()
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1]


def test_class_names_that_only_one_data_set_has_contradict_nothing(
    images: list[np.ndarray], make_folder: Callable[..., Dataset], tmp_path: Path, workspace: Workspace
) -> None:
    images[9] = jpeg(images[2])
    dataset = make_folder(images, WHERE, patient_id=PATIENTS)
    for name, image in (("lobular", images[0]), ("ductal", images[12])):
        (tmp_path / "other" / name).mkdir(parents=True)
        Image.fromarray(image).save(tmp_path / "other" / name / "1.png")
    other = open_dataset(DataConfig(dataset="folder", root=str(tmp_path / "other")), workspace)
    report = compute_audit(dataset, divided(dataset), other)
    assert pairs(report, "conflicts") == {(2, 9)}  # its own contradiction is told all the same
    assert len(pairs(report, "shared")) == 2


def test_an_audit_is_kept_until_something_changes(
    images: list[np.ndarray], make_folder: Callable[..., Dataset], workspace: Workspace
) -> None:
    images[1], images[9] = images[0], jpeg(images[0])
    dataset = make_folder(images, WHERE, patient_id=PATIENTS)
    split = divided(dataset)
    assert load_audit(dataset, split, workspace) is None
    made = make_audit(dataset, split, workspace)
    kept = load_audit(dataset, split, workspace)
    assert kept is not None
    assert (kept.verdict, kept.checked, kept.split_fingerprint) == (made.verdict, 24, split.fingerprint)
    for one, two in zip(made.findings, kept.findings, strict=True):
        assert vars(one) | {"table": None} == vars(two) | {"table": None}
        pd.testing.assert_frame_equal(one.table, two.table, check_dtype=False)
    assert load_audit(dataset, split, workspace, dataset) is None
    against = make_audit(dataset, split, workspace, dataset)
    kept = load_audit(dataset, split, workspace, dataset)
    assert kept is not None
    assert kept.other == against.other == Compared.of(dataset)
    dataset.table.loc[0, "patient_id"] = "someone else"
    del dataset.state  # as of a data set that is opened anew
    assert load_audit(dataset, split, workspace) is None


@pytest.mark.parametrize("content", [b"", b"null", b"{}", b'{"findings": [null]}'])
def test_a_damaged_audit_is_made_again(
    images: list[np.ndarray], make_folder: Callable[..., Dataset], workspace: Workspace, content: bytes
) -> None:
    dataset = make_folder(images, WHERE, patient_id=PATIENTS)
    split = divided(dataset)
    made = make_audit(dataset, split, workspace)
    next(workspace.data.glob("audits/*/report.json")).write_bytes(content)
    assert load_audit(dataset, split, workspace) is None
    make_audit(dataset, split, workspace)
    again = load_audit(dataset, split, workspace)
    assert again is not None
    assert again.verdict == made.verdict


def test_a_cancelled_audit_leaves_nothing(
    images: list[np.ndarray], make_folder: Callable[..., Dataset], workspace: Workspace
) -> None:
    def stop(done: int, total: int) -> None:
        if done > 1:
            raise CancelledError("stopped")

    dataset = make_folder(images, WHERE)
    with pytest.raises(CancelledError):
        make_audit(dataset, divided(dataset), workspace, progress=stop)
    assert not (workspace.data / "audits").exists()


def test_a_split_without_patches_is_refused(images: list[np.ndarray], make_folder: Callable[..., Dataset]) -> None:
    dataset = make_folder(images, WHERE)
    nothing = replace(divided(dataset), split_sets=np.full(24, "", dtype=object))
    with pytest.raises(SplitError, match="no patches"):
        compute_audit(dataset, nothing)


def test_patches_of_odd_sizes_are_audited(images: list[np.ndarray], make_folder: Callable[..., Dataset]) -> None:
    images[5] = images[5][:50]
    images[20] = images[5][:, :33]
    dataset = make_folder(images, WHERE)
    assert compute_audit(dataset, divided(dataset)).checked == 24


def test_real_data_sets_share_what_they_share(shared_data: Path, workspace: Workspace) -> None:
    own = open_dataset(DataConfig(dataset="folder", root=str(shared_data / "pcam_jpeg")), workspace)
    other = open_dataset(DataConfig(dataset="kpcam", root=str(shared_data / "kpcam")), workspace)
    report = compute_audit(own, make_split(own, SplitConfig()), other)
    shared = report.finding("shared")
    assert shared is not None
    assert 20 <= len(shared.table) <= 30
    assert severity(report, "conflicts") == "ok"


def test_what_cannot_be_checked_is_not_known_and_never_fine(
    images: list[np.ndarray], make_folder: Callable[..., Dataset]
) -> None:
    bare = make_folder(images, WHERE)  # no patients, slides, magnification or groups
    report = compute_audit(bare, divided(bare))
    unknown = {found.key: found.sentence for found in report.findings if found.severity == "unknown"}
    assert set(unknown) >= {"patients", "slides", "groups", "blurred"}
    assert all("known" in said or "does not say" in said for said in unknown.values())
    assert report.verdict.startswith("Patients are not known")


def test_empty_patches_cannot_be_called_unlike(make_folder: Callable[..., Dataset]) -> None:
    grey = [np.full((32, 32, 3), 200 + number, np.uint8) for number in range(24)]
    dataset = make_folder(grey, WHERE, patient_id=PATIENTS)
    report = compute_audit(dataset, divided(dataset))
    assert severity(report, "near") == "unknown"
    assert "no two patches" not in report.verdict


@pytest.mark.parametrize("patients", [PATIENTS, None])
def test_the_quick_look_and_the_audit_say_the_same_of_patients(
    patients: list[str] | None, images: list[np.ndarray], make_folder: Callable[..., Dataset]
) -> None:
    dataset = make_folder(images, WHERE, **({} if patients is None else {"patient_id": patients}))
    split = divided(dataset)
    said = sides_in_words(dataset, split)
    assert audit_leakage(dataset, split).verdict.startswith(f"{said}; ")
    assert compute_audit(dataset, split).verdict.startswith(said)
