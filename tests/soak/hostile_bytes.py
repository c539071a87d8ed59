"""Pieces of hostile files: images, packed streams and tensors by hand, where libraries would refuse to write them."""

from __future__ import annotations

import io
import json
import random
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image


def picture(rng: random.Random, side: int = 48) -> Image.Image:
    """A small image whose pixels do not repeat."""
    return Image.fromarray(np.random.default_rng(rng.randrange(1 << 30)).integers(0, 256, (side, side, 3), np.uint8))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int, height: int, *, depth: int = 8, colour: int = 2, before: bytes = b"", rows: int | None = None
) -> bytes:
    """A black PNG; ``rows`` of it are there."""
    line = 1 + width * {2: 3, 6: 4, 0: 1}[colour] * depth // 8
    pixels = zeros(line * (height if rows is None else rows))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + before + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def zeros(size: int) -> bytes:
    """So many zeros, packed by deflate in zlib's form."""
    packing = zlib.compressobj(9)
    done = [packing.compress(bytes(min(1 << 24, size - start))) for start in range(0, size, 1 << 24)]
    return b"".join([*done, packing.flush()])


def endless(size: int, head: bytes = b"\x78\x9c") -> bytes:
    """More than ``size`` zeros without an end, made by repeating one packed block of a megabyte."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packing.compress(bytes(1 << 20)) + packing.flush(zlib.Z_FULL_FLUSH)
    return head + block * (size >> 20)


def endless_gzip(size: int) -> bytes:
    return endless(size, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03")


def tiff(width: int, height: int, tags: dict[int, tuple[int, list[int]]], strips: bytes) -> bytes:
    """A TIFF of one strip; each tag is its type (3 short, 4 long) and values."""
    size = {3: "H", 4: "I"}
    every = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [8]),
        259: (3, [1]),
        262: (3, [1]),
        273: (4, [0]),
        277: (3, [1]),
        278: (4, [height]),
        279: (4, [len(strips)]),
    } | tags
    place = 8 + 2 + 12 * len(every) + 4
    entries, extra = b"", b""
    for tag, (kind, values) in sorted(every.items()):
        if tag == 273:
            entries += struct.pack("<HHII", tag, kind, 1, 0xFEEDBEEF)
            continue
        raw = struct.pack(f"<{len(values)}{size[kind]}", *values)
        if len(raw) <= 4:
            entries += struct.pack("<HHI", tag, kind, len(values)) + raw.ljust(4, b"\0")
        else:
            entries += struct.pack("<HHII", tag, kind, len(values), place + len(extra))
            extra += raw
    start = struct.pack("<I", place + len(extra))
    entries = entries.replace(struct.pack("<I", 0xFEEDBEEF), start)
    return b"II*\0" + struct.pack("<IH", 8, len(every)) + entries + bytes(4) + extra + strips


def webp(width: int, height: int) -> bytes:
    """A moving WebP with a canvas of any size and one small frame."""
    inner = saved(Image.new("RGB", (16, 16)), "WEBP", lossless=True)[12:]
    canvas = bytes([2, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    frame = bytes(6) + (15).to_bytes(3, "little") * 2 + (100).to_bytes(3, "little") + b"\0" + inner
    parts = [(b"VP8X", canvas), (b"ANIM", bytes(6)), (b"ANMF", frame)]
    body = b"WEBP" + b"".join(kind + struct.pack("<I", len(data)) + data for kind, data in parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def packed_bmp(width: int, height: int) -> bytes:
    """A run-length BMP in runs of two pixels."""
    data, start = b"\x02\x01" * (width * height // 2), 14 + 40 + 1024
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(data), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + header + bytes(1024) + data


def tensor_file(header: dict[str, Any] | str, data: bytes = b"") -> bytes:
    """A safetensors file with any header."""
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    return struct.pack("<Q", len(text)) + text + data
