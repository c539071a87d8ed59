"""Define the options of a run's configuration, for every command that trains."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from histo_core.cli.options import DataOptions, SkipBroken, pairs, with_options
from histo_core.config import RunConfig, read_config
from histo_core.errors import ConfigError


def run_config(
    config: Annotated[Path | None, typer.Option(help="YAML file to start from, such as a run's config.yaml.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Data set; `data list` shows all.")] = None,
    root: Annotated[str | None, typer.Option(help="Folder of the data.")] = None,
    option: DataOptions = None,
    skip_broken: SkipBroken = False,
    split: Annotated[str | None, typer.Option(help="Split by: auto, published, patient, slide or random.")] = None,
    model: Annotated[str | None, typer.Option(help="Model, such as cnn_rnn or resnet18.")] = None,
    weights: Annotated[str | None, typer.Option(help="Initial weights: none, imagenet or a .safetensors file.")] = None,
    crop: Annotated[int | None, typer.Option(help="Centre crop, in pixels; else the model's own.")] = None,
    resize: Annotated[int | None, typer.Option(help="Resize to this side, in pixels; else the model's own.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Patches a batch.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Learning rate.")] = None,
    max_train_samples: Annotated[int | None, typer.Option(help="Train on a seeded subset of this size.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda:0 or mps.")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, order and augmentation.")] = None,
    change: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other field, such as augment.jitter=0.2")
    ] = None,
) -> RunConfig:
    """Return the configuration that the options give; its parameters are options of the commands that train.

    Raises:
        ConfigError: the file or an option cannot be used.
        UnknownNameError: no model has this name.
    """
    given = {
        "data.dataset": dataset,
        "data.root": root,
        "data.options": pairs(option) or None,
        "data.skip_broken": skip_broken or None,
        "split.method": split,
        "model.name": model,
        "model.weights": weights,
        "preprocess.crop": crop,
        "preprocess.resize": resize,
        "train.epochs": epochs,
        "train.batch_size": batch_size,
        "train.learning_rate": learning_rate,
        "train.max_train_samples": max_train_samples,
        "train.device": device,
        "train.threads": threads,
        "seed": seed,
    }
    changes = {key: value for key, value in given.items() if value is not None} | pairs(change)
    return build_config(config, changes)


with_run_options = with_options(run_config)
"""Decorator that adds these options to a command; its first argument is the configuration."""


def build_config(file: Path | None, changes: dict[str, Any]) -> RunConfig:
    """Return a run's configuration: the file's (or the defaults), then the changes by dotted field name.

    Without a file, or with a file without preprocessing, the preprocessing is what the model recommends.

    Raises:
        ConfigError: the file or a change cannot be used.
        UnknownNameError: no model has this name.
    """
    # The model registry loads PyTorch, which a launch needs anyway and `--help` does not.
    from histo_core.models.registry import MODELS

    base = RunConfig() if file is None else read_config(file)
    values = base.model_dump(mode="json")
    if "preprocess" not in base.model_fields_set:
        values["preprocess"] = MODELS[changes.get("model.name", base.model.name)].preprocess.model_dump(mode="json")
    for key, value in changes.items():
        _put(values, key, value)
    return RunConfig.parse(values)


def _put(values: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        if not isinstance(values.get(parent), dict):
            raise ConfigError(
                f"{key} is not a field of a run.",
                f"Fields: {', '.join(RunConfig.model_fields)}, with a dot between levels.",
                "Write for example augment.jitter=0.2.",
            )
        values = values[parent]
    values[last] = value
