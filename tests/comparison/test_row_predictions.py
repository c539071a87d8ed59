"""A run's predictions beside the rows of a data set, counted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from histo_core.comparison import row_predictions as module
from histo_core.comparison.row_predictions import (
    NO_ANSWER,
    PredictionSource,
    RowPredictions,
    find_sources,
    row_predictions,
)
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.config import Config, DataConfig, RunConfig
from histo_core.data.dataset import Dataset, DatasetInfo
from histo_core.errors import ComparisonError
from histo_core.prediction.stored import PredictionSet
from histo_core.runs.store.records import Run, RunStatus
from histo_core.workspace import Workspace

CLASSES = ("normal", "tumour")


class Listed(Dataset):
    """Ids and labels without pixels."""

    info: ClassVar[DatasetInfo] = DatasetInfo("listed", "", "", "", "", needs_root=False)

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        raise NotImplementedError

    def read_source(self, indices: Sequence[int] | np.ndarray) -> Sequence[np.ndarray]:
        raise NotImplementedError


def listed(labels: Sequence[int], classes: Sequence[str] = CLASSES) -> Dataset:
    ids = [f"s{row}" for row in range(len(labels))]
    return Listed("listed", pd.DataFrame({"sample_id": ids, "label": labels}), classes)


def run_on(data: DataConfig, run_id: str = "a1", status: RunStatus = RunStatus.SUCCEEDED) -> Run:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Run(
        run_id, "Mine", RunConfig(data=data), "", "", "", 1, status, "", "cpu", None, False, moment, None, moment,
        None, None,
    )  # fmt: skip


def predicted(rows: dict[str, tuple[str | None, float]], classes: Sequence[str] = CLASSES) -> pd.DataFrame:
    """A table of predictions of two classes: true class and probability of the second one, by id."""
    second = np.array([value for _, value in rows.values()])
    return pd.DataFrame(
        {
            "sample_id": list(rows),
            "y_true": [truth for truth, _ in rows.values()],
            "y_pred": [classes[int(value > 0.5)] for value in second],
            f"prob_{classes[0]}": 1 - second,
            f"prob_{classes[1]}": second,
        }
    )


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch):
    """Let a run have these predictions, and put them beside a data set."""

    def put(table: pd.DataFrame, dataset: Dataset, classes: Sequence[str] = CLASSES) -> RowPredictions:
        mine = RunPredictions("a1", "Mine", table, "", tuple(classes), classes[-1])
        monkeypatch.setattr(module, "load", lambda run, workspace: mine)
        return row_predictions(PredictionSource("a1", run_on(DataConfig())), dataset, Workspace(Path("/nowhere")))

    return put


def test_each_row_gets_its_own_answer_whatever_the_order(answers) -> None:
    data = listed([0, 1, 1, 0, -1])
    found = answers(
        predicted({"s3": ("normal", 0.9), "elsewhere": ("tumour", 0.7), "s1": ("tumour", 0.75), "s4": (None, 0.125)}),
        data,
    )
    assert found.predicted.tolist() == [NO_ANSWER, 1, NO_ANSWER, 1, 0]
    assert found.truth.tolist() == [NO_ANSWER, 1, NO_ANSWER, 0, NO_ANSWER]
    assert found.right.tolist() == [NO_ANSWER, 1, NO_ANSWER, 0, NO_ANSWER]
    np.testing.assert_allclose(found.confidence, [np.nan, 0.75, np.nan, 0.9, 0.875])
    np.testing.assert_allclose(found.of_truth, [np.nan, 0.75, np.nan, 0.1, np.nan])
    np.testing.assert_allclose(found.margin, [np.nan, 0.5, np.nan, 0.8, 0.75])
    assert found.note == "3 of 5 patches are predicted; 1 of 2 labelled answers are wrong."


def test_a_threshold_moves_the_answer_and_not_the_probability(answers) -> None:
    found = answers(predicted({"s0": ("normal", 0.4), "s1": ("tumour", 0.4), "s2": ("tumour", 0.6)}), listed([0, 1, 1]))
    assert found.right.tolist() == [1, 0, 1]
    lower = found.at(0.4)
    assert lower.predicted.tolist() == [1, 1, 1]
    assert lower.right.tolist() == [0, 1, 1]
    np.testing.assert_allclose(lower.confidence, [0.4, 0.4, 0.6])
    np.testing.assert_allclose(lower.margin, found.margin)
    assert found.at(0.7, "normal").predicted.tolist() == [1, 1, 1]
    assert found.at(0.6, "normal").predicted.tolist() == [0, 0, 1]


def test_a_threshold_is_for_one_of_two_classes() -> None:
    three = RowPredictions(("a", "b", "c"), "c", np.full((1, 3), 1 / 3), np.array([0]), np.array([0]))
    for found, of in ((three, "a"), (replace(three, classes=("a", "b")), "x")):
        with pytest.raises(ComparisonError, match="decides nothing"):
            found.at(0.5, of)


def test_rows_without_an_answer_stay_without_one_at_any_threshold(answers) -> None:
    found = answers(predicted({"s0": ("normal", 0.4)}), listed([0, 1])).at(0.0)
    assert found.predicted.tolist() == [1, NO_ANSWER]
    assert found.right.tolist() == [0, NO_ANSWER]


def test_other_labels_than_the_model_was_judged_by_are_refused(answers) -> None:
    table = predicted({"s0": ("normal", 0.4), "s1": ("tumour", 0.6)})
    with pytest.raises(ComparisonError, match="1 of 2 patches of Mine: held-out patches have another label"):
        answers(table, listed([0, 0]))
    with pytest.raises(ComparisonError, match="2 of 2 patches"):
        answers(table, listed([0, 1], ("benign", "malignant")))


def test_classes_in_another_order_are_matched_by_name(answers) -> None:
    found = answers(predicted({"s0": ("normal", 0.9)}, ("tumour", "normal")), listed([0]), ("tumour", "normal"))
    assert (found.classes, found.right.tolist()) == (("tumour", "normal"), [1])


def test_predictions_of_other_patches_are_refused(answers) -> None:
    with pytest.raises(ComparisonError, match="None of the patches"):
        answers(predicted({"other": ("normal", 0.4)}), listed([0]))


def test_sources_are_runs_on_these_data_and_predictions_in_their_present_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    mine = DataConfig(dataset="folder", root=str(tmp_path / "mine"))
    runs = [
        run_on(mine, "same"),
        run_on(mine.model_copy(update={"options": {"positive": "x"}}), "other-options"),
        run_on(DataConfig(dataset="folder", root=str(tmp_path / "link")), "by-a-link"),
        run_on(DataConfig(dataset="idc", root=str(tmp_path / "mine")), "another-kind"),
        run_on(DataConfig(dataset="folder", root="/elsewhere"), "elsewhere"),
        run_on(mine, "failed", RunStatus.FAILED),
    ]
    stored = [
        PredictionSet(name, run_id, mine, {"state": state, "made_at": "2026-11-30T07:10:00+00:00"}, (), tmp_path)
        for name, run_id, state in (("1", "elsewhere", "now"), ("2", "same", "before"), ("3", "unknown", "now"))
    ]
    monkeypatch.setattr(module, "list_predictions", lambda workspace: stored)
    found = find_sources(mine, "now", runs, Workspace(tmp_path))
    assert [one.key for one in found] == ["same", "other-options", "by-a-link", "1"]
    assert [one.title for one in found][::3] == ["Mine: held-out patches", "Mine: predicted 2026-11-30 07:10 UTC"]


def test_drawn_data_are_the_same_by_their_options() -> None:
    drawn = DataConfig(dataset="phantom", options={"seed": 1})
    runs = [run_on(drawn, "same"), run_on(DataConfig(dataset="phantom"), "another-seed")]
    assert [one.key for one in find_sources(drawn, "", runs, Workspace(Path("/nowhere")))] == ["same"]
