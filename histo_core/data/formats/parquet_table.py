"""Parquet files that users bring: kilobytes can unpack to gigabytes, so their sizes are known before they are read."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as kinds

from histo_core.data.formats.csv_table import MAX_COLUMNS, MAX_ROWS, refuse_repeated
from histo_core.errors import CorruptDataError, DataNotFoundError, UnsafeFileError
from histo_core.regular_files import open_regular

MAX_BYTES = 256 << 20
"""Of the columns, unpacked, with each text as often as it stands."""


def read_parquet(file: Path) -> pd.DataFrame:
    """Read a Parquet file's columns as typed there, whatever pandas noted beside them.

    Raises:
        HistoscopeError: as `check_parquet`.
    """
    return check_parquet(file).to_pandas(ignore_metadata=True)


def check_parquet(file: Path) -> pa.Table:
    """Read a Parquet file after its size is known, each text once.

    Raises:
        DataNotFoundError: it may not be read, or is no regular file.
        UnsafeFileError: more than `MAX_ROWS`, `MAX_COLUMNS` or `MAX_BYTES`.
        CorruptDataError: no Parquet, a column twice, or one of lists or records.
    """
    try:
        with open_regular(file, MAX_BYTES) as opened:
            return _checked(opened, file)
    except OSError as error:  # also what pyarrow raises of damaged files, which has no number
        if error.errno == errno.EFBIG:
            raise UnsafeFileError(
                f"{file} has {file.stat().st_size:,} bytes.", f"At most {MAX_BYTES:,} are read.", "Divide it."
            ) from None
        if error.errno is not None:
            raise DataNotFoundError(
                f"{file} cannot be opened ({error.strerror}).", "A readable Parquet file is expected.", "Check it."
            ) from None
        raise _damaged(file, error) from None
    except (ValueError, NotImplementedError) as error:  # what pyarrow's other errors are
        raise _damaged(file, error) from None


def read_own_parquet(file: Path) -> pd.DataFrame:
    """Read a table that this program wrote, with the types that pandas noted; pandas' errors, or OSError."""
    with open_regular(file) as opened:
        return pd.read_parquet(opened, engine="pyarrow")


def _checked(opened: BinaryIO, file: Path) -> pa.Table:
    schema = pq.read_schema(opened)
    _check_columns(schema, file)
    texts = [field.name for field in schema if _is_text(field.type)]
    with pq.ParquetFile(opened, read_dictionary=texts) as parquet:  # a text that stands in many rows is kept once
        groups = [parquet.metadata.row_group(number) for number in range(parquet.metadata.num_row_groups)]
        rows, packed = parquet.metadata.num_rows, sum(group.total_byte_size for group in groups)
        wide = rows * sum(_width(kind) for kind in schema.types)
        _check_size(file, rows, max(packed, wide))
        table = parquet.read()
    _check_size(file, rows, sum(_unpacked(chunk) for column in table.columns for chunk in column.chunks))
    return table


def _damaged(file: Path, error: Exception) -> CorruptDataError:
    return CorruptDataError(
        f"{file} cannot be read as Parquet ({error}).", "An Apache Parquet file is expected.", "Save it again."
    )


def _check_columns(schema: pa.Schema, file: Path) -> None:
    if len(schema.names) > MAX_COLUMNS:
        raise UnsafeFileError(
            f"{file} has {len(schema.names):,} columns.", f"At most {MAX_COLUMNS:,} are read.", "Keep those you need."
        )
    refuse_repeated(schema.names, file)
    strange = [field.name for field in schema if not _is_plain(field.type)]
    if strange:
        raise CorruptDataError(
            f"{file} has lists, records or other values in {', '.join(map(repr, strange))}.",
            "Numbers, texts and truth values are kept.",
            "Drop these columns.",
        )


def _check_size(file: Path, rows: int, size: int) -> None:
    if rows > MAX_ROWS or size > MAX_BYTES:
        raise UnsafeFileError(
            f"{file} holds {rows:,} rows and {size:,} bytes.",
            f"At most {MAX_ROWS:,} rows and {MAX_BYTES:,} bytes are read.",
            "Divide it.",
        )


def _values(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if isinstance(kind, pa.DictionaryType) else kind


def _is_text(kind: pa.DataType) -> bool:
    return kinds.is_string(_values(kind)) or kinds.is_large_string(_values(kind))


def _is_plain(kind: pa.DataType) -> bool:
    kind = _values(kind)
    return _is_text(kind) or kinds.is_primitive(kind) or kinds.is_decimal(kind) or kinds.is_null(kind)


def _width(kind: pa.DataType) -> int:
    """Bytes that each row takes before its texts are counted: of a text its number in the dictionary."""
    return 4 if _is_text(kind) else 0 if kinds.is_null(kind) else max(kind.bit_width // 8, 1)


def _unpacked(chunk: pa.Array) -> int:
    """Bytes of a column's values, each text as often as it stands there."""
    if not isinstance(chunk, pa.DictionaryArray) or not _is_text(chunk.type):
        return chunk.nbytes
    lengths = pc.call_function("binary_length", [chunk.dictionary])
    return int(np.nansum(lengths.take(chunk.indices).to_numpy(zero_copy_only=False)))  # a missing text is NaN
