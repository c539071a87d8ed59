"""How well one simple thing tells the label."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from histo_core.auditing.scan import scan
from histo_core.auditing.shortcuts import MEASURES, Shortcut, find_shortcuts, shortcut_finding
from histo_core.data.dataset import Dataset
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
    assert f"corrected for that, it is at least {brightness.corrected_lower_bound:.2f}." in finding.sentence
    assert {"fact", "auroc", "low", "low_bonferroni", "high", "sample_id", "other_id"} <= set(finding.table.columns)


def test_the_best_of_many_comparisons_may_be_chance(make_folder: Callable[..., Dataset]) -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(128, 40, (45, 16, 16, 3)) + rng.normal(0, 20, (45, 1, 1, 3))
    dataset = make_folder(
        noise.clip(0, 255).astype(np.uint8), [("train", f"class {number}") for number in range(9) for _ in range(5)]
    )
    found = list(found_in(dataset).values())
    assert {each.compared for each in found} == {9 * len(found)}
    assert max(each.auroc.low for each in found) > 0.5  # what a single comparison would be believed
    assert max(each.corrected_lower_bound for each in found) <= 0.5
    finding = shortcut_finding(dataset, found)
    assert (finding.severity, finding.clause) == ("ok", "")
    assert finding.sentence.endswith(f" It is the best of {9 * len(found)} comparisons, so that it may be chance.")


def test_any_column_of_few_values_is_measured_but_ids_sets_and_answers(
    images: list[np.ndarray], make_folder: Callable[..., Dataset]
) -> None:
    hospital = np.where(TRUTH, "north", "south").astype(object)
    columns = dict.fromkeys(["stain_batch", "group", "subtype"], hospital)
    columns["patient_id"] = columns["slide_id"] = np.array([f"p{row // 3}" for row in range(120)])
    columns |= {"name": [str(row) for row in range(120)], "same": ["x"] * 120}
    dataset = make_folder(images, WHERE, **columns)
    dataset.table["split"] = dataset.table["stain_batch"]
    found = find_shortcuts(dataset, np.arange(120), pd.DataFrame({"height": 16, "width": 16}, index=range(120)))
    assert {each.fact for each in found} - set(MEASURES) == {"stain_batch"}
    sentence = shortcut_finding(dataset, found).sentence
    assert sentence.startswith("Stain batch alone tells tumour from normal with AUROC 1.00 (")
    assert sentence.endswith("(Unless stain batch says the label in other words.)")


def test_ink_on_one_class_is_a_shortcut(images: list[np.ndarray], make_folder: Callable[..., Dataset]) -> None:
    for row in range(60, 120):
        images[row] = images[row].copy()
        images[row][: 4 + row % 5] = (25, 60, 170)
    found = found_in(make_folder(images, WHERE))["ink"]
    assert (found.high, found.auroc.value) == (True, 1)
    assert found.corrected_lower_bound > 0.75


def test_a_telling_scanner_is_found_by_patient(images: list[np.ndarray], make_folder: Callable[..., Dataset]) -> None:
    scanner = np.where(TRUTH, "Aperio", "Philips").astype(object)
    scanner[[3, 70]] = "Aperio", "Philips"
    patients = [f"p{row // 10}" for row in range(120)]
    found = found_in(make_folder(images, WHERE, scanner=scanner, patient_id=patients))["scanner"]
    assert found.auroc.value > 0.95
    assert found.high is None
    assert "jackknife of 10 groups" in found.auroc.method


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
