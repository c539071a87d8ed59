"""``runs show``: one run's state, times, configuration and findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.as_json import Json, say_json
from histo_core.cli.epochs import print_epochs
from histo_core.cli.options import RunId
from histo_core.cli.output import local_time, say
from histo_core.runs.artifacts.events import read_events
from histo_core.runs.learning import learning_findings
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.training.diagnosis import verdict
from histo_core.training.events import EpochDone
from histo_core.workspace import Workspace

if TYPE_CHECKING:
    from histo_core.experiments.reported import Pair


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
        facts = facts_of(run) | {"folder": workspace.run_folder(run.run_id), "config": run.config}
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


def facts_of(run: Run) -> dict[str, Any]:
    """Return a run's row in the store for other programs; its configuration by name and data set only."""
    known = {field.name: getattr(run, field.name) for field in fields(run) if field.name not in ("config", "progress")}
    return known | {"model": run.config.model.name, "dataset": run.config.data.dataset}
