"""HDF5 files, plain and hostile."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest

from histo_core.data.formats import flat_array, hdf5
from histo_core.data.formats.hdf5 import open_array, open_column
from histo_core.errors import CorruptDataError, DataError, DataNotFoundError, UnsafeFileError

SHAPE = (None, 8, 8, 3)
VALUES = np.random.default_rng(0).integers(0, 256, (50, 8, 8, 3), dtype=np.uint8)
LAYOUTS: list[dict[str, object]] = [
    {},
    {"chunks": (1, 8, 8, 3), "compression": "gzip"},
    {"chunks": (7, 8, 4, 3), "compression": "lzf", "shuffle": True},
]
ROWS = [49, 3, 3, 4, 5, 0, 12]


def write(path: Path, **layout: object) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=VALUES, **layout)
    return path


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_come_in_the_order_asked_for(layout: dict[str, object], tmp_path: Path) -> None:
    array = open_array(write(tmp_path / "a.h5", **layout), "x", shape=SHAPE)
    assert len(array) == 50
    read = array.read(ROWS)
    np.testing.assert_array_equal(read, VALUES[ROWS])
    assert read.flags.writeable
    assert array.read([]).shape == (0, 8, 8, 3)


def test_contiguous_values_are_mapped_only_from_a_local_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.h5")
    assert open_array(path, "x", shape=SHAPE).mapped
    assert not open_array(write(tmp_path / "b.h5", chunks=True), "x", shape=SHAPE).mapped
    monkeypatch.setattr(flat_array, "is_local", lambda path: False)
    array = open_array(path, "x", shape=SHAPE)
    assert not array.mapped
    np.testing.assert_array_equal(array.read(ROWS), VALUES[ROWS])


def test_a_user_block_before_the_file_moves_the_map(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w", userblock_size=512) as file:
        file["x"] = VALUES
    np.testing.assert_array_equal(open_array(tmp_path / "a.h5", "x", shape=SHAPE).read(ROWS), VALUES[ROWS])


@pytest.mark.parametrize("layout", LAYOUTS[:2])
def test_it_survives_pickling(layout: dict[str, object], tmp_path: Path) -> None:
    array = open_array(write(tmp_path / "a.h5", **layout), "x", shape=SHAPE)
    array.read([0])
    sent = pickle.dumps(array)
    assert len(sent) < 2000  # the place of the values, not the values
    np.testing.assert_array_equal(pickle.loads(sent).read(ROWS), VALUES[ROWS])  # noqa: S301  (our own bytes)


def test_another_process_opens_its_own_handle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array = open_array(write(tmp_path / "a.h5", chunks=True), "x", shape=SHAPE)
    array.read([0])
    mine = array.opened()
    assert array.opened() is mine
    monkeypatch.setattr(hdf5.os, "getpid", lambda: -1)
    assert array.opened() is not mine
    np.testing.assert_array_equal(array.read(ROWS), VALUES[ROWS])


def external_link(path: Path) -> None:
    write(path.with_name("other.h5"))
    with h5py.File(path, "w") as file:
        file["x"] = h5py.ExternalLink("other.h5", "/x")


def soft_link(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["real"] = VALUES
        file["x"] = h5py.SoftLink("/real")


def external_storage(path: Path) -> None:
    path.with_name("secret").write_bytes(VALUES.tobytes())
    with h5py.File(path, "w") as file:
        file.create_dataset("x", VALUES.shape, "uint8", external=[(str(path.with_name("secret")), 0, VALUES.nbytes)])


def virtual(path: Path) -> None:
    write(path.with_name("other.h5"))
    layout = h5py.VirtualLayout(VALUES.shape, "uint8")
    layout[:] = h5py.VirtualSource(path.with_name("other.h5"), "x", VALUES.shape)
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("x", layout)


def nothing_stored(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (1_000_000, 8, 8, 3), "uint8")


def no_chunk_stored(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (1_000_000, 8, 8, 3), "uint8", chunks=(64, 8, 8, 3))


def giant_chunk(path: Path) -> None:
    with h5py.File(path, "w") as file:
        stored = file.create_dataset(
            "x", (1_500_000, 8, 8, 3), "uint8", chunks=(1_500_000, 8, 8, 3), compression="gzip"
        )
        stored.id.write_direct_chunk((0, 0, 0, 0), b"tiny")


def cut_short(path: Path) -> None:
    content = write(path).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def no_hdf5(path: Path) -> None:
    path.write_bytes(b"id,label\n")


def other_shape(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["x"] = VALUES[:, :4]


def other_type(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["x"] = VALUES.astype(np.float64)


def group(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_group("x")


def other_name(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["images"] = VALUES


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (external_link, UnsafeFileError, "is a link"),
        (soft_link, UnsafeFileError, "is a link"),
        (external_storage, UnsafeFileError, "stored outside the file"),
        (virtual, UnsafeFileError, "virtual array"),
        (nothing_stored, UnsafeFileError, "declares 192,000,000 bytes"),
        (no_chunk_stored, UnsafeFileError, "declares 192,000,000 bytes"),
        (giant_chunk, UnsafeFileError, "chunks of at most 256 MiB"),
        (cut_short, CorruptDataError, "cannot be read as HDF5"),
        (no_hdf5, CorruptDataError, "cannot be read as HDF5"),
        (other_shape, CorruptDataError, r"uint8 \[50, 4, 8, 3\].*\['N', 8, 8, 3\]"),
        (other_type, CorruptDataError, "is float64"),
        (group, CorruptDataError, "is no array"),
        (other_name, DataNotFoundError, "It holds: images"),
        (lambda path: None, DataNotFoundError, "There is no"),
    ],
)
def test_bad_files_are_refused_in_words(
    make: Callable[[Path], None], error: type[DataError], says: str, tmp_path: Path
) -> None:
    make(tmp_path / "a.h5")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(error, match=says) as caught:
        open_array(tmp_path / "a.h5", "x", shape=SHAPE)
    assert "a.h5" in caught.value.found
    assert caught.value.remedy
    assert sorted(tmp_path.iterdir()) == before


def test_damaged_chunks_are_named_when_read(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        stored = file.create_dataset("x", VALUES.shape, "uint8", chunks=VALUES.shape, compression="gzip")
        stored.id.write_direct_chunk((0, 0, 0, 0), b"no gzip stream")
    with pytest.raises(CorruptDataError, match=r"a\.h5 cannot be read"):
        open_array(path, "x", shape=SHAPE).read([0])


def test_a_file_that_changes_before_it_is_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    for change, says in (
        (Path.unlink, "There is no"),
        (cut_short, "cannot be read as HDF5"),
        (other_shape, "has changed since it was opened"),
        (other_type, "has changed since it was opened"),
        (group, "is no array"),
    ):
        array = open_array(write(path, chunks=True), "x", shape=SHAPE)
        change(path)
        with pytest.raises(DataError, match=rf"{says}"):
            array.read(ROWS)


@pytest.mark.parametrize("layout", LAYOUTS[:2])
def test_random_damage_never_shows_another_error(layout: dict[str, object], tmp_path: Path) -> None:
    whole = write(tmp_path / "a.h5", **layout).read_bytes()
    places = np.array([place for place in range(len(whole)) if place < 8192 or place > len(whole) - 8192])
    rng = np.random.default_rng(0)
    for turn in range(150):
        content = bytearray(whole)
        for place in rng.choice(places, 1 + turn % 5):  # where HDF5 keeps what it says of the values
            content[place] = rng.integers(256)
        (tmp_path / f"{turn}.h5").write_bytes(content)
        with suppress(DataError):
            assert open_array(tmp_path / f"{turn}.h5", "x", shape=SHAPE).read(ROWS).shape == (7, 8, 8, 3)


LABELS = np.arange(7) % 2
KINDS = ("?", "u1", "i1", "<u2", ">u2", "<i4", ">i8", "<u8", "<f2", ">f2", "<f4", ">f8")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(7,), (7, 1), (7, 1, 1, 1), (1, 7)])
def test_a_column_may_have_any_shape_and_type_of_one_number_a_sample(
    kind: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    for name, chunks in (("plain", None), ("chunked", True)):
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            file.create_dataset("y", data=LABELS.reshape(shape).astype(kind), chunks=chunks)
        stored = open_column(tmp_path / f"{name}.h5", "y")
        np.testing.assert_array_equal(stored.read(np.arange(len(stored))).reshape(-1).astype(float), LABELS)


@pytest.mark.parametrize(
    "values",
    [np.zeros((7, 2), "u1"), np.zeros((), "u1"), np.zeros(7, "S3"), np.zeros(7, "c8"), np.zeros((7, 3, 1), "u1")],
)
def test_what_is_not_one_number_a_sample_is_refused(values: np.ndarray, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["y"] = values
        file["empty"] = h5py.Empty("u1")
    with pytest.raises(CorruptDataError, match="One number a sample is expected"):
        open_column(tmp_path / "a.h5", "y")
    with pytest.raises(CorruptDataError):
        open_column(tmp_path / "a.h5", "empty")


def no_label_stored(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (1_000_000,), "uint8")


@pytest.mark.parametrize("damage", [external_link, soft_link, external_storage, virtual, no_label_stored])
def test_a_column_is_checked_as_any_array(damage: Callable[[Path], None], tmp_path: Path) -> None:
    damage(tmp_path / "a.h5")
    with pytest.raises(UnsafeFileError):
        open_column(tmp_path / "a.h5", "x")
