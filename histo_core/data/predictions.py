"""The contract of ``predictions.parquet``: a model's answer for each sample, by class name.

Everything after training reads it, and users may bring such a file from other programs.

    sample_id, patient_id, slide_id     str; the latter two missing where the source does not know them
    split                               train, valid or test
    fold                                Int64, counted from 0; missing where there are no folds
    y_true, y_pred                      class names; y_true missing where the sample has no label
    prob_<class>                        float, one a class, in the order of the classes; they sum to 1
    score_<class>                       float, optional: the raw scores before normalisation
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from histo_core.data.dataset import SPLIT_SETS, Dataset
from histo_core.data.formats.parquet_table import check_parquet, read_own_parquet
from histo_core.data.splits.split import Split
from histo_core.errors import CorruptDataError, DataNotFoundError
from histo_core.files import write_atomically

TOLERANCE = 1e-4
"""Tolerance of the sum of a row's probabilities, and of their range [0, 1]."""

_COLUMNS = ("sample_id", "patient_id", "slide_id", "split", "fold", "y_true", "y_pred")
_PROBABILITY, _SCORE = "prob_", "score_"
_REMEDY = "Correct the table and import it again."


def build_predictions(
    dataset: Dataset,
    split: Split,
    indices: np.ndarray,
    probabilities: np.ndarray,
    scores: np.ndarray | None = None,
) -> pd.DataFrame:
    """Build a table of predictions from a model's output.

    Args:
        dataset: the data set whose rows were predicted.
        split: gives each row's set.
        indices: int [n], rows of the data set's table.
        probabilities: [n, k], after softmax, in the order of ``dataset.classes``.
        scores: [n, k] before normalisation, or None.

    Raises:
        CorruptDataError: the result breaks the contract (probabilities that do not sum to 1).
    """
    rows = dataset.table.iloc[indices]
    names = np.array([*dataset.classes, None], dtype=object)  # UNLABELLED = -1 indexes the last
    table = pd.DataFrame({"sample_id": rows["sample_id"].to_numpy(dtype=object)})
    for column in ("patient_id", "slide_id"):
        known = rows[column].to_numpy(dtype=object) if column in rows else np.full(len(rows), None)
        table[column] = pd.Series(known, dtype="str")
    table["split"] = split.split_sets[indices]
    table["fold"] = pd.array([split.fold] * len(rows), dtype="Int64")
    table["y_true"] = names[rows["label"].to_numpy()]
    table["y_pred"] = names[probabilities.argmax(axis=1)]
    for prefix, values in ((_PROBABILITY, probabilities), (_SCORE, scores)):
        if values is not None:
            columns = [f"{prefix}{name}" for name in dataset.classes]
            # All columns at once: one by one, pandas warns of a fragmented table from 100 classes on.
            table = pd.concat([table, pd.DataFrame(values.astype(np.float64), columns=columns)], axis=1)
    return check_predictions(table)


def class_names(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the classes, in the order of their probability columns."""
    return tuple(str(name).removeprefix(_PROBABILITY) for name in table if str(name).startswith(_PROBABILITY))


def check_predictions(table: pd.DataFrame) -> pd.DataFrame:
    """Check a table against the contract, and return it.

    Raises:
        CorruptDataError: it names the column and row that break the contract.
    """
    missing = [column for column in _COLUMNS if column not in table]
    if missing:
        raise CorruptDataError(
            f"Predictions lack the column {', '.join(missing)}.", f"Needed: {', '.join(_COLUMNS)}.", _REMEDY
        )
    classes = class_names(table)
    if len(classes) < 2:
        raise CorruptDataError(
            f"Predictions have {len(classes)} probability columns.", "prob_<class> for each class is needed.", _REMEDY
        )
    _refuse(table, "sample_id", table["sample_id"].isna(), "is missing", "Each row needs an id.")
    _refuse(table, "sample_id", table["sample_id"].duplicated(), "stands there twice", "Ids must be unique.")
    _refuse(table, "split", ~table["split"].isin(SPLIT_SETS), "is no set", f"Sets: {', '.join(SPLIT_SETS)}.")
    known = f"Classes: {', '.join(classes)}."
    _refuse(table, "y_true", table["y_true"].notna() & ~table["y_true"].isin(classes), "has no prob_ column", known)
    _refuse(table, "y_pred", ~table["y_pred"].isin(classes), "has no prob_ column", known)
    for prefix in (_PROBABILITY, _SCORE):
        _check_numbers(table, prefix)
    probabilities = table[[f"{_PROBABILITY}{name}" for name in classes]].to_numpy(np.float64)
    for name, column in zip(classes, probabilities.T, strict=True):
        outside = (column < -TOLERANCE) | (column > 1 + TOLERANCE)
        _refuse(table, f"{_PROBABILITY}{name}", outside, "is no probability", "0 to 1 is expected.")
    total = probabilities.sum(axis=1)
    off = np.flatnonzero(np.abs(total - 1) > TOLERANCE)
    if len(off):
        raise CorruptDataError(
            f"The probabilities in row {off[0]} ({table['sample_id'].iloc[off[0]]!r}) sum to {total[off[0]]:.4g}.",
            "They must sum to 1.",
            "Normalise them; raw scores go into score_<class>.",
        )
    return table


def write_predictions(table: pd.DataFrame, path: Path) -> None:
    """Write a checked table as Parquet, completely or not at all."""
    check_predictions(table)
    write_atomically(path, lambda temporary: table.to_parquet(temporary, engine="pyarrow", index=False))


def read_predictions(path: Path) -> pd.DataFrame:
    """Read and check a table of predictions.

    Raises:
        DataNotFoundError: there is no such file.
        UnsafeFileError: it is larger than allowed.
        CorruptDataError: it is not Parquet, or breaks the contract.
    """
    if not path.exists():
        raise DataNotFoundError(
            f"There are no predictions at {path}.", "A Parquet file is expected.", "Check the path."
        )
    check_parquet(path)
    try:
        table = read_own_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors are one or the other
        raise CorruptDataError(
            f"{path} cannot be read as Parquet ({error}).", "A table of predictions is expected.", "Copy it again."
        ) from None
    return check_predictions(table)


def _check_numbers(table: pd.DataFrame, prefix: str) -> None:
    for column in (name for name in table if str(name).startswith(prefix)):
        if not pd.api.types.is_numeric_dtype(table[column]):
            raise CorruptDataError(f"{column} holds {table[column].dtype} values.", "Numbers are expected.", _REMEDY)
        _refuse(table, str(column), ~np.isfinite(table[column].to_numpy(np.float64)), "is no number", "Fill it.")


def _refuse(table: pd.DataFrame, column: str, wrong: Any, what: str, allowed: str) -> None:
    """Raise for the first row that is ``wrong`` (bool [n])."""
    rows = np.flatnonzero(wrong)
    if len(rows):
        value = table[column].iloc[[rows[0]]].tolist()[0]  # Python's own type, for the message
        raise CorruptDataError(f"{column} {value!r} in row {rows[0]} {what}.", allowed, _REMEDY)
