"""How well one simple thing tells the label."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from histo_core.audit.scan import scan
from histo_core.audit.shortcuts import Shortcut, find_shortcuts, shortcut_finding
from histo_core.data.base import Dataset
from histo_core.evaluation.auroc import auroc_interval

WHERE = [("train", "normal")] * 60 + [("train", "tumour")] * 60
TRUTH = np.repeat([0, 1], 60)


@pytest.fixture
def images() -> list[np.ndarray]:
    """Noise without a shortcut."""
    return list(np.random.default_rng(2).integers(0, 256, (120, 16, 16, 3), dtype=np.uint8))


def found_in(dataset: Dataset) -> dict[str, Shortcut]:
    rows = np.arange(len(dataset))
    return {each.fact: each for each in find_shortcuts(dataset, rows, scan(dataset, rows).facts)}


def test_a_bright_class_is_found(images: list[np.ndarray], make_folder: Callable[..., Dataset]) -> None:
    for row in range(60):
        images[row] = images[row] // 2 + 120 - 2 * (row % 30)  # normal is brighter, with an overlap
    dataset = make_folder(images, WHERE)
    brightness = found_in(dataset)["brightness"]
    values = scan(dataset, np.arange(120)).facts["brightness"]
    assert brightness.auroc.value == pytest.approx(1 - roc_auc_score(TRUTH, values))
    assert brightness.auroc == auroc_interval(TRUTH, -values.to_numpy(np.float64))
    assert (brightness.high, brightness.target) == (False, "tumour")
    assert values[brightness.least] == values.max()
    finding = shortcut_finding(dataset, [brightness])
    assert finding.severity == "warning"
    assert finding.sentence.startswith(
        f"Brightness alone tells tumour from normal with AUROC {brightness.auroc.value:.2f} ("
    )
    assert finding.clause.startswith("brightness alone tells ")
    assert {"fact", "auroc", "low", "high", "sample_id", "other_id"} <= set(finding.table.columns)


def test_noise_tells_nothing(images: list[np.ndarray], make_folder: Callable[..., Dataset]) -> None:
    dataset = make_folder(images, WHERE)
    found = found_in(dataset)
    assert all(each.auroc.low < 0.6 for each in found.values())
    assert shortcut_finding(dataset, list(found.values())).clause == ""


def test_a_category_cannot_tell_what_it_was_fitted_on(
    images: list[np.ndarray], make_folder: Callable[..., Dataset]
) -> None:
    alone = [f"scanner {row}" for row in range(120)]  # fitted on itself, it would tell all
    assert found_in(make_folder(images, WHERE, scanner=alone))["scanner"].auroc.value < 0.6


def test_a_telling_scanner_is_found_by_patient(images: list[np.ndarray], make_folder: Callable[..., Dataset]) -> None:
    scanner = np.where(TRUTH, "Aperio", "Philips").astype(object)
    scanner[[3, 70]] = "Aperio", "Philips"
    patients = [f"p{row // 10}" for row in range(120)]
    found = found_in(make_folder(images, WHERE, scanner=scanner, patient_id=patients))["scanner"]
    assert found.auroc.value > 0.95
    assert found.high is None
    assert "cluster bootstrap of 12 groups" in found.auroc.method


def test_image_size_and_file_size_are_looked_at(images: list[np.ndarray], make_folder: Callable[..., Dataset]) -> None:
    images[60:] = [np.zeros((18, 18, 3), np.uint8)] * 60
    found = found_in(make_folder(images, WHERE))
    assert found["pixels"].auroc.value == 1
    assert found["file_size"].auroc.value == 1
    assert (found["pixels"].high, found["file_size"].high) == (True, False)


def test_of_several_classes_the_one_told_best_is_named(
    images: list[np.ndarray], make_folder: Callable[..., Dataset]
) -> None:
    where = [("train", "adipose")] * 40 + [("train", "mucus")] * 40 + [("train", "stroma")] * 40
    images[40:80] = [image // 4 for image in images[40:80]]
    dataset = make_folder(images, where)
    found = found_in(dataset)["brightness"]
    assert (found.target, found.high, found.auroc.value) == ("mucus", False, 1)
    assert "tells mucus from the other classes" in shortcut_finding(dataset, [found]).sentence


def test_nothing_to_compare_is_said(images: list[np.ndarray], make_folder: Callable[..., Dataset]) -> None:
    dataset = make_folder(images, WHERE)
    assert (
        find_shortcuts(dataset, np.arange(5), pd.DataFrame({"brightness": range(5), "height": 16, "width": 16})) == []
    )
    assert shortcut_finding(dataset, []).severity == "ok"
