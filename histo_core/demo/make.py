"""Carry out the demo. Each step finds what an earlier attempt has made, so that an interrupted demo goes on."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

import numpy as np

from histo_core.auditing.report import make_audit
from histo_core.comparison.join import load
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset, prepare_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.demo.record import DemoRecord, FirstMap, forget_record, map_file, read_record, write_record
from histo_core.errors import CancelledError, RunError
from histo_core.explanation.api import explain
from histo_core.files import write_atomically
from histo_core.models.inference.predictor import Predictor
from histo_core.plots.overlay import describe, overlay_png
from histo_core.progress import Progress, silent
from histo_core.review.first_patch import choose_first_patch
from histo_core.runs.api import cancel, keep_supervised, launch_many, resume
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.search import RunFilter, find_runs, runs_by_id
from histo_core.studies.demo import demo_configs
from histo_core.studies.recipes import NamedConfig
from histo_core.workspace import Workspace

POLL_SECONDS = 0.5
_SAME_NAME = 50
"""The most runs of a member's name among which its own is looked for."""


def make_demo(
    workspace: Workspace,
    progress: Progress = silent,
    *,
    patches: int | None = None,
    poll_seconds: float = POLL_SECONDS,
) -> None:
    """Draw the phantom, queue the networks, audit the split, make the first map, and wait until all are trained.

    The networks are queued before the audit, which is computed while the first worker starts. Runs of an earlier
    attempt that wait, run or have succeeded are used; those that stopped early are resumed.

    Args:
        workspace: where the demo is made.
        progress: reports (patches, total) while patches are drawn and audited, then (networks that ended, total).
        patches: the number of patches to draw; None as in `demo_configs`.
        poll_seconds: seconds between two looks at the runs.

    Raises:
        CancelledError: ``progress`` requested it; the demo's runs are cancelled too.
        RunError: a network was not trained; the message says why.
        HistoscopeError: the data cannot be drawn, or a run cannot be queued.
    """
    members = demo_configs(patches)
    data = members[0].config.data
    before = read_record(workspace)
    if before is not None and before.patches != data.options["patches"]:
        forget_record(workspace)
    prepare_dataset(data, workspace, progress)
    dataset = open_dataset(data, workspace)
    record = _with_runs(read_record(workspace), len(dataset), _queued(members, workspace))
    write_record(record, workspace)
    try:
        make_audit(dataset, make_split(dataset, members[0].config.split, workspace), workspace, progress=progress)
        record = record.model_copy(update={"audited": True})
        write_record(record, workspace)
        _follow(record, dataset, workspace, progress, poll_seconds)
    except CancelledError:
        _cancel(record.run_ids, workspace)
        raise


def _with_runs(before: DemoRecord | None, patches: int, run_ids: tuple[str, ...]) -> DemoRecord:
    """Return the record of these runs; the first map stays where the run that made it is one of them."""
    first = None if before is None else before.first_map
    kept = first if first is not None and first.run_id in run_ids else None
    return DemoRecord(patches=patches, run_ids=run_ids, first_map=kept)


def _queued(members: Sequence[NamedConfig], workspace: Workspace) -> tuple[str, ...]:
    """Return the id of each member's run, in order; launch those that are missing and resume those that stopped."""
    store = Store.open(workspace)
    known = {member.name: _newest(member, store) for member in members}
    missing = [member for member in members if known[member.name] is None]
    launched = launch_many(
        [member.config for member in missing], workspace, names=[member.name for member in missing]
    ) if missing else []  # fmt: skip
    known |= {member.name: run for member, run in zip(missing, launched, strict=True)}
    runs = [run for member in members if (run := known[member.name]) is not None]
    for run in runs:
        if run.status.resumable:
            resume(run.run_id, workspace)
    return tuple(run.run_id for run in runs)


def _newest(member: NamedConfig, store: Store) -> Run | None:
    """Return the newest run of a member; None where there is none, or it was archived."""
    found = find_runs(store, RunFilter(text=member.name), limit=_SAME_NAME).runs
    return next((run for run in found if (run.name, run.config) == (member.name, member.config)), None)


def _follow(
    record: DemoRecord, dataset: Dataset, workspace: Workspace, progress: Progress, poll_seconds: float
) -> None:
    """Wait until all runs have ended; make the first map as soon as one has succeeded."""
    store = Store.open(workspace)
    while True:
        keep_supervised(workspace)
        runs = runs_by_id(store, record.run_ids)
        done = [run for run in runs.values() if run.status is RunStatus.SUCCEEDED]
        progress(sum(not run.status.active for run in runs.values()), len(record.run_ids))
        if record.first_map is None and done:
            record = record.model_copy(update={"first_map": _first_map(done[0], dataset, workspace)})
            write_record(record, workspace)
        if not any(run.status.active for run in runs.values()):
            break
        time.sleep(poll_seconds)
    _check_trained(record.run_ids, runs)


def _first_map(run: Run, dataset: Dataset, workspace: Workspace) -> FirstMap:
    """Explain the patch with which the Explain page starts for this run, and write the map."""
    predicted = load(run, workspace)
    held_out = predicted.table.loc[predicted.table["split"] == "test"]
    rows = {str(sample): row for row, sample in enumerate(dataset.table["sample_id"])}

    def read(sample: str) -> np.ndarray:
        return dataset.read([rows[sample]])[0]

    sample = choose_first_patch(held_out, predicted.positive, read) or str(held_out["sample_id"].iloc[0])
    explanation = explain(Predictor.from_run(workspace.run_folder(run.run_id), "cpu"), read(sample))
    write_atomically(map_file(workspace), overlay_png(read(sample), explanation))
    return FirstMap(
        run_id=run.run_id,
        sample_id=sample,
        target=explanation.target_name,
        probability=explanation.probability,
        label=str(held_out.set_index("sample_id").loc[sample, "y_true"]),
        words=describe(explanation),
    )


def _cancel(run_ids: Collection[str], workspace: Workspace) -> None:
    for run in runs_by_id(Store.open(workspace), run_ids).values():
        if run.status.active:
            with suppress(RunError):  # it has just ended
                cancel(run.run_id, workspace)


def _check_trained(run_ids: Sequence[str], runs: Mapping[str, Run]) -> None:
    untrained = [run for run in runs.values() if run.status is not RunStatus.SUCCEEDED]
    if untrained:
        said = "; ".join(f"{run.name} {run.status.word}: {run.reason}" for run in untrained)
        raise RunError(
            f"{len(run_ids) - len(untrained)} of {len(run_ids)} networks were trained. {said}",
            "",
            "Start the demo again: it goes on from there.",
        )
