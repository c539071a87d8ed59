"""Properties of tables and folders, whatever is in them."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from histo_core.data.formats.csv_cells import to_csv, unescaped
from histo_core.data.formats.csv_table import read_csv
from histo_core.data.formats.hdf5 import open_column
from histo_core.data.formats.system_names import is_system
from histo_core.data.formats.truth import zero_or_one
from histo_core.data.formats.walk import Walk

MANY = settings(derandomize=True, deadline=None, max_examples=50)
FEW = settings(derandomize=True, deadline=None, max_examples=25)

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8),
    st.text("='+-@\t\r\n\",; a1", max_size=8),
)


@MANY
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), max_size=6))
def test_no_cell_is_a_formula_and_each_comes_back(rows: list[tuple[str, str]]) -> None:
    content = to_csv(pd.DataFrame(rows, columns=["one", "other"], dtype=object))
    read = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert read[0] == ["one", "other"]
    assert [tuple(map(unescaped, line)) for line in read[1:]] == rows
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for line in read for cell in line)


@FEW
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6))
def test_our_own_tables_are_read_as_they_were_written(rows: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(to_csv(pd.DataFrame([(*row, "end") for row in rows], columns=["one", "other", "last"])))
        table = read_csv(path, ("one", "other"), None)
    assert [tuple(map(unescaped, row)) for row in table[["one", "other"]].itertuples(index=False)] == rows


@MANY
@given(
    number=st.sampled_from([0, 1]),
    zeros=st.integers(0, 3),
    places=st.integers(0, 3),
    spaces=st.sampled_from(["", " ", "\t"]),
)
def test_a_number_is_zero_or_one_however_it_is_padded(number: int, zeros: int, places: int, spaces: str) -> None:
    text = f"{spaces}{'0' * zeros}{number}{'.' if places else ''}{'0' * places}{spaces}"
    assert zero_or_one(text) == number


@MANY
@given(value=st.floats(allow_nan=True, allow_infinity=True))
def test_any_other_number_is_neither(value: float) -> None:
    assert zero_or_one(repr(value)) == (int(value) if value in (0.0, 1.0) else None)


FOLDERS = st.sampled_from(["a", "b", "deep", "@eaDir", ".git", "$RECYCLE.BIN", "größe"])
FILES = st.sampled_from(["1.png", "2.TIF", "3.jpeg", "notes.txt", "Thumbs.db", "._1.png", "README", "x.h5", "scan.001"])


@FEW
@given(
    places=st.lists(st.tuples(st.lists(FOLDERS, max_size=3), FILES), max_size=15),
    asked=st.lists(st.sampled_from(["a", "b", "deep"]), max_size=2, unique=True),
)
def test_every_file_is_taken_or_counted_once(places: list[tuple[list[str], str]], asked: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        for folders, file in places:
            path = root.joinpath(*folders, file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        there = [
            Path(folder, file).relative_to(root)
            for folder, _, files in os.walk(root)
            for file in files
            if not any(is_system(part) for part in Path(folder, file).relative_to(root).parts)
        ]
        walk = Walk(root)
        walk.folders(root)
        taken = [image for folder in asked if (root / folder).is_dir() for image in walk.all_images(root / folder)]
        found = walk.survey().left_out
    images = (".png", ".tif", ".jpeg")
    assert sorted(map(str, taken)) == sorted(
        str(root / path)
        for path in there
        if path.suffix.lower() in images and path.parts[0] in asked and path.parts[1:]
    )
    assert found.count == len(there) - len(taken)
    assert walk.problems == []


@FEW
@given(data=st.data())
def test_labels_come_back_from_any_type_and_shape(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 9))
    kind = data.draw(st.sampled_from(["?", "i1", "<i2", ">i4", "<i8", "u1", ">u2", "<u4", ">u8", "<f2", ">f4", "<f8"]))
    before, after = data.draw(st.tuples(st.integers(0, 1), st.integers(0, 3)))
    labels = np.array(data.draw(st.lists(st.integers(0, 1), min_size=count, max_size=count)))
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "y.h5"
        with h5py.File(path, "w") as file:
            file["y"] = labels.reshape((1,) * before + (count,) + (1,) * after).astype(kind)
        stored = open_column(path, "y")
        read = stored.read(np.arange(len(stored))).reshape(-1)
    np.testing.assert_array_equal(read.astype(np.int64), labels)
