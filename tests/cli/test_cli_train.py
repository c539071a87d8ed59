"""What ``train`` makes of its arguments."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from image_folders import image_folders

from histo_core.cli.options import pairs
from histo_core.cli.run_options import build_config
from histo_core.config import PreprocessConfig, RunConfig, TrainConfig
from histo_core.errors import ConfigError, UnknownNameError
from histo_core.models.registry import MODELS
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace


def test_preprocessing_is_the_models_own_unless_told() -> None:
    for name in MODELS:
        assert build_config(None, {"model.name": name}).preprocess == MODELS[name].preprocess
    told = build_config(None, {"model.name": "cnn_rnn", "preprocess.crop": 64}).preprocess
    assert told == MODELS["cnn_rnn"].preprocess.model_copy(update={"crop": 64})


def test_a_file_is_the_start_and_options_change_it(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    written = RunConfig(preprocess=PreprocessConfig(crop=48), train=TrainConfig(epochs=7), seed=3)
    file.write_text(written.to_yaml())
    assert build_config(file, {}) == written
    changed = build_config(file, {"train.epochs": 2, "augment.jitter": 0.2})
    assert (changed.train.epochs, changed.augment.jitter, changed.preprocess.crop, changed.seed) == (2, 0.2, 48, 3)
    file.write_text("model: {name: resnet18}\n")
    assert build_config(file, {}).preprocess == MODELS["resnet18"].preprocess


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"nosuch.field": 1}, ConfigError, "nosuch.field is not a field"),
        ({"train.speed": 1}, ConfigError, "train.speed is not a known field"),
        ({"train.epochs": 0}, ConfigError, "train.epochs = 0"),
        ({"seed.more": 0}, ConfigError, "seed.more is not a field"),
        ({"model.name": "resnet19"}, UnknownNameError, "Did you mean 'resnet18'"),
    ],
)
def test_a_wrong_argument_is_named(changes: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        build_config(None, changes)


def test_values_are_read_as_yaml() -> None:
    assert pairs(["a=3", "b=0.5", "c=true", "d=word", "e=[1, 2]", "f=x=y"]) == {
        "a": 3,
        "b": 0.5,
        "c": True,
        "d": "word",
        "e": [1, 2],
        "f": "x=y",
    }
    for wrong in ("novalue", "=3", "a=[1"):
        with pytest.raises(ConfigError):
            pairs([wrong])
    with pytest.raises(ConfigError, match="a is given twice"):
        pairs(["a=3", "a=4"])


def test_bad_input_is_one_message_and_exit_code_2(call, tmp_path: Path) -> None:
    for arguments, message in (
        (("--model", "resnet19"), "Unknown model 'resnet19'."),
        (("--dataset", "kpcam"), "needs a folder"),
        (("--dataset", "kpcam", "--root", str(tmp_path / "nosuch")), "There is no"),
        (("--config", str(tmp_path / "nosuch.yaml")), "There is no configuration"),
        (("--dataset", "kpcam", "--root", "/etc"), "outside the folders that may be read"),
    ):
        done = call("train", *arguments)
        assert done.code == 2
        assert done.err.startswith("Error: ")
        assert message in done.err
        assert "Traceback" not in done.err


def test_a_detached_launch_ends_with_the_runs_id(call, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 1)
    done = call(
        *("train", "--dataset", "phantom", "--option", "patches=60", "--option", "patients=6"),
        *("--model", "cnn_narrow", "--epochs", "1", "--name", "[bold]tiny[/bold]", "--detach"),
    )
    run = Store.open(workspace).runs()[0]
    assert (done.code, done.out.splitlines()[-1]) == (0, f"run {run.run_id} queued")
    assert run.name == "[bold]tiny[/bold]"
    assert run.config.train.epochs == 1
    assert run.status is RunStatus.QUEUED
    assert "[bold]tiny[/bold]" in call("runs", "list").out


@pytest.mark.parametrize("content", [b"\xff\xfe\x00binary", None], ids=["no text", "a folder"])
def test_a_file_that_cannot_be_read_is_one_message(call, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "run.yaml"
    file.mkdir() if content is None else file.write_bytes(content)
    done = call("train", "--config", str(file))
    assert done.code == 2
    assert done.err.startswith(f"Error: {file}")
    assert content is not None or "cannot be read: it is a folder" in done.err


def test_what_the_system_refuses_is_one_message(call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full, say."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere")

    monkeypatch.setattr("histo_core.cli.train.launch", full)
    monkeypatch.setattr("histo_core.cli.train.build_phantom_data", lambda *_: None)
    done = call("train", "--dataset", "phantom", "--model", "cnn_narrow")
    assert done.code == 2
    assert done.err == "Error: /somewhere: No space left on device. Free some space.\n"


def folder_of_patches(root: Path, each: int) -> Path:
    """Random patches of two classes, one of them smaller than the others."""
    return image_folders(root, {"benign": each, "malignant": each}, (40, 64), first=(40, 14))


def test_a_data_set_alone_gets_the_recipe_that_fits_it(
    call, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each choice is printed with its reason before the run starts; what is given stays."""
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 1)
    root = folder_of_patches(tmp_path / "patches", 30)
    done = call("train", "--dataset", "folder", "--root", str(root), "--batch-size", "16", "--detach")
    assert done.code == 0, done.err
    config = Store.open(workspace).runs()[0].config
    assert (config.preprocess.crop, config.preprocess.resize) == (None, 48)
    assert (config.model.name, config.train.schedule, config.train.checkpoint) == ("p4m_resnet", "one_cycle", "last")
    assert config.train.batch_size == 16
    said = done.out.splitlines()
    (image,) = [line for line in said if line.startswith("Image: ")]
    assert image.startswith(
        "Image: The 2 sizes from 14 x 40 to 64 x 40 px are all resized to 48 x 48 px; nothing is cut"
    )
    assert "Stain: " in done.out
    assert any(line.startswith("It takes less than a minute on this machine") for line in said)
    assert not any(line.startswith("Batch:") for line in said), "it is given"
    assert said[-1].startswith("run ")


def test_too_few_patches_are_refused_before_a_run_is_queued(call, workspace: Workspace, tmp_path: Path) -> None:
    root = folder_of_patches(tmp_path / "patches", 5)
    done = call("train", "--dataset", "folder", "--root", str(root))
    assert done.code == 2
    assert done.err.startswith("Error: Five patches a class are too few to train and test a network.")
    assert Store.open(workspace).runs() == []


def test_minutes_belong_to_recommended_settings(call) -> None:
    done = call("train", "--minutes", "5")
    assert done.code == 2
    assert "--minutes was given for settings that are not recommended ones" in done.err
