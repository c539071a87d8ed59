"""Delete runs: first the row, then the folder, so that no row ever refers to missing files.

The folder is marked in the transaction that removes the row. After a kill in between, the next process that finds a
marked folder without a row removes it. A marked folder that has a row belongs to a deletion that was not carried out.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

import sqlalchemy as sa

from histo_core.access import LOCAL, User, authorise
from histo_core.errors import RunError
from histo_core.program import PROGRAM
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import ACTIVE, EXPERIMENT_RUNS, EXPERIMENTS, RUNS
from histo_core.runs.worker.supervisor import SILENCE_SECONDS
from histo_core.workspace import Workspace, is_plain_id

_MARK = "deleted"
_TRASH = ".*.deleted"


def delete(run_id: str, workspace: Workspace, *, force: bool = False, user: User = LOCAL) -> Run:
    """Delete an ended or unreadable run and its files. This cannot be undone.

    Predictions that the run made on other data are separate files and stay. In an experiment the run's place stays
    and is empty, so that it does not count as a run that is still to come.

    Args:
        run_id: an ended run.
        workspace: where it is.
        force: also delete a run that an experiment counts, or whose weights another run starts from. The run that an
            experiment chose is never deleted while its test set is being scored, because no other can be chosen.
        user: who deletes it.

    Returns:
        The run as it was.

    Raises:
        PermissionDeniedError: the user may not delete runs.
        RunError: the run is unknown, waiting, running or still needed; the message names what needs it.
    """
    authorise(user, "run.delete", run_id)
    store = Store.open(workspace)
    run = store.get(run_id)
    ended = RUNS.c.status.not_in(ACTIVE)
    if run.status is RunStatus.UNREADABLE:
        _ask_worker_to_stop(run, store)
        ended = sa.true()  # an unreadable row may be in any state, and nothing will end it
    with store.database.write() as connection:
        if not force and (needed_by := list(_needed_by(connection, run_id, workspace))):
            raise RunError(
                f"{run_id} is still needed: {'; '.join(needed_by)}.",
                "A run that nothing else counts on can be deleted.",
                "Archive it instead, archive or delete the experiment first, or delete it with force.",
            )
        _refuse_chosen(connection, run_id, workspace)
        gone = connection.execute(sa.delete(RUNS).where(RUNS.c.run_id == run_id, ended))
        if gone.rowcount == 0:
            raise RunError(
                f"{run_id} is {run.status} and cannot be deleted.",
                "Only an ended run can be deleted.",
                "Cancel it, or wait for its end.",
            )
        if is_plain_id(run_id) and (folder := workspace.run_folder(run_id)).exists():
            (folder / _MARK).touch()
    finish_deletions(workspace)
    return run


def _ask_worker_to_stop(run: Run, store: Store) -> None:
    """Refuse to delete an unreadable run while a worker, perhaps of another version, works on it."""
    held = next((held for held in store.running() if held.run.run_id == run.run_id), None)
    silent = run.heartbeat_at is None or datetime.now(UTC) - run.heartbeat_at > timedelta(seconds=SILENCE_SECONDS)
    if held is None or (silent and not held.worker.alive()):
        return
    store.request_cancel(run.run_id)
    raise RunError(
        f"{run.run_id} is worked on by process {held.worker.pid}, which was asked to stop.",
        "A run can be deleted once its worker is gone.",
        "Delete it again in a minute.",
    )


def finish_deletions(workspace: Workspace) -> None:
    """Remove the folders of deleted runs, and remove the marks of deletions that were not carried out."""
    marks = list(workspace.runs.glob(f"*/{_MARK}"))
    if marks:
        # In a write transaction, so that no deletion is between its mark and its end.
        with Store.open(workspace).database.write() as connection:
            for mark in marks:
                known = sa.select(sa.exists().where(RUNS.c.run_id == mark.parent.name))
                if connection.execute(known).scalar():
                    mark.unlink(missing_ok=True)
                else:
                    _throw_away(mark.parent)
    for folder in workspace.runs.glob(_TRASH):
        shutil.rmtree(folder, ignore_errors=True)


def _throw_away(folder: Path) -> None:
    """Rename the folder at once, then remove its files, which takes longer."""
    with suppress(FileNotFoundError):  # another process was first
        folder.rename(folder.with_name(f".{folder.name}.{token_hex(4)}.deleted"))


def _refuse_chosen(connection: sa.Connection, run_id: str, workspace: Workspace) -> None:
    chosen = sa.select(EXPERIMENTS.c.experiment_id).where(EXPERIMENTS.c.final_run_id == run_id)
    for experiment_id in connection.execute(chosen).scalars():
        if not workspace.test_score(experiment_id).exists():
            raise RunError(
                f"{run_id} was chosen by the experiment {experiment_id}, whose test set is not scored yet.",
                "After the choice no other run can take its place.",
                f"Score it with `{PROGRAM} experiments test {experiment_id}` first.",
            )


def _needed_by(connection: sa.Connection, run_id: str, workspace: Workspace) -> Iterator[str]:
    """Yield a description of each thing that still needs a run."""
    counted = (
        sa.select(EXPERIMENTS.c.name)
        .where(
            EXPERIMENTS.c.archived_at.is_(None),
            (EXPERIMENTS.c.final_run_id == run_id)
            | sa.exists().where(
                EXPERIMENT_RUNS.c.experiment_id == EXPERIMENTS.c.experiment_id,
                EXPERIMENT_RUNS.c.run_id == run_id,
            ),
        )
        .order_by(EXPERIMENTS.c.created_at)
    )
    for name in connection.execute(counted).scalars():
        yield f"the experiment {name!r} counts it"
    started = RUNS.c.weights.startswith(f"{workspace.runs / run_id}/", autoescape=True)
    for other in connection.execute(sa.select(RUNS.c.run_id).where(started).order_by(RUNS.c.run_id)).scalars():
        yield f"the run {other} starts from its weights"
