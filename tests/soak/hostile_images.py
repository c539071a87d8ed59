"""Images that are damaged, lie about themselves, or take far more than their bytes."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from hostile_bytes import chunk, endless, packed_bmp, picture, png, saved, tiff, webp
from hostile_kind import CORRUPT, READ, UNSAFE, Kind, written

_ANY = (READ, CORRUPT, UNSAFE)


def _plain(rng: random.Random) -> bytes:
    return saved(picture(rng), rng.choice(["PNG", "JPEG", "TIFF", "BMP", "WEBP"]))


def _cut_png(rng: random.Random) -> bytes:
    return png(64, 64, rows=rng.randrange(1, 63))


def _cut_jpeg(rng: random.Random) -> bytes:
    whole = saved(picture(rng), "JPEG")
    return whole[: rng.randrange(len(whole) // 2, len(whole) - 200)] + b"\xff\xd9"


def _cut_any(rng: random.Random) -> bytes:
    whole = saved(picture(rng), rng.choice(["PNG", "TIFF", "BMP", "WEBP"]))
    return whole[: rng.randrange(20, len(whole) - 100)]


def _one_strip(rng: random.Random) -> bytes:
    return tiff(64, 64, {}, bytes(rng.randrange(1, 64 * 64 - 1)))


def _flipped(rng: random.Random) -> bytes:
    content = bytearray(_plain(rng))
    for _ in range(rng.randrange(1, 40)):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return bytes(content)


def _random(rng: random.Random) -> bytes:
    head = rng.choice([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"II*\0", b"MM\0*", b"II+\0", b"BM", b"RIFF"])
    return head + rng.randbytes(rng.randrange(4, 4000))


def _other(rng: random.Random) -> bytes:
    return rng.choice([b"GIF89a", b"<svg>", b"#!/bin/sh\n", b"%PDF", b"\0\0\0\x0cjP  ", b"MZ"]) + rng.randbytes(100)


def _many_pixels(rng: random.Random) -> bytes:
    return png(rng.randrange(6_000, 60_000), rng.randrange(6_000, 60_000), rows=1)


def _many_chunks(rng: random.Random) -> bytes:
    return png(8, 8, before=chunk(b"abCd", b"") * rng.randrange(200_000, 1_000_000))


def _text_bomb(rng: random.Random) -> bytes:
    packed = endless(rng.choice([64, 512]) << 20)
    return png(8, 8, before=chunk(rng.choice([b"zTXt", b"iCCP", b"iTXt"]), b"a\0\0" + packed))


def _many_scans(rng: random.Random) -> bytes:
    whole = saved(picture(rng).resize((4_000, 4_000)), "JPEG", progressive=True, quality=1)
    places = [place for place in range(len(whole) - 1) if whole[place : place + 2] == b"\xff\xda"]
    last = whole[places[-1] : -2]
    return whole[:-2] + last * (rng.randrange(101, 3_000)) + whole[-2:]


def _tables_flood(rng: random.Random) -> bytes:
    whole = saved(picture(rng), "JPEG")
    place = whole.index(b"\xff\xc4")
    length = int.from_bytes(whole[place + 2 : place + 4], "big")
    return whole[:place] + whole[place : place + 2 + length] * rng.randrange(10_000, 200_000) + whole[place:]


def _tag_flood(rng: random.Random) -> bytes:
    return tiff(16, 16, {rng.choice([258, 273 + 6, 277]): (3, [8] * rng.randrange(3_000_000, 6_000_000))}, bytes(256))


def _claims(rng: random.Random) -> bytes:
    return tiff(rng.randrange(6_000, 60_000), rng.randrange(6_000, 60_000), {259: (3, [5])}, bytes(1000))


def _strip_bomb(rng: random.Random) -> bytes:
    tags = {258: (3, [16]), 262: (3, [0]), 259: (3, [rng.choice([8, 32946])])}
    return tiff(64, 64, tags, endless(rng.choice([1, 4, 16]) << 30))


def _strange_packing(rng: random.Random) -> bytes:
    return tiff(64, 64, {258: (3, [16]), 262: (3, [0]), 259: (3, [rng.choice([5, 32773, 34925, 50000])])}, bytes(9000))


def _large_white_is_zero(rng: random.Random) -> bytes:
    return tiff(5_000, 5_000, {258: (3, [16]), 262: (3, [0])}, bytes(50_000_000))


def _canvas(rng: random.Random) -> bytes:
    return webp(rng.randrange(8_000, 16_384), rng.randrange(8_000, 16_384))


def _packed_bmp(rng: random.Random) -> bytes:
    return packed_bmp(5_000, rng.randrange(2_000, 5_000))


def _large_png(rng: random.Random) -> bytes:
    return png(5_000, 5_000, depth=rng.choice([8, 16]), colour=6)


def _data_set(path: Path, rng: random.Random) -> None:
    """A folder of images with one of each trap in it: the check names them and goes on."""
    import os

    for name in ("a", "b"):
        folder = path.parent / name
        folder.mkdir()
        for number in range(3):
            (folder / f"{number}.png").write_bytes(saved(picture(rng), "PNG"))
    os.mkfifo(path.parent / "a" / "pipe.png")
    (path.parent / "a" / "device.png").symlink_to("/dev/zero")
    (path.parent / "b" / "loop.png").symlink_to("loop.png")
    (path.parent / "b" / "bad.png").write_bytes(rng.randbytes(99))
    with (path.parent / "b" / "giant.png").open("wb") as file:
        file.truncate(9 << 30)
    path.write_bytes(np.random.default_rng(rng.randrange(99)).bytes(10))


KINDS = (
    Kind("image plain", "image", written(_plain), (READ,)),
    Kind("image large", "image", written(_large_png), (READ,), most=4),
    Kind("png cut", "image", written(_cut_png), (CORRUPT,)),
    Kind("jpeg cut", "image", written(_cut_jpeg), (CORRUPT,)),
    Kind("image cut", "image", written(_cut_any), (CORRUPT,)),
    Kind("tiff strip", "image", written(_one_strip), (CORRUPT,)),
    Kind("image flipped", "image", written(_flipped), _ANY),
    Kind("image random", "image", written(_random), (CORRUPT, UNSAFE)),
    Kind("image other", "image", written(_other), (UNSAFE,)),
    Kind("png pixels", "image", written(_many_pixels), (UNSAFE,), most=20),
    Kind("png chunks", "image", written(_many_chunks), (CORRUPT,), most=10),
    Kind("png text", "image", written(_text_bomb), (READ, CORRUPT), most=10),
    Kind("jpeg scans", "image", written(_many_scans), (CORRUPT,), most=10),
    Kind("jpeg tables", "image", written(_tables_flood), (READ, CORRUPT), most=10),
    Kind("tiff tags", "image", written(_tag_flood), (CORRUPT,), most=10),
    Kind("tiff pixels", "image", written(_claims), (UNSAFE,)),
    Kind("tiff bomb", "image", written(_strip_bomb), (CORRUPT,), most=10),
    Kind("tiff packing", "image", written(_strange_packing), (CORRUPT,)),
    Kind("tiff large", "image", written(_large_white_is_zero), (READ,), most=2),
    Kind("webp canvas", "image", written(_canvas), (UNSAFE, CORRUPT), most=10),
    Kind("bmp packed", "image", written(_packed_bmp), (UNSAFE,), most=10),
    Kind("upload plain", "upload", written(_plain), (READ,), most=10),
    Kind("upload flipped", "upload", written(_flipped), _ANY, most=20),
    Kind("upload pixels", "upload", written(_many_pixels), (UNSAFE,), most=10),
    Kind("upload scans", "upload", written(_many_scans), (CORRUPT, UNSAFE), most=5),
    Kind("data set", "folder", _data_set, (READ,), most=10),
)
