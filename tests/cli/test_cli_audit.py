"""``data audit`` from a shell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six patches of two classes; the first stands in train and in test."""
    rng = np.random.default_rng(0)
    for row in range(6):
        split_set, name = ("train", "valid", "test")[row // 2], ("normal", "tumour")[row % 2]
        (tmp_path / "mine" / split_set / name).mkdir(parents=True, exist_ok=True)
        pixels = np.kron(rng.integers(0, 256, (8, 8, 3)), np.ones((4, 4, 1))).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "mine" / split_set / name / f"{row}.png")
    again = tmp_path / "mine" / "test" / "normal" / "again.png"
    again.write_bytes((tmp_path / "mine" / "train" / "normal" / "0.png").read_bytes())
    return tmp_path / "mine"


def test_the_verdict_and_every_finding_are_printed(call, folder: Path, tmp_path: Path) -> None:
    done = call("data", "audit", "--dataset", "folder", "--root", str(folder), "--out", str(tmp_path / "report"))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Patients are not known; 1 identical patch between train and test")
    assert "identical  problem" in done.out
    assert (tmp_path / "report" / "index.html").is_file()
    assert (tmp_path / "report" / "identical.csv").read_text(encoding="utf-8").count("again.png") == 1


def test_another_data_set_is_searched(call, folder: Path) -> None:
    options = ("--dataset", "folder", "--root", str(folder))
    done = call("data", "audit", *options, "--against-dataset", "folder", "--against-root", str(folder))
    assert done.code == 0
    assert "6 patches are also in Class folders (mine)" in done.out


def test_any_division_and_any_other_data_set_can_be_asked_for(call, folder: Path) -> None:
    own = ("--dataset", "folder", "--root", str(folder), "--option", "patient_pattern=/([0-9a-z]+)[.]png$")
    done = call("data", "audit", *own, "--split", "group", "--group", "patient_id", "--valid", "0", "--test", "0.4")
    assert done.code == 0, done.err
    assert "Split by the column 'patient_id'" in done.out
    against = ("--against-dataset", "folder", "--against-root", str(folder), "--against-option", "positive=normal")
    done = call("data", "audit", *own, "--folds", "2", "--split", "patient", *against)
    assert done.code == 0, done.err
    assert "patches are also in Class folders (mine, positive normal)" in done.out


def test_a_data_set_that_is_not_there_is_told(call, tmp_path: Path) -> None:
    refused = call("data", "audit", "--dataset", "folder", "--root", str(tmp_path / "nothing"))
    assert refused.code == 2
    assert "There is no" in refused.err
