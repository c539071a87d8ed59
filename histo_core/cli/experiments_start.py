"""``experiments start``: folds, repeats and sweeps of one configuration."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from histo_core.cli.data import build_phantom_data
from histo_core.cli.output import say
from histo_core.cli.run_options import with_run_options
from histo_core.cli.sweep_options import sweep_of
from histo_core.config import RunConfig, parse_config
from histo_core.config.protocol import Metric, ProtocolConfig
from histo_core.program import PROGRAM
from histo_core.workspace import Workspace


@with_run_options
def start(
    config: RunConfig,
    folds: Annotated[
        int | None, typer.Option(min=2, help="k-fold cross-validation; with --grid, folds of each trial.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Repeat so often; with --folds, divide anew so often.")] = 1,
    new: Annotated[Literal["seeds", "splits"], typer.Option(help="What is new in each repeat.")] = "seeds",
    values: Annotated[
        list[str] | None,
        typer.Option("--grid", metavar="FIELD=A,B,...", help="A setting and the values to try; may be repeated."),
    ] = None,
    ranges: Annotated[
        list[str] | None,
        typer.Option(
            "--search-space",
            metavar="FIELD=LOW:HIGH[:log][:whole]",
            help="A range, for random and tpe.",
        ),
    ] = None,
    sampler: Annotated[Literal["grid", "random", "tpe"], typer.Option(help="How combinations are found.")] = "grid",
    trials: Annotated[int | None, typer.Option(min=1, help="How many, for random and tpe; else 20.")] = None,
    pruning: Annotated[bool, typer.Option("--prune", help="Stop trials that are below the median.")] = False,
    metric: Annotated[Metric, typer.Option("--metric", help="What chooses, on the validation set.")] = "valid_auroc",
    name: Annotated[str, typer.Option(help="How to show it; else the model's name.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="To find its runs by; may be repeated.")] = None,
    note: Annotated[str, typer.Option(help="What its runs are for.")] = "",
    priority: Annotated[int, typer.Option(help="Of its runs; higher ones start first.")] = 0,
) -> None:
    """Queue all runs of an experiment; they go on when this terminal closes.

    Where runs serve to choose (a sweep, or folds with split.hold_out=true), none sees the test set.
    The last line names the experiment.

    \b
    Examples:
      python -m histo_core experiments start --dataset phantom --model cnn_narrow --folds 5
      python -m histo_core experiments start --dataset phantom --repeats 10 --new splits
      python -m histo_core experiments start --dataset phantom --grid train.learning_rate=0.001,0.01 --epochs 3
      python -m histo_core experiments start --sampler tpe --trials 30 --search-space train.learning_rate=1e-5:0.1:log
    """
    from histo_core.experiments.api import start_experiment

    sweep = sweep_of(values, ranges)
    kind = "sweep" if sweep else "folds" if folds else "repeats" if repeats > 1 else "single"
    protocol = {"kind": kind, "folds": folds, "repeats": repeats, "new": new, "sweep": sweep, "sampler": sampler}
    protocol |= {"pruning": pruning, "metric": metric} | ({} if trials is None else {"trials": trials})
    checked = parse_config(ProtocolConfig, protocol)
    workspace = Workspace.default()
    if config.data.dataset == "phantom":
        build_phantom_data(config.data, workspace)
    experiment = start_experiment(config, checked, workspace, name=name, priority=priority, tags=tag or (), note=note)
    for member in experiment.members:
        say(f"{member.run_id}  {member.label}" if member.run_id else f"No run: {member.label}: {member.problem}")
    if len(experiment.members) < checked.size:
        say(f"{checked.size - len(experiment.members):,} more follow, each after what the ones before have shown.")
    say(f"Show it with: {PROGRAM} experiments show {experiment.experiment_id}")
    say(f"experiment {experiment.experiment_id}")
