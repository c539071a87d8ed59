"""Rows gathered from a file, mapped and read."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from histo_core.data.formats import flat_array
from histo_core.data.formats.flat_array import FlatArray
from histo_core.errors import CorruptDataError

VALUES = np.random.default_rng(0).integers(0, 1000, (50, 4, 3), dtype=np.int32)
ROWS = [49, 3, 3, 4, 5, 0, 12, -1]


@pytest.fixture(params=["mapped", "read"])
def array(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FlatArray:
    (tmp_path / "a.bin").write_bytes(b"head" + VALUES.tobytes())
    monkeypatch.setattr(flat_array, "is_local", lambda path: request.param == "mapped")
    return FlatArray(tmp_path / "a.bin", VALUES.shape, np.int32, offset=4)


def test_rows_come_in_the_order_asked_for_as_a_copy(array: FlatArray) -> None:
    read = array.read(ROWS)
    np.testing.assert_array_equal(read, VALUES[ROWS])
    read[:] = 0
    np.testing.assert_array_equal(array.read(ROWS), VALUES[ROWS])
    assert array.read([]).shape == (0, 4, 3)
    assert len(array) == 50


def test_a_span_is_read_into_an_array(array: FlatArray) -> None:
    out = np.zeros((7, 4, 3), np.int32)
    array.read_into(out, 11)
    np.testing.assert_array_equal(out, VALUES[11:18])


@pytest.mark.parametrize("row", [50, -51])
def test_rows_that_are_not_there_are_refused(array: FlatArray, row: int) -> None:
    with pytest.raises(IndexError):
        array.read([0, row])


def test_it_pickles_to_its_place(array: FlatArray) -> None:
    array.read([0])
    sent = pickle.dumps(array)
    assert len(sent) < 1000
    np.testing.assert_array_equal(pickle.loads(sent).read(ROWS), VALUES[ROWS])  # noqa: S301  (our own bytes)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (Path.unlink, r"cannot be read \(No such file or directory\)"),
        (lambda path: path.write_bytes(b"short"), "ends before its last value"),
    ],
)
def test_a_file_that_changes_before_it_is_read_is_named(
    array: FlatArray, change: Callable[[Path], object], says: str
) -> None:
    change(array.path)
    with pytest.raises(CorruptDataError, match=rf"a\.bin {says}\. It was whole when it was opened"):
        array.read([49])


def test_a_file_that_is_cut_short_is_an_error_where_it_is_not_mapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.bin").write_bytes(VALUES.tobytes()[:-1])
    monkeypatch.setattr(flat_array, "is_local", lambda path: False)
    array = FlatArray(tmp_path / "a.bin", VALUES.shape, np.int32)
    np.testing.assert_array_equal(array.read([48]), VALUES[[48]])
    with pytest.raises(CorruptDataError, match=r"a\.bin ends before its last value"):
        array.read([49])
