"""Say which columns of an imported table are ids, probabilities and labels, and check what they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.data.class_mapping import Synonyms, propose_mapping
from histo_core.data.predictions import TOLERANCE, check_predictions
from histo_core.errors import ConfigError, CorruptDataError
from histo_core.storable import can_be_kept

_IDS = ("sample_id", "sample", "id", "image_id", "image", "patch_id", "patch", "file", "filename", "name")
_LABELS = ("y_true", "true", "truth", "label", "class", "target")
_OF_POSITIVE = ("probability", "prob", "score", "p")
_PREFIX = re.compile(r"(prob|probability|p|proba)[ _\-.]+")
_MOST_LABELS = 1000
"""The most different labels that are matched; a column of ids, chosen by mistake, has as many as rows."""
_REMEDY = "Correct the table, or choose other columns."


@dataclass(frozen=True)
class ImportColumns:
    """The columns of an imported table that count; "" where there is none.

    Attributes:
        sample_id: holds the ids of the patches.
        probabilities: for each class its column. Of two classes one may have none: it gets the rest up to 1.
        y_true: holds the labels, where the table has any.
    """

    sample_id: str
    probabilities: Mapping[str, str]
    y_true: str = ""


def propose_columns(
    columns: Sequence[str], classes: Sequence[str], positive: str, synonyms: Synonyms | None = None
) -> ImportColumns:
    """Propose which columns count, by their names.

    Args:
        columns: those of the table.
        classes: known classes.
        positive: the class that a column named "probability" alone speaks of.
        synonyms: other names of the classes.

    Example:
        >>> propose_columns(["image", "P_normal", "p_tumor", "label"], ("normal", "tumour"), "tumour")
        ImportColumns(sample_id='image', probabilities={'normal': 'P_normal', 'tumour': 'p_tumor'}, y_true='label')
    """
    forms = {column.strip().casefold(): column for column in columns}
    sample_id, y_true = (next((forms[name] for name in names if name in forms), "") for names in (_IDS, _LABELS))
    left = [column for column in columns if column not in (sample_id, y_true)]
    bare = {_PREFIX.sub("", column.strip().casefold(), count=1): column for column in left}
    matches = propose_mapping(dict.fromkeys(bare, 0), classes, [synonyms]).matches
    found = {match.ours: bare[match.theirs] for match in matches if match.ours}
    if not found and len(classes) == 2:
        found = {positive: next((forms[name] for name in _OF_POSITIVE if forms.get(name) in left), "")}
    return ImportColumns(sample_id, {name: found.get(name, "") for name in classes}, y_true)


def imported_table(table: pd.DataFrame, columns: ImportColumns, synonyms: Synonyms | None = None) -> pd.DataFrame:
    """Check the columns that count, and return them in the format of ``predictions.parquet``, as the set "test".

    Args:
        table: from `histo_core.comparison.import_reading.read_import`.
        columns: the columns that count; their probabilities name all classes, in order.
        synonyms: other names of the classes, by which labels are matched.

    Raises:
        ConfigError: a column is not there, is chosen twice, or is missing.
        CorruptDataError: an id is missing or stands there twice, a number is no probability, the probabilities of a
            row do not sum to 1, or a label is no class. The message names the column and the row, counted from 1.
    """
    _check_choice(table, columns)
    if table.empty:
        raise CorruptDataError("The table has no row.", "One row a patch is expected.", _REMEDY)
    classes = tuple(columns.probabilities)
    ids = _ids(table, columns.sample_id)
    probabilities = _probabilities(table, columns, ids)
    none = np.full(len(ids), None, dtype=object)
    made = pd.DataFrame(
        {
            "sample_id": ids,
            "patient_id": pd.Series(none, dtype="str"),
            "slide_id": pd.Series(none, dtype="str"),
            "split": "test",
            "fold": pd.array(none.tolist(), dtype="Int64"),
            "y_true": _labels(table, columns.y_true, classes, synonyms) if columns.y_true else none,
            "y_pred": np.array(classes, dtype=object)[probabilities.argmax(axis=1)],
        }
    )
    of_classes = pd.DataFrame(probabilities, columns=[f"prob_{name}" for name in classes])
    return check_predictions(pd.concat([made, of_classes], axis=1))


def _check_choice(table: pd.DataFrame, columns: ImportColumns) -> None:
    allowed = f"Its columns: {', '.join(map(str, table.columns))}."
    if not columns.sample_id:
        raise ConfigError("No column of ids is chosen.", allowed, "Choose the one that names the patches.")
    without = [name for name, column in columns.probabilities.items() if not column]
    if without and not (len(columns.probabilities) == 2 and len(without) == 1):
        raise ConfigError(
            f"No column gives the probability of {', '.join(without)}.",
            f"Each class needs one; of two classes one is enough. {allowed}",
            "Choose them, or import predictions of the same classes.",
        )
    chosen = [columns.sample_id, *filter(None, columns.probabilities.values()), *filter(None, [columns.y_true])]
    if strange := [name for name in chosen if name not in table]:
        raise ConfigError(f"There is no column {strange[0]!r}.", allowed, "Choose one of these.")
    if twice := sorted({name for name in chosen if chosen.count(name) > 1}):
        raise ConfigError(f"The column {twice[0]!r} is chosen twice.", "Each column means one thing.", "Choose others.")


def _ids(table: pd.DataFrame, column: str) -> np.ndarray:
    """Return the ids, str [n]."""
    ids = _texts(table, column)
    _refuse(ids, ids == "", column, "is missing", "Each row needs the id of its patch.")
    kept = np.array([can_be_kept(text) and text.isprintable() for text in ids])
    _refuse(ids, ~kept, column, "is no text that can be kept", "Letters, digits and signs are expected.")
    _refuse(ids, np.asarray(pd.Series(ids).duplicated()), column, "stands there twice", "Each patch has one row.")
    return ids


def _labels(table: pd.DataFrame, column: str, classes: Sequence[str], synonyms: Synonyms | None) -> np.ndarray:
    """Return the labels as classes, object [n], None where the table says nothing."""
    said = _texts(table, column)
    names = list(dict.fromkeys(text for text in said if text))[:_MOST_LABELS]
    matches = propose_mapping(dict.fromkeys(names, 0), classes, [synonyms]).matches
    ours = {match.theirs: match.ours for match in matches if match.ours} | {"": None}
    unknown = np.array([text not in ours for text in said])
    _refuse(said, unknown, column, "is no class", f"Classes: {', '.join(classes)}.")
    return np.array([ours[text] for text in said], dtype=object)


def _texts(table: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column's cells as text without spaces around it, object [n]; "" where a cell is missing."""
    cells = table[column].to_numpy(dtype=object)
    return np.array(
        ["" if gone else str(cell).strip() for cell, gone in zip(cells, pd.isna(cells), strict=True)], dtype=object
    )


def _probabilities(table: pd.DataFrame, columns: ImportColumns, ids: np.ndarray) -> np.ndarray:
    """Return the probabilities, float64 [n, k], in the order of the classes."""
    found: dict[str, np.ndarray] = {}
    for name, column in columns.probabilities.items():
        if not column:
            continue
        numbers = np.asarray(pd.to_numeric(table[column], errors="coerce"), np.float64)
        outside = ~np.isfinite(numbers) | (numbers < -TOLERANCE) | (numbers > 1 + TOLERANCE)
        if outside.any():
            _refuse(_texts(table, column), outside, column, "is no probability", "A number from 0 to 1 is expected.")
        found[name] = numbers
    if len(found) < len(columns.probabilities):
        (other,) = found.values()
        found |= {name: 1 - other for name in columns.probabilities if name not in found}
    made = np.stack([found[name] for name in columns.probabilities], axis=1)
    total = made.sum(axis=1)
    off = np.flatnonzero(np.abs(total - 1) > TOLERANCE)
    if len(off):
        raise CorruptDataError(
            f"The probabilities in row {off[0] + 1} ({ids[off[0]]!r}) sum to {total[off[0]]:.4g}; those of "
            f"{len(off):,} of {len(made):,} rows do not sum to 1.",
            f"They must sum to 1, to within {TOLERANCE:g}.",
            "Import probabilities, not scores: softmax of logits.",
        )
    return made


def _refuse(values: np.ndarray, wrong: np.ndarray, column: str, what: str, allowed: str) -> None:
    """Raise for the first row that is ``wrong`` (bool [n])."""
    rows = np.flatnonzero(wrong)
    if len(rows):
        others = "" if len(rows) == 1 else f"; so in {len(rows):,} of {len(values):,} rows"
        raise CorruptDataError(
            f"{column} {str(values[rows[0]])[:80]!r} in row {rows[0] + 1} {what}{others}.", allowed, _REMEDY
        )
