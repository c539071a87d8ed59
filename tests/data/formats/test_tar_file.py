"""Unpacking tar archives, whole, damaged and hostile."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from histo_core.data.formats.tar_file import unpack_tar
from histo_core.errors import CancelledError, CorruptDataError, UnsafeFileError

NOISE = np.random.default_rng(0).integers(0, 256, 50_000, dtype=np.uint8).tobytes()


def pack(path: Path, *members: tuple[str, bytes] | tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            tar.addfile(info, io.BytesIO(member[1]))
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_it_unpacks_without_the_outer_folder_and_macos_twins(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.tar.gz", ("v1/v1/x.png", NOISE), ("v1/b/y.png", b"y"), ("v1/b/._y.png", b"twin"))
    steps: list[tuple[int, int]] = []
    unpack_tar(archive, tmp_path / "out", lambda *step: steps.append(step), max_bytes=10**6)
    assert names(tmp_path / "out") == ["b/y.png", "v1/x.png"]
    assert (tmp_path / "out" / "v1" / "x.png").read_bytes() == NOISE
    assert steps[-1] == (archive.stat().st_size,) * 2


def test_several_outer_folders_stay(tmp_path: Path) -> None:
    unpack_tar(pack(tmp_path / "a.tar.gz", ("a/x", b"x"), ("b/y", b"y")), tmp_path / "out", max_bytes=10**6)
    assert names(tmp_path / "out") == ["a/x", "b/y"]


@pytest.mark.parametrize(
    ("member", "says"),
    [
        (("../evil", b"x"), "outside"),
        (special("link", tarfile.SYMTYPE, "/etc/passwd"), "'link' is a link or a device"),
        (special("link", tarfile.LNKTYPE, "fine"), "is a link or a device"),
        (special("pipe", tarfile.FIFOTYPE), "is a link or a device"),
        (special("disk", tarfile.BLKTYPE), "is a link or a device"),
        (("big", bytes(2_000_000)), "more than 1,000,000 bytes"),
    ],
)
def test_hostile_members_are_refused_and_leave_nothing(
    member: tuple[str, bytes] | tarfile.TarInfo, says: str, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    archive = pack(tmp_path / "in" / "a.tar.gz", member)
    with pytest.raises(UnsafeFileError, match=says):
        unpack_tar(archive, tmp_path / "deep" / "out", max_bytes=1_000_000)
    assert names(tmp_path) == ["in/a.tar.gz"]


def test_absolute_paths_stay_inside(tmp_path: Path) -> None:
    unpack_tar(pack(tmp_path / "a.tar.gz", (f"{tmp_path}/evil", b"x")), tmp_path / "out", max_bytes=10**6)
    assert not (tmp_path / "evil").exists()
    assert [name.rpartition("/")[2] for name in names(tmp_path / "out")] == ["evil"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:-6],
        lambda content: content[:-8] + b"0000" + content[-4:],
        lambda content: content[:1000] + bytes(1000) + content[2000:],
        lambda content: b"no archive",
        lambda content: b"",
    ],
)
def test_damage_is_named_and_leaves_nothing(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.tar.gz", ("v1/x.png", NOISE), ("v1/y.png", NOISE))
    archive.write_bytes(damage(archive.read_bytes()))
    with pytest.raises(CorruptDataError, match=r"a\.tar\.gz cannot be unpacked"):
        unpack_tar(archive, tmp_path / "out", max_bytes=10**6)
    assert names(tmp_path) == ["a.tar.gz"]


def _second_header_broken(tar: bytearray) -> bytes:
    tar[512 + -(-len(NOISE) // 512) * 512 + 148] ^= 1  # the header's checksum
    return bytes(tar)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_second_header_broken, "bad checksum"),
        (lambda tar: bytes(tar.rstrip(b"\0")), "truncated header|unexpected end"),
        (lambda tar: bytes(tar[: 2 * (512 + -(-len(NOISE) // 512) * 512)]), "empty header"),
        (lambda tar: bytes(tar[:512]) + bytes(tar), "bad checksum|invalid header"),
    ],
)
def test_damage_that_was_packed_is_no_end(damage: Callable[[bytearray], bytes], says: str, tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.tar.gz", *((f"v1/{name}.png", NOISE) for name in "wxyz"))
    archive.write_bytes(gzip.compress(damage(bytearray(gzip.decompress(archive.read_bytes())))))
    with pytest.raises(CorruptDataError, match=f"a\\.tar\\.gz cannot be unpacked .({says})"):
        unpack_tar(archive, tmp_path / "out", max_bytes=10**6)
    assert names(tmp_path) == ["a.tar.gz"]


def test_cancelling_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("histo_core.data.formats.tar_file._TOLD_BYTES", 0)

    def cancel(done: int, total: int) -> None:
        raise CancelledError("stop")

    with pytest.raises(CancelledError):
        unpack_tar(pack(tmp_path / "a.tar.gz", ("x", NOISE)), tmp_path / "out", cancel, max_bytes=10**6)
    assert names(tmp_path) == ["a.tar.gz"]
