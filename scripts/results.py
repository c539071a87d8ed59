"""The table of docs/results.md: several networks trained by one recipe on the same 4,000 patches, each tested once.

    python -m scripts.results --data ../shared/data/pcam_jpeg

What was trained before is not trained again, and a training that was stopped goes on where it was. Everything is
chosen on the validation set (the epoch with the lowest loss); the test set is predicted once, when training has ended.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
import torch

from histo_core.config import RunConfig, read_config
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.predictions import read_predictions, write_predictions
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.split import LEFT_OUT, Split, fingerprint
from histo_core.files import read_json, write_json
from histo_core.models.inference.predictor import Predictor
from histo_core.training.data_order import training_rows
from histo_core.training.events import EpochDone
from histo_core.training.loop import fit
from histo_core.training.predict import predict_sets
from histo_core.workspace import Workspace
from scripts.results_table import Result, markdown

RECIPES = Path(__file__).resolve().parents[1] / "docs" / "recipes"
SQUEEZENET = Path("weights") / "squeezenet1_1_features.safetensors"
"""Beside the folder of patches."""

FROZEN = {"train": {"backbone": "frozen"}, "preprocess": {"crop": 64, "resize": 96}}
"""ImageNet's features were learnt on larger nuclei than these patches show, hence the enlarging."""

PREDICTIONS, SPENT = "predictions.parquet", "spent.json"
"""Files of a folder."""


@dataclass(frozen=True)
class Entry:
    """A row of the table.

    Attributes:
        name: of its folder.
        model: of `RunConfig.model`.
        changes: what else differs from the recipe, by section.
    """

    name: str
    model: dict[str, Any]
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)


def entries(data: Path) -> tuple[Entry, ...]:
    """The rows: networks from scratch, the smallest first, then the two whose features are kept."""
    dense = {"name": "squeezenet1_1", "options": {"head": "dense_512"}}
    plain = ("cnn_narrow", "cnn_rnn", "cnn_wide", "cnn_plain", "gcnn_p4")
    return (
        *(Entry(name, {"name": name}) for name in plain),
        Entry("squeezenet1_1, random, frozen", dense, FROZEN),
        Entry("squeezenet1_1, ImageNet, frozen", {**dense, "weights": str(data.parent / SQUEEZENET)}, FROZEN),
    )


PAIRS = (
    ("gcnn_p4", "cnn_plain"),
    ("squeezenet1_1, ImageNet, frozen", "squeezenet1_1, random, frozen"),
)
"""Whose AUROCs are subtracted: the first minus the second."""


def configured(recipe: RunConfig, entry: Entry, data: Path) -> RunConfig:
    """The recipe with one row's network, on these data."""
    values = recipe.model_dump(mode="json")
    for section, changes in {**entry.changes, "model": entry.model, "data": {"root": str(data)}}.items():
        values[section] |= changes
    return RunConfig.parse(values)


def carried_out(config: RunConfig, folder: Path, workspace: Workspace) -> Result:
    """Train (or go on), then predict the test set once, and keep both; CPU seconds count all attempts.

    Args:
        config: what to train.
        folder: of this row alone.
        workspace: names the folders that may be read.
    """
    dataset = open_dataset(config.data, workspace)
    split = make_split(dataset, config.split, workspace)
    table = predicted_once(config, dataset, split, folder, workspace, ("test",))
    updates = config.train.epochs * -(-len(training_rows(config, dataset, split)) // config.train.batch_size)
    return Result(
        name=folder.name,
        config=config,
        truth=(table["y_true"] == dataset.positive).to_numpy(np.int64),
        score=table[f"prob_{dataset.positive}"].to_numpy(np.float64),
        updates=updates,
        cpu_seconds=read_json(folder / SPENT)["cpu_seconds"],
    )


def predicted_once(
    config: RunConfig, dataset: Dataset, split: Split, folder: Path, workspace: Workspace, split_sets: Sequence[str]
) -> pd.DataFrame:
    """Train (or go on) and predict some sets, unless that was done before; both are kept in the folder."""
    predictions, spent = folder / PREDICTIONS, folder / SPENT
    if not predictions.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        for seconds in _trained(config, dataset, split, folder, workspace):
            before = read_json(spent)["cpu_seconds"] if spent.is_file() else 0.0
            write_json(spent, {"cpu_seconds": before + seconds})
        table = predict_sets(Predictor.from_run(folder, "cpu"), dataset, split, split_sets, predict=config.predict)
        write_predictions(table, predictions)
    return read_predictions(predictions)


def _trained(config: RunConfig, dataset: Dataset, split: Split, folder: Path, workspace: Workspace) -> Iterator[float]:
    """CPU seconds of all threads, epoch by epoch."""
    begun = process_time()
    for event in fit(config, dataset, split, folder, workspace=workspace):
        if isinstance(event, EpochDone):
            print(
                f"{folder.name}: epoch {event.epoch + 1} of {config.train.epochs}, "
                f"valid loss {event.valid_loss:.4f}, AUROC {event.valid_auroc:.4f}",
                flush=True,
            )
            now = process_time()
            yield now - begun
            begun = now


def training_fingerprint(config: RunConfig, workspace: Workspace) -> str:
    """SHA-256 of the ids, labels and sets, with training patches that were not drawn left out."""
    dataset = open_dataset(config.data, workspace)
    split = make_split(dataset, config.split, workspace)
    split_sets = np.where(split.split_sets == "train", LEFT_OUT, split.split_sets)
    split_sets[training_rows(config, dataset, split)] = "train"
    ids, labels = (dataset.table[column].tolist() for column in ("sample_id", "label"))
    return fingerprint(ids, labels, split_sets.tolist())


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is lacking and print the table."""
    options = _parsed(arguments)
    data: Path = options.data.resolve()
    workspace = Workspace(options.home.resolve(), (data.parent,))
    recipe = read_config(options.recipe)
    rows = [entry for entry in entries(data) if not options.only or entry.name in options.only]
    results = [
        carried_out(configured(recipe, entry, data), workspace.home / "results" / entry.name, workspace)
        for entry in rows
    ]
    print(f"\nSplit and training patches: {training_fingerprint(results[0].config, workspace)}")
    threads = recipe.train.threads or torch.get_num_threads()
    print(f"torch {torch.__version__}, CPU threads: {threads}, {processor()}\n")
    print(markdown(results, PAIRS))


def processor() -> str:
    """What the operating system calls it."""
    info = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with train, valid and test")
    parser.add_argument("--home", type=Path, default=Path("build"), help="where trained networks are kept")
    parser.add_argument("--recipe", type=Path, default=RECIPES / "pcam_4000_table.yaml", help="a run's configuration")
    parser.add_argument("--only", action="append", help="a row's name; may be given several times")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
