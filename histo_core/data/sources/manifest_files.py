"""The table file of a manifest, and the files that its paths name."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as kinds

from histo_core.data.formats.csv_table import read_csv, require_columns
from histo_core.data.formats.images import KINDS, SUFFIXES
from histo_core.errors import ConfigError, CorruptDataError, UnsafeFileError

MAX_ROWS = 5_000_000
MAX_BYTES = 256 << 20
"""Of a Parquet file's columns, unpacked, with each text as often as it stands: kilobytes can unpack to gigabytes."""

_NEEDED = ("path", "label")


def read_manifest(file: Path) -> pd.DataFrame:
    """The table of a .csv file (all cells text) or a .parquet file (as typed there).

    Raises:
        ConfigError: another suffix.
        UnsafeFileError: too large.
        CorruptDataError: it cannot be read, has no rows, or lacks path or label.
    """
    if file.suffix.lower() == ".csv":
        table = read_csv(file, _NEEDED, optional=None)
    elif file.suffix.lower() == ".parquet":
        table = _read_parquet(file)
        require_columns(table, _NEEDED, file)
    else:
        raise ConfigError(f"file = {file.name!r} is no table.", "A .csv or .parquet file.", "Save it as one of these.")
    if table.empty:
        raise CorruptDataError(f"{file} has no rows.", "At least one is needed.", "Check the file.")
    return table


def _read_parquet(file: Path) -> pd.DataFrame:
    try:
        schema = pq.read_schema(file)
        _check_columns(schema, file)
        texts = [field.name for field in schema if _is_text(field.type)]
        with pq.ParquetFile(file, read_dictionary=texts) as opened:  # a text that stands in many rows is kept once
            groups = [opened.metadata.row_group(number) for number in range(opened.metadata.num_row_groups)]
            rows, packed = opened.metadata.num_rows, sum(group.total_byte_size for group in groups)
            wide = rows * sum(_width(kind) for kind in schema.types)
            _check_size(file, rows, max(packed, wide))
            table = opened.read()
            _check_size(file, rows, sum(_unpacked(chunk) for column in table.columns for chunk in column.chunks))
            return table.to_pandas(ignore_metadata=True)
    except (OSError, ValueError, NotImplementedError) as error:  # what pyarrow's errors are
        raise CorruptDataError(
            f"{file} cannot be read as Parquet ({error}).", "An Apache Parquet file is expected.", "Save it again."
        ) from None


def _check_columns(schema: pa.Schema, file: Path) -> None:
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        raise CorruptDataError(
            f"{file} has the column {twice[0]!r} more than once.", "Each column has a name of its own.", "Rename one."
        )
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


class NamedFiles:
    """Says what is wrong with a path of a manifest; folders are looked at once, however many files they hold.

    Args:
        root: the manifest's folder, resolved; paths are relative to it, and stay inside it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._inside: dict[str, bool] = {}

    def wrong(self, path: str) -> str:
        """A clause, or "" where the path names a file that may be read."""
        if not path:
            return "has no path"
        named = PurePosixPath(path)
        if named.is_absolute() or ".." in named.parts or "\0" in path:
            return "has a path that leads out of the manifest's folder"
        if not path.lower().endswith(SUFFIXES):
            return f"is no {KINDS} file by its name"
        try:
            mode = os.lstat(self.root / path).st_mode
        except OSError as error:
            return f"has no file ({error.strerror})"
        if not self._is_inside(str(named.parent)) or (stat.S_ISLNK(mode) and not self._leads_inside(path)):
            return "is a link that leads out of the manifest's folder"
        return "" if stat.S_ISREG(mode) or stat.S_ISLNK(mode) else "is no file"

    def _is_inside(self, folder: str) -> bool:
        if folder not in self._inside:
            self._inside[folder] = self._leads_inside(folder)
        return self._inside[folder]

    def _leads_inside(self, path: str) -> bool:
        return Path(os.path.realpath(self.root / path)).is_relative_to(self.root)
