"""Define ``runs``: list, show, differences, watch, log; cancel, resume, first; rename, tag, note, archive, delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.as_json import Json, say_json
from histo_core.cli.epochs import print_epochs
from histo_core.cli.output import local_time, say, table, watched
from histo_core.cli.run_table import DEFAULT_COLUMNS, print_differences, print_run_table
from histo_core.cli.watch import print_end, watch, watch_or_cancel
from histo_core.program import PROGRAM
from histo_core.runs import api
from histo_core.runs.artifacts.events import read_events
from histo_core.runs.artifacts.log_file import log_end
from histo_core.runs.learning import learning_findings
from histo_core.runs.store import edit, queue
from histo_core.runs.store.delete import delete
from histo_core.runs.store.records import OPEN_DEVICE, Run, RunStatus
from histo_core.runs.store.run_table import COLUMNS
from histo_core.runs.store.runs import Store
from histo_core.runs.store.search import RunFilter
from histo_core.training.diagnosis import verdict
from histo_core.training.events import EpochDone
from histo_core.training.one_batch import PATCHES, STEPS
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from histo_core.experiments.reported import Pair

app = typer.Typer(help="List, watch, test, cancel, resume, order, name and delete runs.", no_args_is_help=True)

_STATUS = f"Only these; may be repeated: {', '.join(status.word for status in RunStatus)}."

RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, as `runs list` shows it.")]


@app.command("list")
def list_(
    status: Annotated[list[RunStatus] | None, typer.Option("--status", metavar="STATUS", help=_STATUS)] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many, newest first.")] = 50,
    archived: Annotated[bool, typer.Option("--archived", help="Also those that were archived.")] = False,
    columns: Annotated[
        str, typer.Option(help=f"Columns with results, separated by commas: {', '.join(COLUMNS)}.")
    ] = "",
    sort: Annotated[str, typer.Option(help="Sort by one of these columns; runs without a value come last.")] = "",
    descending: Annotated[bool, typer.Option("--descending", help="Sort from the largest value down.")] = False,
    as_json: Json = False,
) -> None:
    """List runs, newest first; of those that wait with their place in the queue.

    \b
    Examples:
      python -m histo_core runs list
      python -m histo_core runs list --columns run_id,name,test_auroc,seed --sort test_auroc --descending
      python -m histo_core runs list --status running --status queued
      python -m histo_core runs list --archived
      python -m histo_core runs list --json
    """
    authorise(LOCAL, "run.read")
    workspace = Workspace.default()
    store = Store.open(workspace)
    if columns or sort:
        wanted = RunFilter(statuses=status or (), archived=archived)
        asked = [name.strip() for name in (columns or DEFAULT_COLUMNS).split(",")]
        print_run_table(store, wanted, asked, sort=sort, descending=descending, limit=limit, as_json=as_json)
        return
    runs = store.runs(statuses=status or None, limit=limit, archived=archived)
    waiting = {run.run_id: place for place, run in enumerate(store.queue(), start=1)}
    if as_json:
        say_json(tables={"runs": [_facts(run) | {"place": waiting.get(run.run_id)} for run in runs]})
        return
    if not runs:
        others = bool(status) and bool(store.runs(limit=1, archived=True))
        nothing = f"No run is {' or '.join(one.word for one in status or [])}; `runs list` shows the others."
        say(nothing if others else f"No runs. Start the demo with: {PROGRAM} demo")
        if not others and any(workspace.runs.glob("[!.]*/run.json")):
            say(f"Folders of runs are there without rows: {PROGRAM} workspace check --mend")
        return
    places = {run_id: f"queued, place {place}" for run_id, place in waiting.items()}
    table(
        ("run", "status", "name", "model", "data", "device", "tags", "created"),
        [
            (
                *(run.run_id, places.get(run.run_id, run.status.word), run.name),
                *(run.config.model.name, run.config.data.dataset),
                *(run.device, ", ".join(run.tags), local_time(run.created_at)),
            )
            for run in runs
        ],
    )
    for run in runs:
        if run.status is RunStatus.UNREADABLE:
            say(f"{run.run_id}: {run.reason} Delete it: {PROGRAM} runs delete {run.run_id}")


@app.command()
def show(
    run_id: RunId,
    epochs: Annotated[
        bool, typer.Option("--epochs", help="All figures of all epochs in place of the configuration.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show one run: its state, its times and its configuration; of a study's run the reported numbers beside its own.

    \b
    Examples:
      python -m histo_core runs show 4547d1de99b8-1
      python -m histo_core runs show 4547d1de99b8-1 --epochs
      python -m histo_core runs show 4547d1de99b8-1 --json
    """
    authorise(LOCAL, "run.read", run_id)
    workspace = Workspace.default()
    run = Store.open(workspace).get(run_id)
    done = [event for event in read_events(workspace.run_folder(run.run_id)) if isinstance(event, EpochDone)]
    findings = learning_findings(run, workspace)
    pairs: Sequence[Pair] = ()
    if run.origin:
        from histo_core.experiments.reported import reported_for_run

        pairs = reported_for_run(run, workspace)
    if as_json:
        facts = _facts(run) | {"folder": workspace.run_folder(run.run_id), "config": run.config}
        say_json(
            facts=facts, tables={"epochs": done, "reported": pairs, "learning": findings}, sentences=[verdict(findings)]
        )
        return
    facts = {
        "run": run.run_id,
        "name": run.name,
        "status": run.status.word + (" (asked to stop)" if run.cancel_requested and run.status.active else ""),
        "reason": run.reason,
        "device": run.device,
        "priority": str(run.priority or ""),
        "tags": ", ".join(run.tags),
        "note": run.note,
        "made from": run.origin,
        "archived": local_time(run.archived_at),
        "created": local_time(run.created_at),
        "started": local_time(run.started_at),
        "ended": local_time(run.ended_at),
        "epochs": f"{len(done)} of {run.config.train.epochs}" if done else "",
        "folder": str(workspace.run_folder(run.run_id)),
        "data hash": run.data_hash,
        "split fingerprint": run.split_fingerprint,
    }
    say("\n".join(f"{name + ':':<19}{value}" for name, value in facts.items() if value))
    for finding in findings:
        say(finding.sentence)
    for pair in pairs:
        say(f"{pair.reported.measure} of {pair.of}: {pair.said}")
    if epochs:
        say("")
        print_epochs(done)
    else:
        say("\n" + run.config.to_yaml().rstrip())


@app.command()
def overfit(
    run_id: RunId,
    patches: Annotated[int, typer.Option(min=2, max=4096, help="Patches of the batch.")] = PATCHES,
    steps: Annotated[int, typer.Option(min=1, max=10_000, help="Steps at most.")] = STEPS,
    as_json: Json = False,
) -> None:
    """Train a run's network anew on one batch, to see whether it can learn it by heart. The run stays as it is.

    If it cannot, a second try with usual settings says whether the network or its settings are at fault.
    Exit code 0 when the batch was learnt, 1 when it was not.

    \b
    Examples:
      python -m histo_core runs overfit 4547d1de99b8-1
      python -m histo_core runs overfit 4547d1de99b8-1 --patches 16 --steps 300
    """
    from histo_core.jobs.one_batch import OneBatchParams, overfit_batch

    authorise(LOCAL, "run.launch", run_id)
    workspace = Workspace.default()
    params = OneBatchParams(config=Store.open(workspace).get(run_id).config, patches=patches, steps=steps)
    with watched("learning one batch") as progress:
        result = overfit_batch(params, workspace, progress)
    if as_json:
        say_json(
            facts={"run": run_id, "learnt": result.learnt}, tables={"tries": result.tries}, sentences=[result.sentence]
        )
    else:
        say(result.sentence)
    raise typer.Exit(0 if result.learnt else 1)


@app.command()
def differences(
    run_ids: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Two runs or more.")],
    as_json: Json = False,
) -> None:
    """Show in which settings runs differ.

    \b
    Examples:
      python -m histo_core runs differences 4547d1de99b8-1 a1b2c3d4e5f6-1
    """
    for run_id in run_ids:
        authorise(LOCAL, "run.read", run_id)
    store = Store.open(Workspace.default())
    print_differences([store.get(run_id) for run_id in run_ids], as_json=as_json)


@app.command()
def cancel(run_id: RunId) -> None:
    """Cancel a run: at once when it waits, at the end of its batch when it runs. Its checkpoint is kept.

    \b
    Examples:
      python -m histo_core runs cancel 4547d1de99b8-1
    """
    run = api.cancel(run_id, Workspace.default())
    say(f"run {run.run_id} {'is asked to stop' if run.status.active else run.status.word}")


@app.command()
def resume(
    run_id: RunId, detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the run.")] = False
) -> None:
    """Go on with a failed, cancelled or interrupted run from its last checkpoint.

    \b
    Examples:
      python -m histo_core runs resume 4547d1de99b8-1
    """
    workspace = Workspace.default()
    run = api.resume(run_id, workspace)
    if detach:
        say(f"run {run.run_id} {run.status.word}")
        return
    raise typer.Exit(print_end(watch_or_cancel(run_id, workspace)))


@app.command("watch")
def watch_(run_id: RunId) -> None:
    """Watch a run until it ends. Ctrl-C ends the watching only.

    \b
    Examples:
      python -m histo_core runs watch 4547d1de99b8-1
    """
    authorise(LOCAL, "run.read", run_id)
    raise typer.Exit(print_end(watch(run_id, Workspace.default())))


@app.command()
def log(run_id: RunId, lines: Annotated[int, typer.Option(min=1, help="How many of the last lines.")] = 40) -> None:
    """Print the end of a run's log, with the traceback of an unexpected error.

    \b
    Examples:
      python -m histo_core runs log 4547d1de99b8-1 --lines 100
    """
    authorise(LOCAL, "run.read", run_id)
    workspace = Workspace.default()
    file = workspace.run_folder(Store.open(workspace).get(run_id).run_id) / "log.txt"
    say("\n".join(log_end(file, lines)) or "The log is empty.")


@app.command()
def first(run_id: RunId) -> None:
    """Move a waiting run to the front of the queue.

    \b
    Examples:
      python -m histo_core runs first 4547d1de99b8-1
    """
    run = queue.move(run_id, Workspace.default(), first=True)
    device = "a GPU" if run.device == OPEN_DEVICE else run.device
    say(f"run {run.run_id} is the next that starts on {device}")


@app.command()
def rename(run_id: RunId, name: Annotated[str, typer.Argument(help="One line of 1 to 200 characters.")]) -> None:
    """Show a run under another name.

    \b
    Examples:
      python -m histo_core runs rename 4547d1de99b8-1 "ResNet18, frozen"
    """
    run = edit.rename(run_id, name, Workspace.default())
    say(f"run {run.run_id} is now named {run.name}")


@app.command()
def tag(
    run_id: RunId, tags: Annotated[list[str] | None, typer.Argument(metavar="[TAG]...", help="None: no tags.")] = None
) -> None:
    """Give a run these tags in place of those it has.

    \b
    Examples:
      python -m histo_core runs tag 4547d1de99b8-1 paper "fold 1"
      python -m histo_core runs tag 4547d1de99b8-1
    """
    run = edit.set_tags(run_id, tags or [], Workspace.default())
    say(f"run {run.run_id} has {'the tags ' + ', '.join(run.tags) if run.tags else 'no tags'}")


@app.command()
def note(run_id: RunId, text: Annotated[str, typer.Argument(help="Empty to remove the note.")]) -> None:
    """Write a note on a run, in place of the one it has.

    \b
    Examples:
      python -m histo_core runs note 4547d1de99b8-1 "Stain jitter was off."
    """
    run = edit.set_note(run_id, text, Workspace.default())
    say(f"run {run.run_id} {'has the note' if run.note else 'has no note'}")


@app.command()
def archive(
    run_id: RunId, back: Annotated[bool, typer.Option("--back", help="Bring it back to the lists.")] = False
) -> None:
    """Put an ended run away: lists leave it out, its files stay.

    \b
    Examples:
      python -m histo_core runs archive 4547d1de99b8-1
      python -m histo_core runs archive 4547d1de99b8-1 --back
    """
    run = edit.archive(run_id, Workspace.default(), on=not back)
    say(f"run {run.run_id} is {'back in the lists' if back else 'archived'}")


@app.command("delete")
def delete_(
    run_id: RunId,
    force: Annotated[
        bool, typer.Option("--force", help="Also when an experiment or another run still counts on it.")
    ] = False,
) -> None:
    """Delete an ended run with its checkpoints, predictions and log. Nothing brings it back.

    \b
    Examples:
      python -m histo_core runs delete 4547d1de99b8-1
    """
    run = delete(run_id, Workspace.default(), force=force)
    say(f"run {run.run_id} is deleted")


def _facts(run: Run) -> dict[str, Any]:
    """Return a run's row in the store for other programs; its configuration by name and data set only."""
    known = {field.name: getattr(run, field.name) for field in fields(run) if field.name not in ("config", "progress")}
    return known | {"model": run.config.model.name, "dataset": run.config.data.dataset}
