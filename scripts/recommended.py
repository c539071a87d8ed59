"""What the recommended settings reach on real data, beside yardsticks that were written down before.

    python -m scripts.recommended --data ../shared/data --only breakhis_224
    python -m scripts.recommended --data ../shared/data --table

The first command trains what is lacking and prints the table; the second prints the table of what is there. ``--write
docs/results.md`` puts it into that page. The recommended run of a data set is that of ``train --dataset X --root Y``
with another seed, seed of the split, or fold. What was trained before is not trained again, and a training that was
stopped goes on where it was.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from histo_core.config import RunConfig, read_config
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.models.weights.at_hand import weights_at_hand
from histo_core.recommendation.api import recommend_run
from histo_core.recommendation.recipe import with_choices
from histo_core.workspace import Workspace
from scripts.recommended_table import RECOMMENDED, Goal, Trained, markdown, read_trained
from scripts.results import RECIPES, predicted_once

YARDSTICKS = RECIPES / "yardsticks"
BEGIN, END = "<!-- recommended: begin -->", "<!-- recommended: end -->"
"""Marks of a page between which the table stands."""
_SETS = ("valid", "test")


@dataclass(frozen=True)
class Task:
    """A data set with the splits that are measured.

    Attributes:
        folder: of the data.
        dataset: how it is read.
        repeats: name of a repeat to its fields; another seed, or another split.
        goal: what the untouched command should reach.
        yardsticks: name of the repeat on which the yardsticks are trained, too; "" for none.
    """

    folder: str
    dataset: str
    repeats: Mapping[str, Mapping[str, Any]]
    goal: Goal
    yardsticks: str = ""


def _splits(number: int) -> dict[str, dict[str, Any]]:
    return {f"split {seed}": {"split.seed": seed} for seed in range(number)}


_FOLDS = {f"fold {fold}": {"split.folds": 5, "split.fold": fold} for fold in range(5)}
TASKS = (
    Task("breakhis_224", "breakhis", _splits(5) | _FOLDS, Goal(mean=0.97, least=0.90, pooled=0.88), "split 0"),
    Task("kpcam", "kpcam", _splits(3), Goal(mean=0.935, accuracy=0.87), "split 0"),
    Task("idc", "idc", _splits(3), Goal(mean=0.855, balanced=0.77), "split 0"),
    Task("pcam_jpeg", "folder", {f"seed {seed}": {"seed": seed} for seed in range(3)}, Goal(mean=0.94, accuracy=0.865)),
)
"""The quickest first. Goals are those that were set before the recommendation was written."""


def wanted(task: Task, data: Path, workspace: Workspace) -> Iterator[tuple[str, str, RunConfig]]:
    """Yield repeat, recipe and configuration of each run of a data set, the recommended ones first."""
    base = RunConfig.parse({"data": {"dataset": task.dataset, "root": str(data / task.folder)}})
    for repeat, fields in task.repeats.items():
        yield repeat, RECOMMENDED, recommend_run(base, fields, workspace).config
    if task.yardsticks:
        fields = {f"data.{key}": value for key, value in base.data.model_dump(mode="json").items()}
        fields |= task.repeats[task.yardsticks]
        for file in sorted(YARDSTICKS.glob("*.yaml")):
            recipe = read_config(file)
            weights = weights_at_hand(recipe.model.name, workspace, base.data.root)
            given = fields if recipe.model.weights == "none" else fields | {"model.weights": weights or "imagenet"}
            yield task.yardsticks, file.stem, with_choices(recipe, (), given)


def train(task: Task, data: Path, workspace: Workspace, home: Path, recipes: Sequence[str] | None) -> None:
    """Train and predict what is lacking of a data set.

    Args:
        task: the data set.
        data: folder of the data sets.
        workspace: names the folders that may be read.
        home: keeps a folder for each run: data set / repeat / recipe.
        recipes: only these; None for all.
    """
    for repeat, recipe, config in wanted(task, data, workspace):
        folder = home / task.folder / repeat / recipe
        if recipes is not None and recipe not in recipes:
            continue
        dataset = open_dataset(config.data, workspace)
        split = make_split(dataset, config.split, workspace)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.yaml").write_text(config.to_yaml())
        print(f"{task.folder}, {repeat}, {recipe}", flush=True)
        predicted_once(config, dataset, split, folder, workspace, _SETS)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is lacking, unless only the table is wanted, and print the table."""
    options = _parsed(arguments)
    data: Path = options.data.resolve()
    workspace = Workspace(options.home.resolve(), (data,))
    home = workspace.home / "recommended"
    tasks = [task for task in TASKS if not options.only or task.folder in options.only]
    if not options.table:
        for task in tasks:
            train(task, data, workspace, home, options.recipe)
    found: dict[str, list[Trained]] = {task.folder: read_trained(home / task.folder) for task in tasks}
    table = markdown(found, {task.folder: task.goal for task in tasks})
    print(table)
    if options.write:
        options.write.write_text(between_marks(options.write.read_text(), table))


def between_marks(page: str, table: str) -> str:
    """Return a page with this table between its two marks.

    Raises:
        ValueError: the page has no marks.
    """
    before, begun, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        raise ValueError(f"the page has no {BEGIN} followed by {END}")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets and of weights")
    parser.add_argument("--home", type=Path, default=Path("build"), help="where trained networks are kept")
    parser.add_argument("--only", action="append", help="a data set's folder; may be given several times")
    parser.add_argument("--recipe", action="append", help=f"{RECOMMENDED}, or a yardstick; may be given several times")
    parser.add_argument("--table", action="store_true", help="train nothing")
    parser.add_argument("--write", type=Path, help="a page whose table between two marks is replaced: docs/results.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
