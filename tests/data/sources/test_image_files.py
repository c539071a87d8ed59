"""Data sets of image files: damage, one-pixel images, and what a new rule of decoding makes anew."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from histo_core.config import DataConfig
from histo_core.data.dataset import Dataset
from histo_core.data.integrity import check_files, stored_or_new_check
from histo_core.data.opening import open_dataset
from histo_core.data.sources import image_files
from histo_core.data.storage.converted import convert, find_converted
from histo_core.data.subset import Subset
from histo_core.errors import CorruptDataError
from histo_core.workspace import Workspace

RGB = np.random.default_rng(0).integers(1, 256, (32, 32, 3), np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes with one image of every kind that is read."""
    for number, suffix in enumerate(("png", "jpg", "tif", "bmp", "webp", "JPEG")):
        path = tmp_path / "mine" / ("benign", "malignant")[number % 2] / f"{number}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RGB).save(path)
    return tmp_path / "mine"


def opened(root: Path, workspace: Workspace, **config: object) -> Dataset:
    return open_dataset(DataConfig(dataset="folder", root=str(root), **config), workspace)  # type: ignore[arg-type]


def half_a_jpeg(path: Path) -> None:
    """Cut a file in half and close it with JPEG's last marker, which Pillow reads without a word."""
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4] + b"\xff\xd9")
    Image.open(BytesIO(path.read_bytes())).load()


def test_every_kind_is_found_and_read(folder: Path, workspace: Workspace) -> None:
    data = opened(folder, workspace)
    assert len(data) == 6
    assert check_files(data).sizes == {(32, 32): 6}
    exact = [row for row, name in enumerate(data.table["sample_id"]) if not name.lower().endswith(("g", "p"))]
    for image in data.read(exact):
        np.testing.assert_array_equal(image, RGB)


def test_a_damaged_jpeg_is_named_by_the_check_and_not_trained_on(folder: Path, workspace: Workspace) -> None:
    half_a_jpeg(folder / "malignant" / "1.jpg")
    data = opened(folder, workspace)
    (problem,) = check_files(data).problems
    assert problem.where == "malignant/1.jpg"
    assert "premature end of data segment" in problem.what
    with pytest.raises(CorruptDataError, match=r"malignant/1\.jpg cannot be decoded"):
        data.read(np.arange(len(data)))
    assert len(opened(folder, workspace, skip_broken=True)) == 5


def test_images_of_one_pixel_a_side_pass_the_check(tmp_path: Path, workspace: Workspace) -> None:
    for number, size in enumerate(((1, 1), (1, 40), (40, 1))):
        for label in ("a", "b"):
            (tmp_path / "tiny" / label).mkdir(parents=True, exist_ok=True)
            Image.new("RGB", size, (200, 120, 180)).save(tmp_path / "tiny" / label / f"{number}.png")
    found = check_files(opened(tmp_path / "tiny", workspace))
    assert (found.problems, found.checked, found.sizes) == ((), 6, {(1, 1): 2, (40, 1): 2, (1, 40): 2})


def test_a_new_rule_of_decoding_makes_checks_and_copies_anew(
    folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = opened(folder, workspace)
    stored_or_new_check(data, workspace)
    convert(data, workspace)
    part = Subset(data, np.arange(3)).pixels_state
    monkeypatch.setattr("histo_core.data.dataset.READING", "next")
    changed = opened(folder, workspace)
    assert changed.pixels_state != data.pixels_state
    assert Subset(changed, np.arange(3)).pixels_state != part
    assert find_converted(changed, workspace) is None
    assert changed.content_hash == data.content_hash


def test_only_files_that_are_read_otherwise_change_the_content_hash(
    folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run's name holds the content hash: a data set that was always read alike keeps it."""
    data = opened(folder, workspace)
    digest = hashlib.sha256(repr((data.classes, data.positive)).encode())
    for name, label, path in zip(data.table["sample_id"], data.table["label"], data.sources, strict=True):
        content = path.read_bytes()
        digest.update(f"{name}\0{label}\0{len(content)}\0".encode() + content)
    assert data.content_hash == digest.hexdigest()  # as before there was a rule

    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(RGB).save(folder / "malignant" / "1.jpg", exif=exif)
    turned = opened(folder, workspace).content_hash
    monkeypatch.setattr(image_files, "misread_by_first_version", lambda content: False)
    assert opened(folder, workspace).content_hash != turned
