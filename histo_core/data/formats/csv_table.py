"""CSV files that users bring: every cell a text, with errors that name what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from histo_core.errors import CorruptDataError, DataNotFoundError, UnsafeFileError

MAX_BYTES = 256 << 20
"""PCam's largest table has 20 MB; a text of this size takes some ten times as much memory."""


def read_csv(path: Path, columns: Sequence[str], optional: Sequence[str] | None = ()) -> pd.DataFrame:
    """Read columns of a CSV file as text; an empty cell is an empty text.

    Args:
        path: a file that is known to exist.
        columns: those that are needed.
        optional: those that are kept where they are there; None keeps all.

    Raises:
        CorruptDataError: not a CSV in UTF-8, rows longer than the header, a column twice, or one is missing.
        DataNotFoundError: it may not be read.
        UnsafeFileError: larger than `MAX_BYTES`.
    """
    if path.stat().st_size > MAX_BYTES:
        raise UnsafeFileError(
            f"{path} has {path.stat().st_size:,} bytes.", f"At most {MAX_BYTES:,} are read.", "Save it as Parquet."
        )
    try:
        header = pd.read_csv(path, dtype=str, keep_default_na=False, compression=None, header=None, nrows=1)
        refuse_repeated(header.iloc[0].tolist(), path)
        table = pd.read_csv(path, dtype=str, keep_default_na=False, compression=None)
    except OSError as error:
        raise DataNotFoundError(
            f"{path} cannot be opened ({error.strerror}).", "A readable CSV file is expected.", "Check the path."
        ) from None
    except ValueError as error:  # as pandas' parser errors and Unicode errors are
        raise CorruptDataError(
            f"{path} cannot be read as CSV ({error}).", "Comma-separated UTF-8 text is expected.", "Save it again."
        ) from None
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes what is too much in each row for names of the rows
        raise CorruptDataError(
            f"{path} has rows with more cells than its header has names.",
            "A name for each column is expected.",
            "Complete the header, or remove commas at the ends of the rows.",
        )
    require_columns(table, columns, path)
    others = table.columns if optional is None else optional
    return table.loc[:, [*columns, *(column for column in others if column in table and column not in columns)]]


def refuse_repeated(names: Sequence[str], path: Path) -> None:
    """Refuse a file's table in which two columns have the same name but for spaces around it.

    Columns without a name may be many: spreadsheets leave them behind.

    Raises:
        CorruptDataError: it names the column.
    """
    twice = sorted(name for name, times in Counter(map(str.strip, names)).items() if name and times > 1)
    if twice:
        raise CorruptDataError(
            f"{path} has the column {twice[0]!r} more than once.", "Each column has a name of its own.", "Rename one."
        )


def require_columns(table: pd.DataFrame, columns: Sequence[str], path: Path) -> None:
    """Refuse a file's table that lacks columns.

    Raises:
        CorruptDataError: it names the columns that are missing and those that there are.
    """
    missing = [column for column in columns if column not in table]
    if missing:
        raise CorruptDataError(
            f"{path} has no column {', '.join(map(repr, missing))}.",
            f"Its columns: {', '.join(map(str, table.columns)) or 'none'}.",
            f"The columns {', '.join(columns)} are needed; rename or add them.",
        )
