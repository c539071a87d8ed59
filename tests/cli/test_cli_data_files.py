"""Converting, fetching and exporting, from a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from histo_core.config import DataConfig
from histo_core.data.fetch import catalogue
from histo_core.data.opening import open_dataset
from histo_core.progress import Progress
from histo_core.workspace import Workspace


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three patches in each of two class folders."""
    rng = np.random.default_rng(0)
    for name in ("benign", "malignant"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for place in range(3):
            image = Image.fromarray(rng.integers(0, 256, (96, 96, 3), dtype=np.uint8))
            image.save(tmp_path / "photos" / name / f"p{place}.png")
    return tmp_path / "photos"


def test_convert_says_its_size_first_and_is_done_once(call, photos: Path) -> None:
    arguments = ("data", "convert", "--dataset", "folder", "--root", str(photos))
    first, second, verified = call(*arguments), call(*arguments), call(*arguments, "--verify")
    assert first.code == second.code == verified.code == 0
    assert first.out.startswith("The copy will take 0 MB.\n6 patches, 0 MB, in ")
    assert second.out.startswith("6 patches")
    assert verified.out.startswith("The kept copy is as it was written.")
    pixels = next((Workspace.default().data / "stores").glob("*/pixels.bin"))
    pixels.write_bytes(bytes(pixels.stat().st_size))
    damaged = call(*arguments, "--verify")
    assert damaged.code == 2
    assert "is not as it was written" in damaged.err


def test_copies_are_listed_and_removed_when_unused(call, photos: Path) -> None:
    assert call("data", "copies").out == "The workspace keeps no copies.\n"
    call("data", "convert", "--dataset", "folder", "--root", str(photos))
    assert [line.split()[:3] for line in call("data", "copies").out.splitlines()] == [
        ["MB", "state", "made"],
        ["0", "used", "folder"],
    ]
    (photos / "benign" / "p0.png").unlink()
    assert call("data", "copies").out.splitlines()[1].split()[:2] == ["0", "unused"]
    done = call("data", "copies", "--remove-unused")
    assert (done.code, done.out) == (0, "Removed: 1, 0 MB.\nThe workspace keeps no copies.\n")


def test_convert_refuses_what_gains_nothing(call) -> None:
    done = call("data", "convert", "--dataset", "phantom", "--option", "patches=40", "--option", "patients=8")
    assert (done.code, done.out) == (2, "")
    assert "gains nothing" in done.err


def test_export_in_each_layout(call, photos: Path, tmp_path: Path) -> None:
    source = ("--dataset", "folder", "--root", str(photos))
    assert call("data", "export", *source, "--out", str(tmp_path / "png")).code == 0
    assert len(list((tmp_path / "png" / "benign").glob("*.png"))) == 3
    done = call("data", "export", *source, "--out", str(tmp_path / "pcam"), "--as", "pcam", "--split", "random")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Split at random")
    assert len(open_dataset(DataConfig(dataset="pcam", root=str(tmp_path / "pcam")), Workspace.default())) == 6
    assert call("data", "export", *source, "--out", str(tmp_path / "table.csv"), "--as", "table").code == 0
    assert (tmp_path / "table.csv").read_text().startswith("sample_id,label")
    again = call("data", "export", *source, "--out", str(tmp_path / "png"))
    assert again.code == 2
    assert "is not empty" in again.err


def test_export_takes_whatever_division_split_makes(call, photos: Path, tmp_path: Path) -> None:
    source = ("--dataset", "folder", "--root", str(photos))
    division = ("--by", "random", "--folds", "3", "--fold", "2", "--seed", "5", "--valid", "0")
    made = call("data", "split", *source, *division, "--save", "mine")
    fingerprint = made.out.partition("Fingerprint: ")[2][:64]
    again = ("--split", "saved", "--saved", fingerprint)
    for number, options in enumerate((division, again)):
        done = call("data", "export", *source, *options, "--out", str(tmp_path / f"out{number}"))
        assert (done.code, done.err) == (0, "")
        assert "Fold 2 of 3" in done.out
    first, second = (sorted(file.relative_to(out) for file in out.rglob("*.png")) for out in tmp_path.glob("out?"))
    assert first == second
    assert [len(list((tmp_path / "out0" / split_set).rglob("*.png"))) for split_set in ("train", "test")] == [4, 2]


def test_looking_for_broken_files_is_watched(call, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (photos / "benign" / "p0.png").write_bytes(b"no image at all")
    bars: dict[str, list[tuple[int, int]]] = {}

    @contextmanager
    def watched(title: str) -> Iterator[Progress]:
        yield lambda *step: bars.setdefault(title, []).append(step)

    monkeypatch.setattr("histo_core.cli.opened.watched", watched)
    assert (
        call("data", "split", "--dataset", "folder", "--root", str(photos), "--skip-broken", "--valid", "0").code == 0
    )
    assert bars == {"opening": [(6, 6)]}


def test_check_names_files_that_are_called_as_published_and_are_not_them(call, photos: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "pcam")
    table = "path,label,slide_id\n" + "".join(
        f"{file.relative_to(photos)},{file.parent.name},{file.stem}\n" for file in sorted(photos.rglob("*.png"))
    )
    (photos / "manifest.csv").write_text(table)
    done = call("data", "export", "--dataset", "manifest", "--root", str(photos), "--out", out, "--as", "pcam")
    assert done.code == 0, done.err
    done = call("data", "check", "--dataset", "pcam", "--root", out)
    assert (done.code, done.err) == (0, "")
    assert re.search(
        r"camelyonpatch_level_2_split_train_meta\.csv is not the published file: its md5 is [0-9a-f]{32}, not "
        r"5a3dd671e465cfd74b5b822125e65b0a\. Fetch it again, unless you made it yourself\.",
        done.out,
    )


def test_download_says_how_to_go_on(call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "DOWNLOADS", {"pcam": ()})
    done = call("data", "download", "--dataset", "pcam", "--folder", str(tmp_path / "new"))
    assert done.code == 0
    assert f"data check --dataset pcam --root {tmp_path / 'new'}" in done.out
    refused = call("data", "download", "--dataset", "kpcam", "--folder", str(tmp_path / "new"))
    assert refused.code == 2
    assert "cannot be fetched" in refused.err
