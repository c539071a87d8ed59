"""What would make a run fail later is refused before it is queued; what makes its result worth less is said."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from histo_core.config import RunConfig
from histo_core.errors import BrokenFilesError, ConfigError, DataError, HistoscopeError
from histo_core.runs.preflight import check
from histo_core.workspace import Workspace

SIDES = [(50, 50)] * 15 + [(14, 50)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sixteen images a class, one of them at a slide's edge: 50 x 14 pixels."""
    random = np.random.default_rng(0)
    for kind in ("benign", "malignant"):
        (tmp_path / "data" / kind).mkdir(parents=True)
        for number, (height, width) in enumerate(SIDES):
            pixels = random.integers(0, 255, (height, width, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / kind / f"{kind}{number}.png")
    return tmp_path / "data"


def run(folder: Path, **sections: dict[str, Any]) -> RunConfig:
    data = {"dataset": "folder", "root": str(folder)}
    train = {"epochs": 1, "device": "cpu"} | sections.pop("train", {})
    return RunConfig.parse({"data": data, "model": {"name": "cnn_narrow"}, "train": train, **sections})


def notes(config: RunConfig, workspace: Workspace) -> str:
    return " ".join(check([config], workspace)[0].notes)


def test_a_crop_larger_than_the_smallest_image_is_refused(folder: Path, workspace: Workspace) -> None:
    """The first image is large enough; that one is not was found while the run trained."""
    with pytest.raises(ConfigError, match=r"crop = 32 is larger than 2 of 32 images.*50 x 14 pixels") as refused:
        check([run(folder, preprocess={"crop": 32})], workspace)
    assert "no crop, and resize to 50" in refused.value.remedy
    assert check([run(folder, preprocess={"crop": 14})], workspace)


def test_mixed_sizes_are_refused_unless_they_are_resized(folder: Path, workspace: Workspace) -> None:
    with pytest.raises(DataError, match=r"2 sizes, from 50 x 14 to 50 x 50 pixels.*resize, such as 50"):
        check([run(folder)], workspace)
    assert check([run(folder, preprocess={"resize": 48})], workspace)


def test_broken_images_are_refused_where_sizes_are_read(folder: Path, workspace: Workspace) -> None:
    (folder / "benign" / "benign3.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with pytest.raises(BrokenFilesError, match="benign3"):
        check([run(folder, preprocess={"crop": 14})], workspace)


def test_a_small_share_seen_and_a_class_that_a_set_lacks_are_said(folder: Path, workspace: Workspace) -> None:
    assert "sees 8% of each image: the central 14 x 14 of 50 x 50 pixels" in notes(
        run(folder, preprocess={"crop": 14}), workspace
    )
    assert not notes(run(folder, preprocess={"resize": 48}), workspace)
    few = run(
        folder, preprocess={"resize": 48}, split={"method": "random", "valid": 0.03, "test": 0.2, "stratify": False}
    )
    assert "No validation patch shows" in notes(few, workspace)


def test_an_epoch_chosen_by_few_patients_is_said(folder: Path, workspace: Workspace) -> None:
    patients = {"dataset": "folder", "root": str(folder), "options": {"patient_pattern": r"([a-z]+\d)"}}

    def with_patients(**train: Any) -> RunConfig:
        return run(folder, data=patients, preprocess={"resize": 48}, train=train)

    assert "too few to choose an epoch by" in notes(with_patients(epochs=3), workspace)
    assert not notes(with_patients(epochs=3, checkpoint="last"), workspace)


@pytest.mark.parametrize(
    ("gib", "stops"), [pytest.param(0.001, True, id="too little memory"), pytest.param(64, False, id="enough")]
)
def test_a_batch_that_no_memory_holds_is_refused(
    folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, gib: float, stops: bool
) -> None:
    monkeypatch.setattr("histo_core.runs.preflight_room.memory", lambda: (int(gib * 2**30), int(gib * 2**30)))
    config = run(folder, preprocess={"resize": 48}, train={"batch_size": 512})
    if not stops:
        assert check([config], workspace)
        return
    with pytest.raises(ConfigError, match=r"A batch of 512 patches .* needs about .*; cpu has 1 MiB") as refused:
        check([config], workspace)
    assert refused.value.remedy.startswith("Try a batch size of ")


def test_memory_that_is_short_now_is_said(folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("histo_core.runs.preflight_room.memory", lambda: (2**20, 2**36))
    config = run(folder, preprocess={"resize": 48}, train={"batch_size": 512})
    assert "1 MiB are free now" in notes(config, workspace)


def test_a_disk_without_room_for_the_checkpoints_is_refused(
    folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("histo_core.runs.preflight_room.shutil.disk_usage", lambda _: SimpleNamespace(free=2**20))
    with pytest.raises(ConfigError, match=r"checkpoints need about .* on the disk of .*; 1 MiB are free"):
        check([run(folder, preprocess={"resize": 48})], workspace)


def test_a_run_for_another_machine_needs_no_room_here(
    folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("histo_core.runs.preflight_room.shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    assert check([run(folder, preprocess={"resize": 48})], workspace, here=False)


def test_weights_that_are_missing_are_refused(folder: Path, workspace: Workspace) -> None:
    with pytest.raises(HistoscopeError, match="nosuch"):
        check(
            [run(folder, preprocess={"resize": 48}, model={"name": "squeezenet1_1", "weights": "nosuch.safetensors"})],
            workspace,
        )
