"""Read a table of predictions from another program, CSV or Parquet, in a child process with limits."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa

from histo_core.data.formats.csv_table import read_csv
from histo_core.data.formats.parquet_table import read_parquet
from histo_core.errors import DataNotFoundError, UnsafeFileError
from histo_core.limited import LimitReachedError, run_limited
from histo_core.regular_files import read_regular

SUFFIXES = (".csv", ".parquet")
MAX_BYTES = 64 << 20
"""Largest file: a million rows of two classes take about 50 MB as CSV."""
SECONDS = 20.0
MEMORY_BYTES = 3 << 30
_TARGET = "histo_core.comparison.import_reading:in_child"


def read_import_file(path: Path) -> pd.DataFrame:
    """Read a table from a file of this machine; see `read_import`."""
    _check_kind(path.name)
    try:
        content = read_regular(path, MAX_BYTES)
    except OSError as error:
        raise DataNotFoundError(
            f"{path} cannot be opened ({error.strerror}).", "A readable CSV or Parquet file is expected.", "Check it."
        ) from None
    return read_import(path.name, content)


def read_import(name: str, content: bytes) -> pd.DataFrame:
    """Read the bytes of a table.

    Args:
        name: the file's name; its ending says what it is.
        content: its bytes.

    Returns:
        The table. Cells of a CSV are text; columns of a Parquet file keep their types.

    Raises:
        UnsafeFileError: another ending, more than `MAX_BYTES`, or more time or memory than allowed.
        DataError: as `histo_core.data.formats.csv_table.read_csv` and `read_parquet`.
    """
    suffix = _check_kind(name)
    if len(content) > MAX_BYTES:
        raise UnsafeFileError(
            f"{name} has {len(content):,} bytes.", f"At most {MAX_BYTES:,} are read.", "Keep the needed columns only."
        )
    request = json.dumps(suffix).encode() + b"\n" + content
    try:
        answer = run_limited(_TARGET, request, seconds=SECONDS, memory_bytes=MEMORY_BYTES)
    except LimitReachedError:
        raise UnsafeFileError(
            f"{name} was not read within {SECONDS:g} s and {MEMORY_BYTES >> 20:,} MiB of memory.",
            "A table of predictions takes a second.",
            "Keep the needed columns only.",
        ) from None
    with pa.ipc.open_stream(answer) as stream:
        return stream.read_all().to_pandas()


def in_child(request: bytes) -> bytes:
    """Read a request (one line with the ending, then the file's bytes), and return an Arrow stream."""
    suffix, _, content = request.partition(b"\n")
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"predictions{json.loads(suffix)}"
        file.write_bytes(content)
        table = read_csv(file, (), None) if file.suffix == ".csv" else read_parquet(file)
    repeated = table.select_dtypes("category").columns  # texts that occur in many rows
    table = table.astype(dict.fromkeys(repeated, "str"))
    written = pa.Table.from_pandas(table, preserve_index=False)
    answer = BytesIO()
    with pa.ipc.new_stream(answer, written.schema) as stream:
        stream.write_table(written)
    return answer.getvalue()


def _check_kind(name: str) -> str:
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise UnsafeFileError(
            f"{name} is no table of predictions.", f"Endings: {', '.join(SUFFIXES)}.", "Save it as one of these."
        )
    return suffix
