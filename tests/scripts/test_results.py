"""The table of results, on patches that are told apart by their brightness."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from histo_core.data.dataset import SPLIT_SETS
from scripts import results
from scripts.results_table import Result, markdown

RECIPE = """
data: {dataset: folder, root: unused}
preprocess: {crop: 16}
train: {max_train_samples: 8, epochs: 2, batch_size: 4, learning_rate: 0.01, device: cpu, threads: 1}
predict: {parts: [test]}
"""


@pytest.fixture
def patches(tmp_path: Path) -> Path:
    """Ten of each class a set, 20 x 20 pixels."""
    random = np.random.default_rng(0)
    for split_set in SPLIT_SETS:
        for kind, brightness in (("normal", 60), ("tumor", 190)):
            folder = tmp_path / "data" / "patches" / split_set / kind
            folder.mkdir(parents=True)
            for number in range(10):
                pixels = random.integers(brightness - 50, brightness + 50, (20, 20, 3), np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "data" / "patches"


def test_what_was_trained_once_is_not_trained_again(
    patches: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE)
    command = ["--data", str(patches), "--home", str(tmp_path / "home"), "--recipe", str(recipe)]
    command += ["--only", "gcnn_p4", "--only", "cnn_plain"]
    results.main(command)
    first = capsys.readouterr().out
    assert first.count("epoch 2 of 2") == 2
    assert "| gcnn_p4 | 16 px | 71,930 |" in first
    assert "| cnn_plain | 16 px | 72,434 |" in first
    assert "AUROC of gcnn_p4 minus that of cnn_plain: " in first

    results.main(command)
    second = capsys.readouterr().out
    assert "epoch" not in second
    assert second.strip() == first[first.index("\nSplit and") :].strip()


def test_a_row_and_a_difference_by_hand() -> None:
    """Three of four pairs are in order for one network and all four for the other; both call one of four wrongly."""
    config = results.RunConfig.from_yaml(RECIPE.replace("crop: 16", "crop: 32"))
    truth = np.array([0, 0, 1, 1])
    rows = [
        Result("one", config, truth, np.array(score), updates=4, cpu_seconds=1234.5)
        for score in ([0.1, 0.6, 0.55, 0.9], [0.1, 0.6, 0.7, 0.9])
    ]
    lines = markdown(rows, [("one", "one"), ("one", "absent")]).splitlines()
    assert "| 4 | 1,234 | 0.750 (" in lines[2]
    assert "| 0.750 (" in lines[2].rpartition("0.750 (")[0]
    assert "| 1.000 (" in lines[3]
    assert len(lines) == 2 + 2 + 1 + 1


def test_every_row_is_a_run_and_says_what_differs(tmp_path: Path) -> None:
    recipe = results.read_config(results.RECIPES / "pcam_4000_table.yaml")
    rows = results.entries(tmp_path / "patches")
    assert {name for pair in results.PAIRS for name in pair} <= {entry.name for entry in rows}
    configs = [results.configured(recipe, entry, tmp_path / "patches") for entry in rows]
    assert len({config.train.epochs for config in configs}) == 1, "one recipe"
    assert [config.model.name for config in configs if config.train.backbone == "frozen"] == ["squeezenet1_1"] * 2
    assert all(config.data.root == str(tmp_path / "patches") for config in configs)
