"""Read users' CSV files with every cell as text; errors name what is missing."""

from __future__ import annotations

import csv
import errno
from collections import Counter
from collections.abc import Sequence
from io import StringIO
from itertools import islice
from pathlib import Path

import pandas as pd

from histo_core.errors import CorruptDataError, DataNotFoundError, UnsafeFileError
from histo_core.regular_files import open_regular

MAX_BYTES = 64 << 20
"""PCam's largest table has 20 MB; a file takes about ten times its size in memory."""
MAX_ROWS = 5_000_000
MAX_COLUMNS = 1_000
"""Every column costs time: 150,000 took 22 s."""
_HEAD_CHARACTERS = 1 << 20
"""The column names and the first row must lie within this many bytes."""


def read_csv(path: Path, columns: Sequence[str], optional: Sequence[str] | None = ()) -> pd.DataFrame:
    """Read columns of a CSV file as text; an empty cell becomes an empty text.

    Args:
        path: a file that is known to exist.
        columns: required columns.
        optional: columns that are kept if present; None keeps all.

    Raises:
        CorruptDataError: not a CSV in UTF-8, rows longer than the header, a duplicate column, or a missing one.
        DataNotFoundError: it may not be read, or is not a regular file.
        UnsafeFileError: more than `MAX_BYTES`, `MAX_ROWS` or `MAX_COLUMNS`.
    """
    try:
        with open_regular(path, MAX_BYTES) as file:
            _check_head(file.read(_HEAD_CHARACTERS), path)
            file.seek(0)
            table = pd.read_csv(file, dtype=str, keep_default_na=False, compression=None, nrows=MAX_ROWS + 1)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise UnsafeFileError(
                f"{path} has {path.stat().st_size:,} bytes.", f"At most {MAX_BYTES:,} are read.", "Save it as Parquet."
            ) from None
        raise DataNotFoundError(
            f"{path} cannot be opened ({error.strerror}).", "A readable CSV file is expected.", "Check the path."
        ) from None
    except (ValueError, csv.Error) as error:  # pandas' parser errors and Unicode errors are among them
        raise CorruptDataError(
            f"{path} cannot be read as CSV ({error}).", "Comma-separated UTF-8 text is expected.", "Save it again."
        ) from None
    if len(table) > MAX_ROWS:
        raise UnsafeFileError(f"{path} has more rows than are read.", f"At most {MAX_ROWS:,} are.", "Divide it.")
    require_columns(table, columns, path)
    others = table.columns if optional is None else optional
    return table.loc[:, [*columns, *(column for column in others if column in table and column not in columns)]]


def _check_head(head: bytes, path: Path) -> None:
    """Check the names and the first row before pandas makes a column of each cell."""
    buffer = StringIO(head.decode("utf-8-sig", "replace"), newline=None)
    rows = list(islice((row for row in csv.reader(buffer) if row), 2))
    cells = max(map(len, rows), default=0)
    if cells > MAX_COLUMNS or (len(head) == _HEAD_CHARACTERS and not buffer.read(1)):
        raise UnsafeFileError(
            f"{path} has {cells:,} columns, or more than {_HEAD_CHARACTERS:,} characters in its first rows.",
            f"At most {MAX_COLUMNS:,} columns are read.",
            "Keep those that are needed.",
        )
    if not rows:
        raise ValueError("No columns to parse from file")
    refuse_repeated(rows[0], path)
    if len(rows[-1]) > len(rows[0]):  # pandas would take the surplus cells of each row as row names
        raise CorruptDataError(
            f"{path} has rows with more cells than its header has names.",
            "A name for each column is expected.",
            "Complete the header, or remove commas at the ends of the rows.",
        )


def refuse_repeated(names: Sequence[str], path: Path) -> None:
    """Refuse a table in which two columns have the same name apart from surrounding spaces.

    Several columns without a name are allowed, because spreadsheets leave them behind.

    Raises:
        CorruptDataError: it names the column.
    """
    twice = sorted(name for name, times in Counter(map(str.strip, names)).items() if name and times > 1)
    if twice:
        raise CorruptDataError(
            f"{path} has the column {twice[0]!r} more than once.", "Each column has a name of its own.", "Rename one."
        )


def require_columns(table: pd.DataFrame, columns: Sequence[str], path: Path) -> None:
    """Refuse a table that lacks required columns.

    Raises:
        CorruptDataError: it names the missing columns and those that the table has.
    """
    missing = [column for column in columns if column not in table]
    if missing:
        raise CorruptDataError(
            f"{path} has no column {', '.join(map(repr, missing))}.",
            f"Its columns: {', '.join(map(str, table.columns)) or 'none'}.",
            f"The columns {', '.join(columns)} are needed; rename or add them.",
        )
