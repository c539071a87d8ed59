"""What both sides of a split share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from histo_core.auditing.leakage import LeakageReport, audit_leakage
from histo_core.config import SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.splits.make_split import make_split

WHERE = [("train", "a"), ("train", "b"), ("train", "b"), ("valid", "a"), ("valid", "b"), ("test", "a"), ("test", "b")]
APART = ["p0", "p0", "p1", "p2", "p2", "p3", "p3"]


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (7, 12, 12, 3), dtype=np.uint8)


def audit(dataset: Dataset) -> LeakageReport:
    return audit_leakage(dataset, make_split(dataset, SplitConfig()))


def test_a_clean_split_reads_as_one(images: np.ndarray, make_folder: Callable[..., Dataset]) -> None:
    report = audit(make_folder(images, WHERE, patient_id=APART, slide_id=APART))
    assert report.patients_known
    assert (report.shared_patients, report.shared_slides, report.identical, report.conflicting) == ((), (), (), ())
    assert report.verdict == ("No patient is on both sides of the split; no two sets share an identical patch.")


def test_patients_and_slides_on_both_sides_are_named(images: np.ndarray, make_folder: Callable[..., Dataset]) -> None:
    patients = ["p0", "p0", "p1", "p1", "p2", "p2", "p3"]
    report = audit(make_folder(images, WHERE, patient_id=patients, slide_id=APART))
    assert report.shared_patients == ("p1", "p2")
    assert report.shared_slides == ()
    assert report.verdict.startswith("2 patients (p1, p2) are on both sides of the split; ")


def test_unknown_patients_are_not_promised(images: np.ndarray, make_folder: Callable[..., Dataset]) -> None:
    report = audit(make_folder(images, WHERE))
    assert not report.patients_known
    assert report.verdict == (
        "Patient ids are not known: patches of one patient may stand on both sides; "
        "no two sets share an identical patch."
    )


def test_shared_slides_are_told_where_patients_are_not_known(
    images: np.ndarray, make_folder: Callable[..., Dataset]
) -> None:
    report = audit(make_folder(images, WHERE, slide_id=["s"] * 2 + [None] * 4 + ["s"]))
    assert report.shared_slides == ("s",)
    assert "; 1 slide (s) is on both sides; " in report.verdict


def test_identical_patches_are_paired_with_the_first(images: np.ndarray, make_folder: Callable[..., Dataset]) -> None:
    images[[1, 2, 4, 6]] = 255  # white in train twice, valid and test, always class b
    report = audit(make_folder(images, WHERE, patient_id=APART))
    first = "train/b/0001.png"
    assert set(report.identical) == {(first, "valid/b/0004.png"), (first, "test/b/0006.png")}
    assert report.conflicting == ()
    assert report.verdict.endswith("; 2 patches are identical to one in another set.")


def test_identical_patches_with_other_labels_are_told(images: np.ndarray, make_folder: Callable[..., Dataset]) -> None:
    images[1] = images[0]
    report = audit(make_folder(images, WHERE, patient_id=APART))
    assert report.identical == ()
    assert report.conflicting == (("train/a/0000.png", "train/b/0001.png"),)
    assert report.verdict.endswith("; 1 patch is labelled otherwise than an identical one.")


def test_the_same_bytes_in_another_shape_are_another_patch(make_folder: Callable[..., Dataset]) -> None:
    wide, tall = np.zeros((4, 8, 3), np.uint8), np.zeros((8, 4, 3), np.uint8)
    shapes = [wide, wide[:, :2], tall, wide[:, :3], tall[:2], wide[:, :4], tall[:3]]
    report = audit(make_folder(shapes, WHERE))
    assert report.identical == ()


def test_samples_outside_the_split_do_not_count(images: np.ndarray, make_folder: Callable[..., Dataset]) -> None:
    images[6] = images[0]
    dataset = make_folder(images, WHERE, patient_id=APART)
    split = make_split(dataset, SplitConfig())
    split.split_sets[dataset.table["sample_id"] == "test/b/0006.png"] = ""
    assert audit_leakage(dataset, split).identical == ()
