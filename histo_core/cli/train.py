"""``train`` and ``demo``: queue runs and watch them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from histo_core.cli.data import draw_phantom
from histo_core.cli.options import DataOptions, SkipBroken, pairs
from histo_core.cli.output import say
from histo_core.cli.watch import tell_end, watch_or_cancel
from histo_core.config import RunConfig, read_config
from histo_core.errors import ConfigError
from histo_core.runs.launcher import launch, launch_many
from histo_core.workspace import Workspace


def train(
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
    name: Annotated[str, typer.Option(help="How to show the run; else the model's title.")] = "",
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the run.")] = False,
) -> None:
    """Train a model and watch it; the run goes on when this terminal closes.

    Ctrl-C asks the run to stop and keeps its checkpoint. The last line names the run.
    Preprocessing is what the model recommends, unless --config, --crop, --resize or --set say otherwise.

    \b
    Examples:
      python -m histo_core train --dataset phantom --option patches=500 --model cnn_rnn --epochs 3
      python -m histo_core train --dataset kpcam --root ../shared/data/kpcam --model cnn_rnn --epochs 3
      python -m histo_core train --dataset pcam --root pcam --model resnet18 --weights imagenet --detach
      python -m histo_core train --config my_run.yaml --seed 1 --set augment.jitter=0.2
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
    workspace = Workspace.default()
    run_config = build_config(config, changes)
    if run_config.data.dataset == "phantom":
        draw_phantom(run_config.data, workspace)
    run = launch(run_config, workspace, name=name)
    if detach:
        say(f"Watch it with: python -m histo_core runs watch {run.run_id}\nrun {run.run_id} {run.status}")
        return
    raise typer.Exit(tell_end(watch_or_cancel(run.run_id, workspace)))


def demo(
    patches: Annotated[int | None, typer.Option(min=40, help="Phantom patches to draw; else 3,000.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the runs.")] = False,
) -> None:
    """Draw phantom tissue and train three models on it, minutes on two processor cores.

    \b
    Examples:
      python -m histo_core demo
      python -m histo_core demo --patches 800 --detach
    """
    from histo_core.studies.demo import demo_configs

    workspace, members = Workspace.default(), demo_configs(patches)
    draw_phantom(members[0].config.data, workspace)
    queued = launch_many([one.config for one in members], workspace, names=[one.name for one in members])
    for run in queued:
        say(f"{run.run_id}  {run.name}")
    ids = " ".join(run.run_id for run in queued)
    if not detach:
        codes = [tell_end(watch_or_cancel(run.run_id, workspace)) for run in queued]
        if any(codes):
            raise typer.Exit(1)
    say(f"Compare them with: python -m histo_core compare {ids}")


def build_config(file: Path | None, changes: dict[str, Any]) -> RunConfig:
    """A run's configuration: the file's (or the defaults), then the changes by dotted field name.

    A file that says nothing of preprocessing, and no file, mean the preprocessing that the model recommends.

    Raises:
        ConfigError: the file or a change cannot be used.
        UnknownNameError: no model has this name.
    """
    # The registry of models loads PyTorch, which a launch needs anyway and `--help` does not.
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
