"""Rows of the options that several commands share; those of a split and a protocol follow their models' fields."""

from __future__ import annotations

from typing import Any

from other_values import other_values
from wiring_base import CLI, RUN, Row

from histo_core.config import DataConfig, SplitConfig
from histo_core.config.protocol import ProtocolConfig, SweepField


def data_rows(target: str, place: str = "config") -> dict[str, Row]:
    """A data set's options, each field of `DataConfig`."""
    rows = {
        "dataset": Row(("--dataset", "kpcam"), target, f"{place}.dataset", "kpcam"),
        "root": Row(("--root", "/some/folder"), target, f"{place}.root", "/some/folder"),
        "option": Row(("--option", "a=3", "--option", "b=x"), target, f"{place}.options", {"a": 3, "b": "x"}),
        "skip_broken": Row(("--skip-broken",), target, f"{place}.skip_broken", value=True),
    }
    assert {row.place.rpartition(".")[2] for row in rows.values()} == set(DataConfig.model_fields)
    return rows


def split_rows(target: str, place: str = "config") -> dict[str, Row]:
    """A split's options, one for each field of `SplitConfig`, with a value that the model itself tells."""
    values = other_values(SplitConfig, {"group": "scanner", "saved": "f" * 12})
    needs = {
        "group": ("--split", "group"),
        "saved": ("--split", "saved"),
        "fold": ("--folds", "10"),
        "hold_out": ("--folds", "10"),
    }
    rows = {}
    for name in SplitConfig.model_fields:
        option = {"method": "split"}.get(name, name.replace("_", "-"))
        typed = (f"--{option}", str(values[name]))
        if values[name] is True or values[name] is False:
            typed = (f"--{option}",) if values[name] else (f"--no-{option}",)
        rows[name] = Row(typed, target, f"{place}.{name}", values[name], also=needs.get(name, ()))
    return rows


def run_rows(target: str) -> dict[str, Row]:
    """What is trained: the options that `train` and `experiments start` share."""
    given: dict[str, tuple[str, str, Any]] = {
        "dataset": ("kpcam", "data.dataset", "kpcam"),
        "root": ("/some/folder", "data.root", "/some/folder"),
        "option": ("a=3", "data.options", {"a": 3}),
        "split": ("random", "split.method", "random"),
        "model": ("resnet18", "model.name", "resnet18"),
        "weights": ("imagenet", "model.weights", "imagenet"),
        "crop": ("48", "preprocess.crop", 48),
        "resize": ("80", "preprocess.resize", 80),
        "epochs": ("3", "train.epochs", 3),
        "batch_size": ("17", "train.batch_size", 17),
        "learning_rate": ("0.05", "train.learning_rate", 0.05),
        "max_train_samples": ("99", "train.max_train_samples", 99),
        "device": ("cuda:1", "train.device", "cuda:1"),
        "threads": ("5", "train.threads", 5),
        "seed": ("8", "seed", 8),
    }
    rows = {
        name: Row((f"--{name.replace('_', '-')}", typed), target, f"config.{place}", value)
        for name, (typed, place, value) in given.items()
    }
    rows["skip_broken"] = Row(("--skip-broken",), target, "config.data.skip_broken", value=True)
    rows["change"] = Row(("--set", "augment.jitter=0.7"), target, "config.augment.jitter", 0.7)
    rows["minutes"] = Row(
        ("--minutes", "7"), "histo_core.recommendation.api.recommend_run", "minutes", 7.0, also=("--dataset", "kpcam")
    )
    rows["config"] = Row(("--config", "{tmp}/run.yaml"), target, "config.train.patience", 31)
    return rows


def written_rows(target: str) -> dict[str, Row]:
    """What is written on a run or an experiment."""
    return {
        "name": Row(("--name", "Mine"), target, "name", "Mine"),
        "tag": Row(("--tag", "a", "--tag", "b"), target, "tags", ["a", "b"]),
        "note": Row(("--note", "why"), target, "note", "why"),
        "priority": Row(("--priority", "7"), target, "priority", 7),
    }


def protocol_rows(target: str) -> dict[str, Row]:
    """Each field of `ProtocolConfig`; its kind follows from the others."""
    tried = ("--grid", "train.epochs=2,3")
    ranged = ("--search-space", "train.learning_rate=0.001:0.1:log")
    sweep = {"train.epochs": SweepField(values=(2, 3))}
    over = {"train.learning_rate": SweepField(low=0.001, high=0.1, log=True)}
    rows = {
        "folds": Row(("--folds", "4"), target, "protocol.folds", 4),
        "repeats": Row(("--repeats", "6"), target, "protocol.repeats", 6),
        "new": Row(("--new", "splits"), target, "protocol.new", "splits", also=("--repeats", "6")),
        "values": Row(tried, target, "protocol.sweep", sweep),
        "ranges": Row(ranged, target, "protocol.sweep", over, also=("--sampler", "random")),
        "sampler": Row(("--sampler", "tpe"), target, "protocol.sampler", "tpe", also=tried),
        "trials": Row(("--trials", "9"), target, "protocol.trials", 9, also=(*tried, "--sampler", "random")),
        "pruning": Row(("--prune",), target, "protocol.pruning", value=True, also=tried),
        "metric": Row(("--metric", "valid_loss"), target, "protocol.metric", "valid_loss"),
    }
    assert {row.place.rpartition(".")[2] for row in rows.values()} == set(ProtocolConfig.model_fields) - {"kind"}
    return rows


def as_json(module: str) -> dict[str, Row]:
    """The option of commands that say what they found to other programs, too."""
    return {"as_json": Row(("--json",), f"{CLI}.{module}.say_json", calls=True)}


def one(target: str, name: str = "run_id") -> dict[str, Row]:
    """The id that a command is about."""
    return {name: Row((RUN,), target, name, RUN)}
