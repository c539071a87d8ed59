"""Files that would take far more time or memory than their bytes: each is refused by a bound known before."""

from __future__ import annotations

import os
import struct
import tarfile
import tracemalloc
import zlib
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from histo_core.data.formats import hdf5, images
from histo_core.data.formats.csv_table import read_csv
from histo_core.data.formats.hdf5 import open_array, open_column
from histo_core.data.formats.image_child import open_upload
from histo_core.data.formats.images import open_image
from histo_core.data.formats.parquet_table import read_parquet
from histo_core.data.formats.tar_file import unpack_tar
from histo_core.data.predictions import read_predictions
from histo_core.errors import CorruptDataError, DataNotFoundError, UnsafeFileError

SHAPE = (None, 8, 8, 3)


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(before: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + before + chunk(b"IDAT", zlib.compress(bytes(25 * 8))) + chunk(b"IEND")


def progressive(scans: int) -> bytes:
    file = BytesIO()
    Image.new("RGB", (64, 64)).save(file, "JPEG", progressive=True)
    whole = file.getvalue()
    return whole[:-2] + whole[whole.rindex(b"\xff\xda") : -2] * scans + whole[-2:]


def packed_bmp(width: int, height: int) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, 4, 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 1082, 0, 0, 1078) + head + bytes(1024) + b"\0\1\0\1"


def endless(size: int) -> bytes:
    """A packed stream of more than ``size`` zeros."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packing.compress(bytes(1 << 20)) + packing.flush(zlib.Z_FULL_FLUSH)
    return b"\x78\x9c" + block * (size >> 20)


def white_is_zero(strip: bytes, packing: int, values: int = 1) -> bytes:
    """A TIFF of 8 x 8 values of 16 bits, whose bits a tag gives so many times."""
    tags = [(256, 4, 8), (257, 4, 8), (258, 3, 16), (259, 3, packing), (262, 3, 0), (273, 4, 0), (277, 3, 1)]
    tags += [(278, 4, 8), (279, 4, len(strip))]
    place = 8 + 2 + 12 * len(tags) + 4
    bits = struct.pack("<H", 16) * values if values > 1 else b""
    entries = b""
    for tag, kind, value in tags:
        if tag == 258 and bits:
            entries += struct.pack("<HHII", tag, kind, values, place)
        else:
            entries += struct.pack("<HHII", tag, kind, 1, place + len(bits) if tag == 273 else value)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + bits + strip


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (png(chunk(b"abCd") * 100_001), CorruptDataError, "more than 100,000 chunks"),
        (progressive(100), CorruptDataError, "scans, and at most 100 are decoded"),
        (packed_bmp(4_000, 1_001), UnsafeFileError, "At most 4,000,000 pixels"),
        (white_is_zero(bytes(128), 1, values=3_000_000), CorruptDataError, "6,000,000 bytes of numbers"),
        (white_is_zero(zlib.compress(bytes(129)), 8), CorruptDataError, "unpacks to more than its pixels"),
        (white_is_zero(endless(1 << 30), 8), CorruptDataError, "unpacks to more than its pixels"),
        (white_is_zero(bytes(64), 32773), CorruptDataError, "a packing that is not read"),
    ],
)
def test_an_image_that_takes_far_more_than_its_bytes_is_refused(
    content: bytes, error: type[Exception], says: str
) -> None:
    tracemalloc.start()
    with pytest.raises(error, match=says):
        open_image(content)
    assert tracemalloc.get_traced_memory()[1] < 100e6
    tracemalloc.stop()


def test_what_comes_near_those_bounds_is_read() -> None:
    assert open_image(png(chunk(b"abCd") * 1_000)).shape == (8, 8, 3)
    assert open_image(progressive(0)).shape == (64, 64, 3)
    assert open_image(white_is_zero(zlib.compress(bytes(128)), 8)).max() == 255
    assert open_image(white_is_zero(bytes(128), 1)).max() == 255


def test_an_images_bytes_are_bounded_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "giant.png").open("wb") as file:
        file.truncate(6 << 30)
    with pytest.raises(UnsafeFileError, match=r"giant\.png has 6,442,450,944 bytes"):
        open_image(tmp_path / "giant.png")
    monkeypatch.setattr(images, "MAX_FILE_BYTES", 10)
    with pytest.raises(UnsafeFileError, match="At most 10 are read"):
        open_image(png())


def test_an_upload_is_read_in_a_process_of_its_own_with_the_same_pixels_and_errors() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    np.testing.assert_array_equal(open_upload(file.getvalue(), max_pixels=600), pixels)
    with pytest.raises(UnsafeFileError, match="At most 599 pixels"):
        open_upload(file.getvalue(), max_pixels=599)
    with pytest.raises(CorruptDataError, match="cannot be decoded"):
        open_upload(file.getvalue()[:-200], max_pixels=600)


def test_an_upload_that_takes_too_much_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    file = BytesIO()
    Image.new("RGB", (5_000, 5_000)).save(file, "PNG")
    open_upload(png(), max_pixels=64)
    for name, least in (("SECONDS", 0.001), ("MEMORY_BYTES", 1 << 20)):
        with monkeypatch.context() as patched:
            patched.setattr(f"histo_core.data.formats.image_child.{name}", least)
            with pytest.raises(UnsafeFileError, match="was not decoded within"):
                open_upload(file.getvalue(), max_pixels=25_000_000)


def stored(path: Path, values: np.ndarray, **layout: object) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=values, **layout)
    return path


def test_a_chunk_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        made = file.create_dataset("x", (4, 8, 8, 3), "uint8", chunks=(4, 8, 8, 3), compression="gzip")
        made.id.write_direct_chunk((0, 0, 0, 0), endless(1 << 30))
    with pytest.raises(UnsafeFileError, match="unpacks to more than the 772 bytes"):
        open_array(tmp_path / "a.h5", "x", shape=SHAPE).read([0])


def test_packings_without_a_bound_are_refused(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.h5", np.zeros((4, 8, 8, 3), np.uint8), scaleoffset=4)
    with pytest.raises(UnsafeFileError, match="packed by HDF5's filters 6"):
        open_array(path, "x", shape=SHAPE)


@pytest.mark.parametrize("packing", [{}, {"compression": "gzip"}, {"compression": "lzf"}])
def test_chunks_larger_than_the_cache_are_unpacked_once_a_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packing: dict[str, str]
) -> None:
    values = np.random.default_rng(0).integers(0, 256, (500, 8, 8, 3), np.uint8)
    array = open_array(stored(tmp_path / "a.h5", values, chunks=(250, 8, 4, 3), **packing), "x", shape=SHAPE)
    monkeypatch.setattr(hdf5, "_CHUNK_CACHE_BYTES", 100)
    monkeypatch.setattr(hdf5, "_ROWS_AT_ONCE", 7)
    rows = [499, 3, 3, 250, 5, 0, 12, 14, 16, 18, 300]
    np.testing.assert_array_equal(array.read(rows), values[rows])
    assert array.read([]).shape == (0, 8, 8, 3)


def test_large_chunks_are_looked_at_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("histo_core.data.formats.hdf5_chunks._MAX_BYTES", {1: 0, 32_000: 1 << 30})
    values = np.random.default_rng(0).integers(0, 256, (50, 8, 8, 3), np.uint8)
    path = stored(tmp_path / "a.h5", values, chunks=(7, 8, 8, 3), compression="gzip", fletcher32=True)
    np.testing.assert_array_equal(open_array(path, "x", shape=SHAPE).read(range(50)), values)


def test_a_column_has_at_most_so_many_rows(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.h5", np.zeros(5_000_001, np.uint8), chunks=(1 << 20,), compression="gzip")
    with pytest.raises(CorruptDataError, match="N at most 5,000,000"):
        open_column(path, "x")


@pytest.mark.parametrize(
    "text",
    [
        "path,label," + ",".join(map(str, range(2_000))),
        "\n\n" + ",".join(map(str, range(2_000))),
        '"a\nb",' + ",".join(map(str, range(2_000))),
        "path,label\n" + "1," * 2_000,
        "path,label\n" + "x" * 100_000 * 11,
    ],
)
def test_a_csv_has_a_bound_of_columns(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises((UnsafeFileError, CorruptDataError), match=r"1,000 columns|field larger"):
        read_csv(tmp_path / "a.csv", ("path", "label"))


def test_a_csv_has_a_bound_of_rows_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text("path,label\n" + "1,2\n" * 20)
    monkeypatch.setattr("histo_core.data.formats.csv_table.MAX_ROWS", 20)
    assert len(read_csv(path, ("path", "label"))) == 20
    monkeypatch.setattr("histo_core.data.formats.csv_table.MAX_ROWS", 19)
    with pytest.raises(UnsafeFileError, match="At most 19 are"):
        read_csv(path, ("path", "label"))
    os.truncate(path, 200 << 20)
    with pytest.raises(UnsafeFileError, match="209,715,200 bytes"):
        read_csv(path, ("path", "label"))


def test_a_parquet_file_has_bounds_of_columns_and_of_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({f"c{number}": [1] for number in range(1_001)}), path)
    with pytest.raises(UnsafeFileError, match="1,001 columns"):
        read_parquet(path)
    codes = pa.array(np.zeros(100_000, np.int32))
    pq.write_table(pa.table({"sample_id": pa.DictionaryArray.from_arrays(codes, ["x" * 50_000])}), path)
    for read in (read_parquet, read_predictions):
        with pytest.raises(UnsafeFileError, match=r"5,000,\d{3},\d{3} bytes"):
            read(path)


def test_predictions_are_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "predictions.parquet")
    with pytest.raises(DataNotFoundError, match="named pipe"):
        read_predictions(tmp_path / "predictions.parquet")


def test_notes_and_tails_of_an_archive_have_a_bound(tmp_path: Path) -> None:
    member = tarfile.TarInfo("note")
    member.type, member.size = tarfile.XHDTYPE, 8 << 30
    head = zlib.compressobj(wbits=31)
    note = head.compress(member.tobuf(tarfile.GNU_FORMAT)) + head.flush()
    rest = zlib.compressobj(1, wbits=31)
    zeros = rest.compress(bytes(300 << 20)) + rest.flush()
    whole = BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    for content, says in ((note + zeros, "a note in it has more than"), (whole.getvalue() + zeros, "more than 1,000")):
        (tmp_path / "a.tar.gz").write_bytes(content)
        with pytest.raises(UnsafeFileError, match=says):
            unpack_tar(tmp_path / "a.tar.gz", tmp_path / "out", max_bytes=1_000)
        assert not (tmp_path / "out").exists()
