"""The contract of predictions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from histo_core.config import SplitConfig
from histo_core.data.dataset import UNLABELLED, Dataset
from histo_core.data.predictions import (
    build_predictions,
    check_predictions,
    class_names,
    read_predictions,
    write_predictions,
)
from histo_core.data.splits.make_split import make_split
from histo_core.errors import CorruptDataError, DataNotFoundError

PROBABILITIES = np.array([[0.9, 0.1], [0.25, 0.75], [0.5, 0.5]], np.float32)


@pytest.fixture
def table(make_dataset: Callable[..., Dataset]) -> pd.DataFrame:
    dataset = make_dataset([0, 1] * 10, patient_id=[f"P{row // 2}" for row in range(20)])
    split = make_split(dataset, SplitConfig())
    return build_predictions(dataset, split, split.indices("test")[:3], PROBABILITIES, scores=PROBABILITIES * 4)


def test_names_stand_where_a_model_has_indices(make_dataset: Callable[..., Dataset]) -> None:
    dataset = make_dataset([0, 1, 1], patient_id=["a", None, "c"], split=["train", "valid", "test"])
    split = make_split(dataset, SplitConfig())
    built = build_predictions(dataset, split, np.array([1, 0]), PROBABILITIES[:2])
    assert built.columns.tolist() == [
        *("sample_id", "patient_id", "slide_id", "split", "fold", "y_true", "y_pred", "prob_normal", "prob_tumour")
    ]
    assert built["sample_id"].tolist() == ["s00001", "s00000"]
    assert built["split"].tolist() == ["valid", "train"]
    assert built["y_true"].tolist() == ["tumour", "normal"]
    assert built["y_pred"].tolist() == ["normal", "tumour"]
    assert built["patient_id"].isna().tolist() == [True, False]
    assert built["slide_id"].isna().all()
    assert built["fold"].dtype == "Int64"
    assert built["fold"].isna().all()


def test_many_classes_have_their_columns_in_order(make_dataset: Callable[..., Dataset]) -> None:
    names = [f"c{number}" for number in range(120)]
    split_sets = np.repeat(["train", "valid", "test"], 120)
    dataset = make_dataset([*range(120)] * 3, names, split=split_sets)
    built = build_predictions(dataset, make_split(dataset, SplitConfig()), np.arange(120), np.eye(120))
    assert built.columns.tolist()[7:] == [f"prob_{name}" for name in names]
    assert built["y_pred"].tolist() == names
    assert np.array_equal(built.iloc[:, 7:].to_numpy(), np.eye(120))


def test_the_fold_of_the_split_stands_in_each_row(make_dataset: Callable[..., Dataset]) -> None:
    dataset = make_dataset([0, 1] * 10, patient_id=[f"P{row // 2}" for row in range(20)])
    split = make_split(dataset, SplitConfig(folds=3, fold=2))
    built = build_predictions(dataset, split, split.indices("test")[:3], PROBABILITIES)
    assert built["fold"].dtype == "Int64"
    assert built["fold"].tolist() == [2, 2, 2]


def test_a_sample_without_label_has_no_truth(make_dataset: Callable[..., Dataset]) -> None:
    dataset = make_dataset([0, 1] * 10 + [UNLABELLED])
    split = make_split(dataset, SplitConfig())
    split.split_sets[20] = "test"
    assert build_predictions(dataset, split, np.array([20]), PROBABILITIES[:1])["y_true"].isna().all()


def test_it_comes_back_from_parquet(table: pd.DataFrame, tmp_path: Path) -> None:
    write_predictions(table, tmp_path / "run" / "predictions.parquet")
    read = read_predictions(tmp_path / "run" / "predictions.parquet")
    pd.testing.assert_frame_equal(read, table, check_dtype=False)
    assert read["fold"].dtype == "Int64"
    assert class_names(read) == ("normal", "tumour")
    assert [file.name for file in (tmp_path / "run").iterdir()] == ["predictions.parquet"]


def change(column: str, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def changed(table: pd.DataFrame) -> pd.DataFrame:
        values = table[column].astype(object)
        values.iloc[1] = value
        return table.assign(**{column: values.infer_objects()})

    return changed


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda table: table.drop(columns=["split", "fold"]), "lack the column split, fold"),
        (lambda table: table.drop(columns="prob_tumour"), "have 1 probability columns"),
        (lambda table: table.assign(sample_id="s"), "sample_id 's' in row 1 stands there twice"),
        (change("sample_id", None), "row 1 is missing"),
        (change("split", "dev"), "split 'dev' in row 1 is no set.*train, valid, test"),
        (change("y_true", "benign"), "y_true 'benign' in row 1.*Classes: normal, tumour"),
        (change("y_pred", None), "y_pred .* in row 1 has no prob_ column"),
        (change("prob_normal", 0.3), r"row 1 .* sum to 1\.05.*score_<class>"),
        (change("prob_normal", -0.5), "prob_normal -0.5 in row 1 is no probability"),
        (change("prob_normal", float("nan")), "prob_normal nan in row 1 is no number"),
        (change("score_normal", float("inf")), "score_normal inf in row 1 is no number"),
        (lambda table: table.assign(prob_tumour="high"), "prob_tumour holds str values"),
    ],
)
def test_breaches_are_named(
    damage: Callable[[pd.DataFrame], pd.DataFrame], says: str, table: pd.DataFrame, tmp_path: Path
) -> None:
    broken = damage(table)
    with pytest.raises(CorruptDataError, match=says) as caught:
        check_predictions(broken)
    assert caught.value.remedy
    with pytest.raises(CorruptDataError):
        write_predictions(broken, tmp_path / "predictions.parquet")
    assert not list(tmp_path.iterdir())


def test_files_that_are_no_predictions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="There are no predictions at"):
        read_predictions(tmp_path / "predictions.parquet")
    (tmp_path / "predictions.parquet").write_bytes(b"PAR1 is not enough PAR1")
    with pytest.raises(CorruptDataError, match="cannot be read as Parquet"):
        read_predictions(tmp_path / "predictions.parquet")


def test_a_slight_rounding_is_no_breach(table: pd.DataFrame) -> None:
    table["prob_normal"] += 5e-5
    check_predictions(table)
