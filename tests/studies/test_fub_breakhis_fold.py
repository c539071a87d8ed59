"""The BreaKHis study takes the fold that its report took, where the published file is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.studies.recipes import STUDIES
from histo_core.workspace import Workspace

PATIENTS = {
    **{f"14-1{number:03}": ("B", "F", "benign", "fibroadenoma") for number in range(10)},
    **{f"14-2{number:03}": ("M", "DC", "malignant", "ductal_carcinoma") for number in range(10)},
}
TESTED = ("14-1001", "14-1007", "14-1008", "14-2000", "14-2003", "14-2009")
"""Three tenths of the patients, as no draw of ours would happen to have them."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two images a patient at 200X, and one at 40X, which the study leaves out."""
    tree = tmp_path / "bk" / "BreaKHis_v1" / "histology_slides" / "breast"
    for patient, (letter, short, kind, subtype) in PATIENTS.items():
        for magnification, image in ((200, 1), (200, 2), (40, 3)):
            folder = tree / kind / "SOB" / subtype / f"SOB_{letter}_{short}_{patient}" / f"{magnification}X"
            folder.mkdir(parents=True, exist_ok=True)
            name = f"SOB_{letter}_{short}-{patient}-{magnification}-{image:03}.png"
            Image.new("RGB", (70, 46), (image, 100, 100)).save(folder / name)
    return tmp_path / "bk"


def patients_of(root: Path, workspace: Workspace) -> tuple[dict[str, set[str]], str]:
    """Patients of each part by the study's own configuration, and the split's note."""
    config = STUDIES["fub_breakhis"].run("resnet18").config
    dataset = open_dataset(config.data.model_copy(update={"root": str(root)}), workspace)
    split = make_split(dataset, config.split)
    table = dataset.table.assign(part=split.split_sets)
    assert set(table["magnification"]) == {200}
    return {str(split_set): set(rows["patient_id"]) for split_set, rows in table.groupby("part")}, split.note


def test_the_published_second_fold_is_taken_and_choosing_happens_within_its_training_set(
    root: Path, workspace: Workspace
) -> None:
    lines = (
        f"{path.name}|{path.parent.name[:-1]}|2|{'test' if any(one in path.name for one in TESTED) else 'train'}\n"
        for path in sorted(root.rglob("*.png"))
    )
    (root / "dsfold2.txt").write_text("".join(lines))
    split_sets, note = patients_of(root, workspace)
    assert split_sets["test"] == set(TESTED)
    assert split_sets["valid"]
    assert split_sets["train"] | split_sets["valid"] == set(PATIENTS) - set(TESTED)
    assert not split_sets["train"] & split_sets["valid"], "the epoch is chosen on patients of their own"
    assert note.startswith("The split is the published one; validation was cut from its training set by patient")


def test_without_the_file_the_split_says_what_it_takes_instead(root: Path, workspace: Workspace) -> None:
    split_sets, note = patients_of(root, workspace)
    assert len(split_sets["test"]) == 6
    assert split_sets["test"] != set(TESTED)
    assert note.startswith("dsfold2.txt is not here, so 30% of the patients were drawn for test (draw 2 of ours)")
