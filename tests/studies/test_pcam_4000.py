"""The preset and the file that the documentation names are the same run."""

from __future__ import annotations

from pathlib import Path

from histo_core.config import DataConfig, read_config
from histo_core.studies.recipes import STUDIES

RECIPES = Path(__file__).resolve().parents[2] / "docs" / "recipes"


def test_the_file_says_what_the_preset_says() -> None:
    (preset,) = STUDIES["pcam_4000"].configs
    written = read_config(RECIPES / "pcam_4000.yaml")
    assert written.data.dataset == "folder"
    assert written.model_copy(update={"data": DataConfig(dataset="pcam")}) == preset.config


def test_every_recipe_can_be_read() -> None:
    for path in RECIPES.glob("*.yaml"):
        assert read_config(path).train.max_train_samples == 4_000
