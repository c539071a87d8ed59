"""Decoding every file once, and going on without the broken ones."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from histo_core.config import DataConfig
from histo_core.data import integrity
from histo_core.data.dataset import Dataset
from histo_core.data.integrity import check_files, stored_check, stored_or_new_check, without_broken
from histo_core.data.opening import open_dataset
from histo_core.data.storage.converted import converted_bytes
from histo_core.data.storage.memmap import write_memmap
from histo_core.data.subset import Subset
from histo_core.errors import BrokenFilesError, CancelledError, CorruptDataError
from histo_core.workspace import Workspace


def open_folder(root: Path, workspace: Workspace, *, skip_broken: bool = False) -> Dataset:
    return open_dataset(DataConfig(dataset="folder", root=str(root), skip_broken=skip_broken), workspace)


@pytest.fixture
def broken_folder(class_folder: Path) -> Path:
    """Six files, of which one is cut short, one is empty and one is smaller than the others."""
    whole = (class_folder / "benign" / "p1.png").read_bytes()
    (class_folder / "benign" / "p1.png").write_bytes(whole[:-300])
    (class_folder / "malignant" / "p5.png").write_bytes(b"")
    Image.new("RGB", (40, 20)).save(class_folder / "benign" / "p0.png")
    return class_folder


def test_every_broken_file_is_named_and_the_others_are_counted_by_size(
    broken_folder: Path, workspace: Workspace
) -> None:
    found = check_files(open_folder(broken_folder, workspace))
    assert [problem.where for problem in found.problems] == ["benign/p1.png", "malignant/p5.png"]
    assert found.problems[0].what.startswith("cannot be decoded (")
    assert found.problems[1].what == "is empty (0 bytes)"
    assert found.checked == 6
    assert found.sizes == {(96, 96): 3, (20, 40): 1}
    assert found.odd == {(20, 40): 1}


def test_large_images_are_held_one_at_a_time(
    class_folder: Path, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive, most = [0], [0]

    def open_image(path: Path) -> np.ndarray:
        image = np.zeros((9, 9, 3), np.uint8)
        alive[0] += 1
        most[0] = max(most[0], alive[0])
        weakref.finalize(image, lambda: alive.__setitem__(0, alive[0] - 1))
        return image

    monkeypatch.setattr("histo_core.data.sources.image_files.open_image", open_image)
    dataset = open_folder(class_folder, workspace)
    assert check_files(dataset).checked == 6
    assert converted_bytes(dataset) == 6 * 9 * 9 * 3
    write_memmap(Subset(dataset, np.arange(5)), tmp_path)
    assert most[0] <= 2  # the one in use, and the next


def test_a_look_ends_at_no_number_of_problems(make_dataset: Callable[..., Dataset], workspace: Workspace) -> None:
    class Torn(type(make_dataset([0]))):
        def read_source(self, indices: Sequence[int] | np.ndarray) -> Sequence[np.ndarray]:
            if min(indices) < 1500:
                raise CorruptDataError("Torn.")
            return [np.zeros((2, 2, 3), np.uint8) for _ in indices]

    torn = Torn("torn", pd.DataFrame({"sample_id": [str(row) for row in range(1502)], "label": 0}), ("a",))
    found = check_files(torn)
    assert (found.checked, len(found.problems), found.sizes) == (1502, 1500, {(2, 2): 2})
    assert without_broken(torn, workspace).table["sample_id"].tolist() == ["1500", "1501"]


def test_a_check_is_kept_until_a_file_changes(broken_folder: Path, workspace: Workspace) -> None:
    dataset = open_folder(broken_folder, workspace)
    assert stored_check(dataset, workspace) is None
    made = stored_or_new_check(dataset, workspace)
    again = open_folder(broken_folder, workspace)
    assert stored_check(again, workspace) == made
    assert list(stored_check(again, workspace).sizes) == list(made.sizes)  # the most frequent first
    Image.new("RGB", (96, 96)).save(broken_folder / "malignant" / "p5.png")
    mended = open_folder(broken_folder, workspace)
    assert stored_check(mended, workspace) is None
    assert len(stored_or_new_check(mended, workspace).problems) == 1


@pytest.mark.parametrize(
    "text", ["", "null", "{}", "[" * 100_000, '{"problems": 1, "sizes": []}', '{"problems": ["x"]}']
)
def test_a_damaged_check_is_made_again(broken_folder: Path, workspace: Workspace, text: str) -> None:
    dataset = open_folder(broken_folder, workspace)
    made = stored_or_new_check(dataset, workspace)
    (file,) = (workspace.data / "checks").iterdir()
    file.write_text(text)
    assert stored_check(dataset, workspace) is None
    assert stored_or_new_check(dataset, workspace) == made
    assert stored_check(dataset, workspace) == made


def test_progress_is_told_and_may_stop_the_look(
    class_folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integrity, "_BATCH", 4)
    dataset, told = open_folder(class_folder, workspace), []
    stored_or_new_check(dataset, workspace, lambda done, total: told.append((done, total)))
    assert told == [(4, 6), (6, 6)]

    def stop(done: int, total: int) -> None:
        raise CancelledError(f"{done} of {total}")

    other = Subset(dataset, np.arange(3))
    with pytest.raises(CancelledError):
        stored_or_new_check(other, workspace, stop)
    assert stored_check(other, workspace) is None


def test_the_rest_is_used_when_the_user_says_so(broken_folder: Path, pixels: np.ndarray, workspace: Workspace) -> None:
    dataset = open_folder(broken_folder, workspace, skip_broken=True)
    assert dataset.table["sample_id"].tolist() == [
        "benign/p0.png",
        "benign/p2.png",
        "malignant/p3.png",
        "malignant/p4.png",
    ]
    assert dataset.table.index.tolist() == [0, 1, 2, 3]
    assert [problem.where for problem in dataset.problems] == ["benign/p1.png", "malignant/p5.png"]
    np.testing.assert_array_equal(np.stack(dataset.read([3, 1])), pixels[[4, 2]])
    assert stored_check(dataset, workspace).problems == ()
    assert dataset.content_hash != open_folder(broken_folder, workspace).content_hash


def test_nothing_is_left_out_where_all_is_well(class_folder: Path, workspace: Workspace) -> None:
    dataset = open_folder(class_folder, workspace)
    assert without_broken(dataset, workspace) is dataset


def test_not_everything_is_left_out(broken_folder: Path, workspace: Workspace) -> None:
    for image in broken_folder.glob("*/*.png"):
        image.write_bytes(b"")
    with pytest.raises(BrokenFilesError, match=r"6 samples cannot be used.*right folder"):
        open_folder(broken_folder, workspace, skip_broken=True)


def test_every_kind_of_image_is_read_and_every_damaged_one_named(
    class_folder: Path, pixels: np.ndarray, workspace: Workspace
) -> None:
    benign, picture = class_folder / "benign", Image.fromarray(pixels[0])
    picture.convert("P").save(benign / "palette.png")
    picture.convert("RGBA").save(benign / "rgba.png")
    picture.convert("CMYK").save(benign / "cmyk.jpg")
    picture.save(benign / "pages.tif", save_all=True, append_images=[Image.fromarray(pixels[1])])
    Image.fromarray(pixels[0, :, :, 0].astype(np.uint16) * 257).save(benign / "deep.png")
    dataset = open_folder(class_folder, workspace)
    assert check_files(dataset).problems == ()
    rows = dict(zip(dataset.table["sample_id"], dataset.read(range(len(dataset))), strict=True))
    assert all(image.shape == (96, 96, 3) and image.dtype == np.uint8 for image in rows.values())
    np.testing.assert_array_equal(rows["benign/pages.tif"], pixels[0])
    np.testing.assert_array_equal(rows["benign/deep.png"], np.repeat(pixels[0, :, :, :1], 3, axis=2))

    whole = {kind: (benign / name).read_bytes() for kind, name in (("tif", "pages.tif"), ("jpg", "cmyk.jpg"))}
    for kind, content in whole.items():
        (benign / f"cut.{kind}").write_bytes(content[: len(content) // 3])
    Image.fromarray(pixels[0, :, :, 0].astype(np.float32)).save(benign / "float.tif")
    (benign / "text.png").write_text("<script>alert(1)</script>")
    (benign / "gone.png").symlink_to(benign / "nothing.png")
    damaged = {"cut.jpg", "cut.tif", "float.tif", "gone.png", "text.png"}
    found = dict(check_files(open_folder(class_folder, workspace)).problems)
    assert set(found) == {f"benign/{name}" for name in damaged}
    assert found["benign/gone.png"] == "cannot be opened: there is no such file"
    assert found["benign/text.png"].startswith("is no image that can be read: it begins with b'<script>'")
