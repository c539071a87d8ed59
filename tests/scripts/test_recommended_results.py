"""The table of recommended runs: goals, yardsticks, and what is measured, on hand-made predictions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from histo_core.data.predictions import write_predictions
from histo_core.files import write_json
from histo_core.workspace import Workspace
from scripts import recommended
from scripts.recommended_table import Goal, against_best, against_goal, markdown, read_trained


def predictions(scores: list[float], split_set: str, prefix: str = "") -> pd.DataFrame:
    """Half of them benign, then half malignant, two patches of a patient."""
    number = len(scores)
    ids = [f"{prefix}{split_set}{place}" for place in range(number)]
    truth = ["benign"] * (number // 2) + ["malignant"] * (number // 2)
    values = np.array(scores)
    return pd.DataFrame(
        {
            "sample_id": ids,
            "patient_id": [f"{prefix}{split_set}-patient {place // 2}" for place in range(number)],
            "slide_id": pd.Series([None] * number, dtype="str"),
            "split": split_set,
            "fold": pd.array([None] * number, dtype="Int64"),
            "y_true": truth,
            "y_pred": np.where(values > 0.5, "malignant", "benign"),
            "prob_benign": 1 - values,
            "prob_malignant": values,
        }
    )


GOOD = [0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9]
SWAPPED = [0.1, 0.2, 0.3, 0.65, 0.6, 0.7, 0.8, 0.9]
"""One of 16 pairs in the wrong order, one of 8 patches called wrongly."""


def keep(home: Path, repeat: str, recipe: str, test: list[float], valid: list[float] = GOOD) -> None:
    folder = home / repeat / recipe
    folder.mkdir(parents=True)
    prefix = repeat if repeat.startswith("fold") else ""
    table = pd.concat([predictions(valid, "valid", prefix), predictions(test, "test", prefix)], ignore_index=True)
    write_predictions(table, folder / "predictions.parquet")
    write_json(folder / "spent.json", {"cpu_seconds": 12.4})


def test_each_part_of_a_goal_is_judged(tmp_path: Path) -> None:
    keep(tmp_path, "split 0", "recommended", GOOD)
    keep(tmp_path, "split 1", "recommended", SWAPPED)
    keep(tmp_path, "fold 0", "recommended", GOOD)
    keep(tmp_path, "fold 1", "recommended", SWAPPED)
    goal = Goal(mean=0.97, least=0.94, accuracy=0.93, balanced=0.95, pooled=0.9)
    said = against_goal(read_trained(tmp_path), goal)
    assert said[0] == "mean AUROC of 2 0.969, goal 0.97, **missed**.", "1 and 15 of 16 pairs"
    assert said[1] == "lowest AUROC of 2 0.938, goal 0.94, **missed**."
    assert said[2] == "mean accuracy of 2 0.938, goal 0.93, reached.", "8 and 7 of 8"
    assert said[3] == "mean balanced accuracy of 2 0.938, goal 0.95, **missed**."
    assert said[4].startswith("AUROC of 2 folds together 0.969, goal 0.9, reached: 0.969 ("), "62 of 64 pairs"


def test_the_yardstick_is_chosen_on_validation_and_compared_on_test(tmp_path: Path) -> None:
    keep(tmp_path, "split 0", "recommended", SWAPPED)
    keep(tmp_path, "split 0", "good on validation", GOOD)
    keep(tmp_path, "split 0", "good on test", GOOD, valid=SWAPPED)
    (said,) = against_best(read_trained(tmp_path))
    assert said.startswith("split 0: recommended minus good on validation, best of 2 on validation: -0.062 (")
    assert "by patient." in said
    assert said.endswith("too few data to see a difference of 0.01.")


def test_what_was_not_trained_is_said(tmp_path: Path) -> None:
    assert against_goal([], Goal(mean=0.9)) == ["the recommended run was not trained."]
    keep(tmp_path / "set", "split 0", "recommended", SWAPPED)
    table = markdown({"set": read_trained(tmp_path / "set")}, {"set": Goal(mean=0.9)})
    assert "| set | split 0 | recommended | 4 | 8 | 12 | 0.938 (" in table
    assert table.splitlines()[2].endswith("| 0.875 | 0.875 |")
    assert "- **set**: no yardstick was trained." in table


def test_six_yardsticks_are_trained_on_the_split_of_a_recommended_run(shared_data: Path, workspace: Workspace) -> None:
    """Two networks, three settings each; everything else of the data is the same."""
    task = next(task for task in recommended.TASKS if task.folder == "kpcam")
    first = replace(task, repeats={task.yardsticks: task.repeats[task.yardsticks]})
    (_, name, own), *others = recommended.wanted(first, shared_data.resolve(), workspace)
    assert name == "recommended"
    configs = [config for _, _, config in others]
    assert sorted(config.model.name for config in configs) == ["p4m_resnet"] * 3 + ["squeezenet1_1"] * 3
    assert all((config.data, config.split) == (own.data, own.split) for config in configs)
    assert len({config.model_dump_json() for config in [own, *configs]}) == 7


def test_every_data_set_repeats_its_recommended_run() -> None:
    for task in recommended.TASKS:
        assert len(task.repeats) >= 3
        assert not task.yardsticks or task.yardsticks in task.repeats


def test_the_table_replaces_what_stands_between_the_marks() -> None:
    page = f"before\n{recommended.BEGIN}\nold\n{recommended.END}\nafter"
    once = recommended.between_marks(page, "new")
    assert once == f"before\n{recommended.BEGIN}\n\nnew\n\n{recommended.END}\nafter"
    assert recommended.between_marks(once, "new") == once
    with pytest.raises(ValueError, match="has no <!--"):
        recommended.between_marks("no marks", "new")


def test_the_page_of_results_has_the_marks() -> None:
    page = (recommended.RECIPES.parent / "results.md").read_text()
    assert recommended.between_marks(page, "new") != page
