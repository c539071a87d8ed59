"""CSV files that users bring: every cell a text, with errors that name what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from histo_core.errors import CorruptDataError


def read_csv(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> pd.DataFrame:
    """Read the named columns of a CSV file as text; an empty cell is an empty text.

    Args:
        path: a file that is known to exist.
        columns: those that are needed.
        optional: those that are kept where they are there; others are dropped.

    Raises:
        CorruptDataError: not a CSV in UTF-8, or a column is missing.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:  # pandas' parser errors and Unicode errors are ValueErrors
        raise CorruptDataError(
            f"{path} cannot be read as CSV ({error}).", "Comma-separated UTF-8 text is expected.", "Save it again."
        ) from None
    missing = [column for column in columns if column not in table]
    if missing:
        raise CorruptDataError(
            f"{path} has no column {', '.join(map(repr, missing))}.",
            f"Its columns: {', '.join(map(str, table.columns)) or 'none'}.",
            f"The columns {', '.join(columns)} are needed; rename or add them.",
        )
    return table.loc[:, [*columns, *(column for column in optional if column in table)]]
