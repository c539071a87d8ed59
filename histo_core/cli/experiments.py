"""``experiments``: folds, repeats and sweeps, each as one answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.data import draw_phantom
from histo_core.cli.output import local_time, say, table, watched
from histo_core.cli.run_options import with_run_options
from histo_core.cli.sweep_options import sweep_of
from histo_core.config import RunConfig, parse_config
from histo_core.config_protocol import Metric, ProtocolConfig
from histo_core.program import PROGRAM
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from histo_core.experiments.final import TestScore

# What experiments need besides takes seconds to load, and is loaded by the commands that need it.

app = typer.Typer(help="Folds, repeats and sweeps: several runs as one answer.", no_args_is_help=True)

ExperimentId = Annotated[str, typer.Argument(metavar="EXPERIMENT", help="Its id, as `experiments list` shows it.")]
POLL_SECONDS = 1.0


@app.command()
@with_run_options
def start(
    config: RunConfig,
    folds: Annotated[
        int | None, typer.Option(min=2, help="k-fold cross-validation; with --grid, folds of each trial.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Repeat so often; with --folds, deal them anew so often.")] = 1,
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

    Where runs serve to choose (a sweep, or folds with split.hold_out=true), none sees the test part.
    The last line names the experiment.

    \b
    Examples:
      python -m histo_core experiments start --dataset phantom --model cnn_narrow --folds 5
      python -m histo_core experiments start --dataset phantom --repeats 10 --new splits
      python -m histo_core experiments start --dataset phantom --grid train.learning_rate=0.001,0.01 --epochs 3
      python -m histo_core experiments start --sampler tpe --trials 30 --search-space train.learning_rate=1e-5:0.1:log
    """
    from histo_core.experiments.launcher import start_experiment

    sweep = sweep_of(values, ranges)
    kind = "sweep" if sweep else "folds" if folds else "repeats" if repeats > 1 else "single"
    protocol = {"kind": kind, "folds": folds, "repeats": repeats, "new": new, "sweep": sweep, "sampler": sampler}
    protocol |= {"pruning": pruning, "metric": metric} | ({} if trials is None else {"trials": trials})
    checked = parse_config(ProtocolConfig, protocol)
    workspace = Workspace.default()
    if config.data.dataset == "phantom":
        draw_phantom(config.data, workspace)
    experiment = start_experiment(config, checked, workspace, name=name, priority=priority, tags=tag or (), note=note)
    for member in experiment.members:
        say(f"{member.run_id}  {member.label}" if member.run_id else f"No run: {member.label}: {member.problem}")
    if len(experiment.members) < checked.size:
        say(f"{checked.size - len(experiment.members):,} more follow, each after what the ones before have shown.")
    say(f"Show it with: {PROGRAM} experiments show {experiment.experiment_id}")
    say(f"experiment {experiment.experiment_id}")


@app.command("list")
def list_(
    archived: Annotated[bool, typer.Option("--archived", help="Also those that were put away.")] = False,
) -> None:
    """List experiments, newest first.

    \b
    Examples:
      python -m histo_core experiments list
      python -m histo_core experiments list --archived
    """
    from histo_core.experiments.launcher import list_experiments

    authorise(LOCAL, "run.read")
    found = list_experiments(Workspace.default(), archived=archived)
    known = found.readable
    for one in found.unreadable:
        say(
            f"Experiment {one.experiment_id} ({one.name}) cannot be read: {one.why} "
            f"Delete it: {PROGRAM} experiments delete {one.experiment_id}"
        )
    if not known and found.unreadable:
        return
    if not known:
        say(f"No experiments. Start one with: {PROGRAM} experiments start --folds 5")
        return
    table(
        ("experiment", "kind", "runs", "name", "data", "created"),
        [
            (
                *(one.experiment_id, one.protocol.kind, f"{len(one.members)} of {one.protocol.size}", one.name),
                *(one.config.data.dataset, local_time(one.created_at)),
            )
            for one in known
        ],
    )


@app.command()
def show(
    experiment_id: ExperimentId,
    metric: Annotated[
        Literal["auroc", "accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "loss"],
        typer.Option(help="Of the sentence."),
    ] = "auroc",
    wait: Annotated[bool, typer.Option("--wait", help="Until all its runs have ended.")] = False,
) -> None:
    """Show an experiment: what it found, each run, mean, SD and interval.

    \b
    Examples:
      python -m histo_core experiments show 2e94edf86575-1 --wait
    """
    from histo_core.evaluation.class_scores import METRICS
    from histo_core.experiments.final import kept_score, looked_at_before
    from histo_core.experiments.launcher import get_experiment
    from histo_core.experiments.summary import summary
    from histo_core.experiments.words import NAMES, verdict
    from histo_core.runs.held_out import scored_in_words
    from histo_core.runs.launcher import keep_supervised

    authorise(LOCAL, "run.read", experiment_id)
    workspace = Workspace.default()
    found = summary(get_experiment(experiment_id, workspace), workspace)
    while wait and found.goes_on:
        keep_supervised(workspace)
        time.sleep(POLL_SECONDS)
        found = summary(get_experiment(experiment_id, workspace), workspace)
    numbers = found.table()
    columns = [f"{found.part}_{name}" for name in METRICS]
    table(
        ("run", "member", "state", *columns),
        [
            (row["run_id"], row["member"], row["state"], *(_number(row[name]) for name in columns))
            for row in numbers.to_dict("records")
        ],
    )
    for one in found.together.values():
        said = str(one.interval) if one.interval.defined else f"no interval: {one.interval.method}"
        say(f"{NAMES[one.metric]}: mean {_number(one.mean)}, SD {_number(one.sd)}; {said}")
    if found.basis:
        say(f"Intervals are from {found.basis}.")
    say(found.about)
    if (kept := kept_score(experiment_id, workspace)) is not None:
        _tell_test(kept)
    elif found.experiment.keeps_test_back:
        say(f"Test part: {scored_in_words(looked_at_before(found.experiment, workspace))}")
    if found.experiment.origin:
        from histo_core.experiments.beside import beside_experiment

        for pair in beside_experiment(found, workspace):
            say(f"{pair.reported.measure} of {pair.of}: {pair.said}")
    say(verdict(found, metric))


@app.command()
def cancel(experiment_id: ExperimentId) -> None:
    """Start no more runs of an experiment and cancel the active ones, with their checkpoints kept.

    \b
    Examples:
      python -m histo_core experiments cancel 2e94edf86575-1
    """
    from histo_core.experiments.launcher import cancel_experiment

    cancel_experiment(experiment_id, Workspace.default())
    say(f"experiment {experiment_id} cancelled")


@app.command()
def resume(experiment_id: ExperimentId) -> None:
    """Queue the failed, cancelled and lost runs of an experiment again, and go on with a sweep.

    \b
    Examples:
      python -m histo_core experiments resume 2e94edf86575-1
    """
    from histo_core.experiments.launcher import resume_experiment

    resume_experiment(experiment_id, Workspace.default())
    say(f"experiment {experiment_id} goes on")


@app.command()
def test(experiment_id: ExperimentId) -> None:
    """Score the test part, once: for the run that was chosen without it. Later calls print the same numbers.

    \b
    Examples:
      python -m histo_core experiments test b25bf496ae51-1
    """
    from histo_core.experiments.final import score_test

    with watched("predicting") as progress:
        found = score_test(experiment_id, Workspace.default(), progress=progress)
    _tell_test(found)


@app.command()
def rename(
    experiment_id: ExperimentId, name: Annotated[str, typer.Argument(help="One line of 1 to 200 characters.")]
) -> None:
    """Show an experiment under another name; its runs keep theirs.

    \b
    Examples:
      python -m histo_core experiments rename 2e94edf86575-1 "Learning rates"
    """
    from histo_core.experiments.edit import rename_experiment

    renamed = rename_experiment(experiment_id, name, Workspace.default())
    say(f"experiment {experiment_id} is now named {renamed.name}")


@app.command()
def archive(
    experiment_id: ExperimentId,
    back: Annotated[bool, typer.Option("--back", help="Bring it back to the lists.")] = False,
) -> None:
    """Put an experiment away: lists leave it out, and its runs may be deleted.

    \b
    Examples:
      python -m histo_core experiments archive 2e94edf86575-1
      python -m histo_core experiments archive 2e94edf86575-1 --back
    """
    from histo_core.experiments.edit import archive_experiment

    archive_experiment(experiment_id, Workspace.default(), on=not back)
    say(f"experiment {experiment_id} is {'back in the lists' if back else 'archived'}")


@app.command()
def delete(experiment_id: ExperimentId) -> None:
    """Delete an experiment whose runs have ended. Its runs stay; nothing brings it back.

    \b
    Examples:
      python -m histo_core experiments delete 2e94edf86575-1
    """
    from histo_core.experiments.edit import delete_experiment

    delete_experiment(experiment_id, Workspace.default())
    say(f"experiment {experiment_id} is deleted")


def _tell_test(score: TestScore) -> None:
    from histo_core.experiments.words import NAMES
    from histo_core.runs.held_out import scored_in_words

    basis = f" on {score.basis}" if score.basis else ""
    say(f"Test part, scored once with run {score.run_id}{basis}:")
    for name in NAMES:
        if name in score.metrics:  # what an older version kept lacks the newer ones
            say(f"  {NAMES[name]}: {score.metrics[name]}")
    say(f"  It was {scored_in_words(score.scored_before)}")


def _number(value: float) -> str:
    return "" if value != value else f"{value:.3f}"
