"""Neuroblastoma's class folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from histo_core.config import DataConfig
from histo_core.data.dataset import DATASETS
from histo_core.data.opening import open_dataset
from histo_core.data.sources.neuroblastoma import LONG_NAMES
from histo_core.errors import BrokenFilesError
from histo_core.workspace import Workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number, folder in enumerate(("train/PDNB", "train/gnb", "test/PDNB", "test/UDNB", "test/GN", "test/DNB")):
        (tmp_path / "nb" / folder).mkdir(parents=True)
        Image.new("RGB", (300, 300 + number)).save(tmp_path / "nb" / folder / f"N{number}-1.png")
    return tmp_path / "nb"


def test_short_names_are_the_classes(root: Path, workspace: Workspace) -> None:
    options = {"patient_pattern": "(N.)-", "positive": "UDNB"}
    dataset = open_dataset(DataConfig(dataset="neuroblastoma", root=str(root), options=options), workspace)
    assert dataset.name == "neuroblastoma"
    assert dataset.classes == tuple(LONG_NAMES) == ("DNB", "GN", "GNB", "PDNB", "UDNB")
    assert dataset.positive == "UDNB"
    rows = dataset.table.set_index("sample_id")
    assert rows.loc["train/gnb/N1-1.png"].to_dict() == {"label": 2, "split": "train", "patient_id": "N1"}
    assert dataset.read([0])[0].shape == (305, 300, 3)


def test_another_folder_is_named(root: Path, workspace: Workspace) -> None:
    (root / "test" / "control").mkdir()
    with pytest.raises(BrokenFilesError, match=r"1 sample .* test/control: is no class; Class folders PDNB, DNB"):
        open_dataset(DataConfig(dataset="neuroblastoma", root=str(root)), workspace)


def test_long_names_stand_where_a_user_reads_them() -> None:
    assert all(name in DATASETS["neuroblastoma"].info.summary for name in LONG_NAMES.values())
