"""A disk that refuses, bytes that rot, and what is left to go on from."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
import torch
from torch import nn

from histo_core.config import ModelConfig, PreprocessConfig
from histo_core.errors import CheckpointError
from histo_core.models.weights.header import WeightsHeader
from histo_core.models.weights.manifest import read_manifest
from histo_core.training.checkpoint import BestWeights, Checkpoints, Position
from histo_core.training.events import EpochDone

HEADER = WeightsHeader(
    model=ModelConfig(),
    preprocess=PreprocessConfig(crop=32),
    input_size=(32, 32),
    classes=("normal", "tumour"),
    positive="tumour",
)


def save(checkpoints: Checkpoints, epoch: int, *, best: bool = True) -> None:
    """A state whose tensor holds the epoch's number."""
    weights = BestWeights(nn.Linear(2, 2), HEADER, epoch, 1 / (epoch + 1)) if best else None
    checkpoints.save({"model.number": torch.tensor(float(epoch))}, Position(epoch=epoch), weights)


def number(checkpoints: Checkpoints) -> float:
    return checkpoints.load().tensors["model.number"].item()


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint"


@pytest.fixture
def checkpoints(folder: Path) -> Checkpoints:
    return Checkpoints(folder, {"seed": 0, "model.name": "cnn_rnn"})


def test_nothing_saved_is_nothing_to_load(checkpoints) -> None:
    assert checkpoints.load() is None


def test_what_was_saved_comes_back(checkpoints) -> None:
    done = EpochDone(1, 0.1 + 0.2, 1 / 3, 0.5, None, 1.25, True)
    position = Position(epoch=2, batch=3, loss_sum=0.1 + 0.2, samples=24, seconds=1.5, last_epoch=done)
    tensors = {
        "model.a": torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last),
        "optimizer.0.step": torch.ones(()),
    }
    checkpoints.save(tensors, position)
    restored = checkpoints.load()
    assert restored.position == position
    assert restored.best is None
    assert restored.tensors.keys() == tensors.keys()
    assert all(torch.equal(restored.tensors[name], tensors[name]) for name in tensors)


def test_the_folder_holds_last_previous_best_and_manifest_only(checkpoints, folder) -> None:
    for epoch in range(4):
        save(checkpoints, epoch, best=epoch != 3)
    manifest = read_manifest(folder)
    assert (manifest.last.epoch, manifest.previous.epoch, manifest.best.epoch) == (3, 2, 2)
    assert names(folder) == {*manifest.files, "manifest.json"}
    written = json.loads((folder / "manifest.json").read_text())
    assert written.keys() == {"schema", "last", "previous", "best"}
    assert written["last"].keys() == {"file", "sha256", "epoch", "batch"}
    assert written["best"].keys() == {"file", "sha256", "epoch", "valid_loss"}


def test_what_a_killed_save_left_is_removed_by_the_next(checkpoints, folder) -> None:
    save(checkpoints, 0)
    for name in ("last.9-0-abc.safetensors", "best.9-0-abc.safetensors", ".manifest.json.xyz.part"):
        (folder / name).touch()
    save(checkpoints, 1)
    assert names(folder) == {*read_manifest(folder).files, "manifest.json"}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize(("function", "calls"), [("fsync", 6), ("replace", 3), ("open", 3)])
def test_a_disk_that_refuses_any_write_leaves_a_readable_state(
    checkpoints, folder, monkeypatch, function: str, calls: int, code: int
) -> None:
    """Three files are written, each opened, synced, renamed and its folder synced; one of these fails each time."""
    real = getattr(os, function)
    for failing in range(1, calls + 1):
        save(checkpoints, 0)
        called = 0

        def refuse(*arguments, failing: int = failing, **keywords):
            nonlocal called
            if function == "open" and arguments[1] & os.O_NONBLOCK:  # the manifest before, which is read
                return real(*arguments, **keywords)
            called += 1
            if called == failing:
                raise OSError(code, os.strerror(code))
            return real(*arguments, **keywords)

        with monkeypatch.context() as patch:
            patch.setattr(os, function, refuse)
            with pytest.raises(CheckpointError, match=rf"could not be written.*{os.strerror(code)}.*resume"):
                save(checkpoints, 1)
        # Only when the very last sync fails is the new manifest in place already.
        assert number(checkpoints) == (1 if (function, failing) == ("fsync", 6) else 0)
        assert not [name for name in names(folder) if name.endswith(".part")]
        save(checkpoints, 2)
        assert number(checkpoints) == 2


@pytest.mark.parametrize("damage", [b"", b"rot", None])
def test_a_damaged_last_state_falls_back_with_a_warning(checkpoints, folder, caplog, damage: bytes | None) -> None:
    save(checkpoints, 0)
    save(checkpoints, 1)
    file = folder / read_manifest(folder).last.file
    if damage is None:
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
    else:
        file.write_bytes(damage)
    assert number(checkpoints) == 0
    assert "The checkpoint before it is used" in caplog.text


def test_a_missing_last_state_falls_back(checkpoints, folder) -> None:
    save(checkpoints, 0)
    save(checkpoints, 1)
    (folder / read_manifest(folder).last.file).unlink()
    assert number(checkpoints) == 0


@pytest.mark.parametrize("lost", [("last", "previous"), ("best",)])
def test_nothing_whole_is_left(checkpoints, folder, lost: tuple[str, ...]) -> None:
    save(checkpoints, 0)
    save(checkpoints, 1)
    manifest = read_manifest(folder)
    for entry in lost:
        (folder / getattr(manifest, entry).file).unlink()
    with pytest.raises(CheckpointError, match=r"damaged, and nothing to go on from is left.*Start the run again"):
        checkpoints.load()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 1}', '{"schema": 99, "last": null}'])
def test_a_manifest_that_cannot_be_understood(checkpoints, folder, content: str) -> None:
    save(checkpoints, 0)
    (folder / "manifest.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"manifest\.json cannot be read"):
        checkpoints.load()


def test_a_manifest_cannot_name_a_file_elsewhere(checkpoints, folder) -> None:
    save(checkpoints, 0)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["last"]["file"] = "last./../../secret.safetensors"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match=r"last\.file"):
        checkpoints.load()


def test_another_identity_is_refused_and_named(checkpoints, folder) -> None:
    save(checkpoints, 0)
    with pytest.raises(CheckpointError, match=r"model.name was 'cnn_rnn' and is 'resnet18'; seed was 0 and is 1"):
        Checkpoints(folder, {"seed": 1, "model.name": "resnet18"}).load()
