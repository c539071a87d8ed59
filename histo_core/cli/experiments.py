"""Define ``experiments``: start and manage folds, repeats and sweeps."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.as_json import Json, say_json
from histo_core.cli.experiments_start import start
from histo_core.cli.output import local_time, say, table, watched
from histo_core.program import PROGRAM
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from histo_core.experiments.records import Experiment
    from histo_core.experiments.reported import Pair
    from histo_core.experiments.test_score import TestScore

# The other imports take seconds and are inside the commands that need them.

app = typer.Typer(help="Folds, repeats and sweeps: several runs as one answer.", no_args_is_help=True)

app.command("start")(start)

ExperimentId = Annotated[str, typer.Argument(metavar="EXPERIMENT", help="Its id, as `experiments list` shows it.")]
POLL_SECONDS = 1.0


@app.command("list")
def list_(
    archived: Annotated[bool, typer.Option("--archived", help="Also those that were archived.")] = False,
    as_json: Json = False,
) -> None:
    """List experiments, newest first.

    \b
    Examples:
      python -m histo_core experiments list
      python -m histo_core experiments list --archived
      python -m histo_core experiments list --json
    """
    from histo_core.experiments.api import list_experiments

    authorise(LOCAL, "run.read")
    found = list_experiments(Workspace.default(), archived=archived)
    known = found.readable
    if as_json:
        say_json(
            tables={
                "experiments": [
                    _facts(one) | {"kind": one.protocol.kind, "runs": len(one.members), "planned": one.protocol.size}
                    for one in known
                ],
                "unreadable": found.unreadable,
            }
        )
        return
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
    as_json: Json = False,
) -> None:
    """Show an experiment: what it found, each run, mean, SD and interval.

    \b
    Examples:
      python -m histo_core experiments show 2e94edf86575-1 --wait
      python -m histo_core experiments show 2e94edf86575-1 --json
    """
    from histo_core.evaluation.class_scores import METRICS
    from histo_core.experiments.about import NAMES
    from histo_core.experiments.api import get_experiment
    from histo_core.experiments.narrative import verdict
    from histo_core.experiments.results import summary
    from histo_core.experiments.test_score import kept_score, looked_at_before
    from histo_core.runs.api import keep_supervised
    from histo_core.runs.store.test_set_access import scored_in_words

    authorise(LOCAL, "run.read", experiment_id)
    workspace = Workspace.default()
    found = summary(get_experiment(experiment_id, workspace), workspace)
    while wait and found.goes_on:
        keep_supervised(workspace)
        time.sleep(POLL_SECONDS)
        found = summary(get_experiment(experiment_id, workspace), workspace)
    kept = kept_score(experiment_id, workspace)
    untouched = ""
    if kept is None and found.experiment.keeps_test_back:
        untouched = f"Test set: {scored_in_words(looked_at_before(found.experiment, workspace))}"
    pairs: Sequence[Pair] = ()
    if found.experiment.origin:
        from histo_core.experiments.reported import reported_for_experiment

        pairs = reported_for_experiment(found, workspace)
    numbers = found.table()
    if as_json:
        one = found.experiment
        say_json(
            facts=_facts(one)
            | {"split_set": found.split_set, "ended": found.ended, "test": kept, "config": one.config},
            tables={"members": numbers, "metrics": found.by_metric.values(), "reported": pairs},
            sentences=[found.basis, found.about, untouched, verdict(found, metric)],
        )
        return
    columns = [f"{found.split_set}_{name}" for name in METRICS]
    table(
        ("run", "member", "state", *columns),
        [
            (row["run_id"], row["member"], row["state"], *(_number(row[name]) for name in columns))
            for row in numbers.to_dict("records")
        ],
    )
    for one in found.by_metric.values():
        said = str(one.interval) if one.interval.defined else f"no interval: {one.interval.method}"
        say(f"{NAMES[one.metric]}: mean {_number(one.mean)}, SD {_number(one.sd)}; {said}")
    if found.basis:
        say(f"Intervals are from {found.basis}.")
    say(found.about)
    if kept is not None:
        _print_test(kept)
    elif untouched:
        say(untouched)
    for pair in pairs:
        say(f"{pair.reported.measure} of {pair.of}: {pair.said}")
    say(verdict(found, metric))


@app.command()
def cancel(experiment_id: ExperimentId) -> None:
    """Start no more runs of an experiment and cancel the active ones, with their checkpoints kept.

    \b
    Examples:
      python -m histo_core experiments cancel 2e94edf86575-1
    """
    from histo_core.experiments.api import cancel_experiment

    cancel_experiment(experiment_id, Workspace.default())
    say(f"experiment {experiment_id} cancelled")


@app.command()
def resume(experiment_id: ExperimentId) -> None:
    """Queue the failed, cancelled and interrupted runs of an experiment again, and go on with a sweep.

    \b
    Examples:
      python -m histo_core experiments resume 2e94edf86575-1
    """
    from histo_core.experiments.api import resume_experiment

    resume_experiment(experiment_id, Workspace.default())
    say(f"experiment {experiment_id} goes on")


@app.command()
def test(experiment_id: ExperimentId) -> None:
    """Score the test set, once: for the run that was chosen without it. Later calls print the same numbers.

    \b
    Examples:
      python -m histo_core experiments test b25bf496ae51-1
    """
    from histo_core.experiments.test_score import score_test

    with watched("predicting") as progress:
        found = score_test(experiment_id, Workspace.default(), progress=progress)
    _print_test(found)


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


def _print_test(score: TestScore) -> None:
    from histo_core.experiments.about import NAMES
    from histo_core.runs.store.test_set_access import scored_in_words

    basis = f" on {score.basis}" if score.basis else ""
    say(f"Test set, scored once with run {score.run_id}{basis}:")
    for name in NAMES:
        if name in score.metrics:  # a score of an older version lacks newer metrics
            say(f"  {NAMES[name]}: {score.metrics[name]}")
    say(f"  It was {scored_in_words(score.scored_before)}")


def _facts(one: Experiment) -> dict[str, Any]:
    """Return an experiment's row in the store for other programs; its configuration by data set only."""
    known = {field.name: getattr(one, field.name) for field in fields(one) if field.name not in ("config", "members")}
    return known | {"dataset": one.config.data.dataset}


def _number(value: float) -> str:
    return "" if value != value else f"{value:.3f}"
