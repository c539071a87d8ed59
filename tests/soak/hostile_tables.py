"""Tables, arrays and archives that are damaged, lie about themselves, or unpack to far more than their bytes."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hostile_bytes import endless, endless_gzip
from hostile_kind import CORRUPT, NOT_FOUND, READ, UNSAFE, Kind, written

_HEAD = b"path,label\n"


def _csv_plain(rng: random.Random) -> bytes:
    return _HEAD + b"".join(b"%d.png,%s\n" % (row, rng.choice([b"a", b"=1+1", b"@x"])) for row in range(2_000))


def _csv_wide(rng: random.Random) -> bytes:
    names = b",".join(b"%d" % number for number in range(rng.randrange(2_000, 300_000)))
    return rng.choice([_HEAD[:-1] + b"," + names + b"\n", _HEAD + names + b"\n", b"\n\n" + names, b'"a\nb",' + names])


def _csv_rows(rng: random.Random) -> bytes:
    return _HEAD + b"1,1\n" * rng.randrange(6_000_000, 14_000_000)


def _csv_cell(rng: random.Random) -> bytes:
    return _HEAD + b"x," + b"y" * rng.randrange(2 << 20, 60 << 20)


def _csv_broken(rng: random.Random) -> bytes:
    return rng.choice(
        [
            "path,label\n".encode("utf-16"),
            _HEAD + b'"' + b"x" * 1000,
            _HEAD + b"a,b\n" + b"a,b,c,d\n",
            b"path,path\n1,2\n",
            b"path\n1\n",
            _HEAD + b"\xff\xfe,1\n",
            rng.randbytes(5_000),
            b"\0" * 5_000,
        ]
    )


def _parquet(table: pa.Table) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def _parquet_plain(rng: random.Random) -> bytes:
    return _parquet(pa.table({"path": [f"{row}.png" for row in range(500)], "label": [rng.random()] * 500}))


def _parquet_texts(rng: random.Random) -> bytes:
    text = "x" * rng.randrange(20_000, 60_000)
    codes = pa.array(np.zeros(200_000, np.int32))
    return _parquet(pa.table({"path": pa.DictionaryArray.from_arrays(codes, [text]), "label": codes}))


def _parquet_rows(rng: random.Random) -> bytes:
    return _parquet(pa.table({"path": pa.array(np.zeros(rng.randrange(6_000_000, 20_000_000), np.int8))}))


def _parquet_wide(rng: random.Random) -> bytes:
    return _parquet(pa.table({f"c{number}": [1] for number in range(rng.randrange(1_500, 20_000))}))


def _parquet_nested(rng: random.Random) -> bytes:
    return _parquet(pa.table({"path": [[1, 2]] * 3, "label": [{"a": 1}] * 3}))


def _parquet_flipped(rng: random.Random) -> bytes:
    content = bytearray(_parquet_plain(rng))
    for _ in range(rng.randrange(1, 30)):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return bytes(content)


def _parquet_cut(rng: random.Random) -> bytes:
    whole = _parquet_plain(rng)
    return whole[: rng.randrange(4, len(whole) - 1)]


def _hdf5_plain(path: Path, rng: random.Random) -> None:
    with h5py.File(path, "w") as file:
        layout = rng.choice(
            [{}, {"compression": "gzip"}, {"compression": "lzf", "shuffle": True}, {"fletcher32": True}]
        )
        file.create_dataset("x", data=np.zeros((200, 16, 16, 3), np.uint8), **layout)


def _hdf5_bomb(path: Path, rng: random.Random) -> None:
    with h5py.File(path, "w") as file:
        made = file.create_dataset("x", (4, 16, 16, 3), "uint8", chunks=(4, 16, 16, 3), compression="gzip")
        made.id.write_direct_chunk((0, 0, 0, 0), endless(rng.choice([1, 2, 4]) << 30))


def _hdf5_large_chunk(path: Path, rng: random.Random) -> None:
    rows = rng.randrange(100_000, 330_000)
    with h5py.File(path, "w") as file:
        values = np.random.default_rng(0).integers(0, 4, (rows, 16, 16, 3), np.uint8)
        file.create_dataset("x", data=values, chunks=values.shape, compression="gzip", compression_opts=1)


def _hdf5_too_large_chunk(path: Path, rng: random.Random) -> None:
    with h5py.File(path, "w") as file:
        made = file.create_dataset("x", (900_000, 16, 16, 3), "uint8", chunks=(900_000, 16, 16, 3), compression="gzip")
        made.id.write_direct_chunk((0, 0, 0, 0), endless(1 << 30))


def _hdf5_claims(path: Path, rng: random.Random) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (rng.randrange(1 << 20, 1 << 30), 16, 16, 3), "uint8", chunks=rng.choice([None, True]))


def _hdf5_elsewhere(path: Path, rng: random.Random) -> None:
    other = path.with_name("other.h5")
    with h5py.File(other, "w") as file:
        file["x"] = np.zeros((4, 16, 16, 3), np.uint8)
    with h5py.File(path, "w") as file:
        how = rng.choice(["external", "soft", "storage", "virtual"])
        if how == "external":
            file["x"] = h5py.ExternalLink(str(other), "x")
        elif how == "soft":
            file["x"] = h5py.SoftLink("/y")
        elif how == "storage":
            file.create_dataset("x", (4, 16, 16, 3), "uint8", external=[(str(other), 0, 3072)])
        else:
            layout = h5py.VirtualLayout((4, 16, 16, 3), "uint8")
            layout[:] = h5py.VirtualSource(str(other), "x", (4, 16, 16, 3))
            file.create_virtual_dataset("x", layout)


def _hdf5_filter(path: Path, rng: random.Random) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.zeros((4, 16, 16, 3), np.uint8), scaleoffset=rng.choice([1, 4]))


def _hdf5_no_array(path: Path, rng: random.Random) -> None:
    with h5py.File(path, "w") as file:
        for number in range(rng.randrange(10, 20_000)):
            file.create_group(f"g{number}")


def _hdf5_flipped(path: Path, rng: random.Random) -> None:
    _hdf5_plain(path, rng)
    content = bytearray(path.read_bytes())
    for _ in range(rng.randrange(1, 60)):
        content[rng.randrange(min(len(content), 4_000))] = rng.randrange(256)
    path.write_bytes(content)


def _column_huge(path: Path, rng: random.Random) -> None:
    with h5py.File(path, "w") as file:
        size = rng.randrange(20_000_000, 60_000_000)
        file.create_dataset("x", data=np.zeros(size, np.uint8), chunks=(1 << 20,), compression="gzip")


def _gzip_bomb(rng: random.Random) -> bytes:
    return endless_gzip(rng.choice([1, 4, 16]) << 30)


def _gzip_broken(rng: random.Random) -> bytes:
    whole = bytearray(gzip.compress(rng.randbytes(20_000)))
    how = rng.choice(["cut", "sum", "tail", "head"])
    if how == "cut":
        return bytes(whole[: rng.randrange(20, len(whole) - 8)])
    if how == "sum":
        whole[-6] ^= 255
        return bytes(whole)
    return bytes(whole) + b"garbage" if how == "tail" else b"x" + bytes(whole)


def _tar(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def _tar_member(rng: random.Random) -> bytes:
    member = tarfile.TarInfo(rng.choice(["../evil", "a/../../evil", "link"]))
    if member.name == "link":
        member.type = rng.choice([tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
        member.linkname = "/etc/passwd"
        return _tar([(member, b"")])
    return _tar([(member, b"evil")])


def _tar_note(rng: random.Random) -> bytes:
    """A note on a member, of gigabytes, which `tarfile` would read whole."""
    member = tarfile.TarInfo("note")
    member.type, member.size = rng.choice([tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME]), 8 << 30
    head = gzip.compress(member.tobuf(tarfile.GNU_FORMAT))
    return head + endless_gzip(2 << 30)


def _tar_tail(rng: random.Random) -> bytes:
    """An archive behind whose end gigabytes of zeros come."""
    return _tar([(tarfile.TarInfo("a"), b"a")]) + endless_gzip(rng.choice([2, 8]) << 30)


def _tar_files(rng: random.Random) -> bytes:
    block = tarfile.TarInfo("x").tobuf(tarfile.GNU_FORMAT)
    return gzip.compress(block * rng.randrange(21_000, 600_000), 1)


def _tar_large(rng: random.Random) -> bytes:
    member = tarfile.TarInfo("large")
    member.size = rng.randrange(65 << 20, 8 << 30)
    return gzip.compress(member.tobuf(tarfile.GNU_FORMAT)) + endless_gzip(1 << 30)


def _tar_cut(rng: random.Random) -> bytes:
    whole = _tar([(tarfile.TarInfo(f"{n}"), rng.randbytes(3_000)) for n in range(5)])
    return whole[: rng.randrange(50, len(whole) - 100)]


KINDS = (
    Kind("csv plain", "csv", written(_csv_plain), (READ,)),
    Kind("csv wide", "csv", written(_csv_wide), (UNSAFE,), most=10),
    Kind("csv rows", "csv", written(_csv_rows), (UNSAFE,), most=5),
    Kind("csv cell", "csv", written(_csv_cell), (UNSAFE, CORRUPT), most=5),
    Kind("csv broken", "csv", written(_csv_broken), (CORRUPT,)),
    Kind("parquet plain", "parquet", written(_parquet_plain), (READ,)),
    Kind("parquet texts", "parquet", written(_parquet_texts), (UNSAFE,), most=10),
    Kind("parquet rows", "parquet", written(_parquet_rows), (UNSAFE,), most=5),
    Kind("parquet wide", "parquet", written(_parquet_wide), (UNSAFE,), most=10),
    Kind("parquet nested", "parquet", written(_parquet_nested), (CORRUPT,), most=3),
    Kind("parquet flipped", "parquet", written(_parquet_flipped), (READ, CORRUPT, UNSAFE)),
    Kind("parquet cut", "parquet", written(_parquet_cut), (CORRUPT,)),
    Kind("predictions texts", "predictions", written(_parquet_texts), (UNSAFE,), most=5),
    Kind("predictions other", "predictions", written(_parquet_plain), (CORRUPT,), most=10),
    Kind("predictions flipped", "predictions", written(_parquet_flipped), (CORRUPT, UNSAFE)),
    Kind("hdf5 plain", "hdf5", _hdf5_plain, (READ,)),
    Kind("hdf5 bomb", "hdf5", _hdf5_bomb, (UNSAFE,), most=10),
    Kind("hdf5 large chunk", "hdf5", _hdf5_large_chunk, (READ,), most=3),
    Kind("hdf5 too large chunk", "hdf5", _hdf5_too_large_chunk, (UNSAFE,), most=3),
    Kind("hdf5 claims", "hdf5", _hdf5_claims, (UNSAFE,)),
    Kind("hdf5 elsewhere", "hdf5", _hdf5_elsewhere, (UNSAFE,)),
    Kind("hdf5 filter", "hdf5", _hdf5_filter, (UNSAFE,), most=5),
    Kind("hdf5 groups", "hdf5", _hdf5_no_array, (NOT_FOUND,), most=5),
    Kind("hdf5 flipped", "hdf5", _hdf5_flipped, (READ, CORRUPT, UNSAFE, NOT_FOUND)),
    Kind("column huge", "column", _column_huge, (CORRUPT,), most=5),
    Kind("gzip bomb", "gzip", written(_gzip_bomb), (UNSAFE,), most=5),
    Kind("gzip broken", "gzip", written(_gzip_broken), (CORRUPT,)),
    Kind("tar member", "tar", written(_tar_member), (UNSAFE,)),
    Kind("tar note", "tar", written(_tar_note), (UNSAFE,), most=5),
    Kind("tar tail", "tar", written(_tar_tail), (UNSAFE,), most=5),
    Kind("tar files", "tar", written(_tar_files), (UNSAFE,), most=3),
    Kind("tar large", "tar", written(_tar_large), (UNSAFE,), most=5),
    Kind("tar cut", "tar", written(_tar_cut), (CORRUPT,)),
)
