"""Look whether a workspace is whole, and mend what can be mended."""

from __future__ import annotations

from collections.abc import Iterator

from histo_core.access import LOCAL, User, authorise
from histo_core.errors import DataNotFoundError
from histo_core.maintenance.database_file import check_database
from histo_core.maintenance.finding import Checked, Finding
from histo_core.maintenance.hashes import check_predictions, check_run_files
from histo_core.maintenance.leftovers import check_leftovers, check_locks
from histo_core.maintenance.permissions import check_permissions, everything
from histo_core.maintenance.rescan import rescan_experiments, rescan_runs
from histo_core.maintenance.rows import check_experiments, check_runs, check_scores, check_workers
from histo_core.prediction.stored import list_predictions
from histo_core.progress import Progress, silent
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace


def check_workspace(
    workspace: Workspace, *, mend: bool = False, user: User = LOCAL, progress: Progress = silent
) -> Checked:
    """Look at the database, the folders of runs and experiments, predictions, leftovers, locks and permissions.

    Without ``mend`` nothing is written. Runs may go on meanwhile; the files of active ones are not looked at.

    Args:
        workspace: which.
        mend: put right what can be put right without losing anything.
        user: who asks.
        progress: told (runs whose files were compared, runs in all).

    Raises:
        PermissionDeniedError: the user may not look after the workspace.
        DataNotFoundError: there is no workspace.
        StoreError: the database cannot be opened for another reason than that it is damaged.
    """
    authorise(user, "workspace.keep", str(workspace.home))
    if not workspace.home.is_dir():
        raise DataNotFoundError(
            f"There is no workspace at {workspace.home}.",
            "The folder that HISTOSCOPE_HOME names is expected.",
            "Check HISTOSCOPE_HOME, or restore a backup there.",
        )
    findings = list(check_database(workspace, mend=mend))
    runs = experiments = 0
    if mend or not findings:
        store = Store.open(workspace)
        findings += _of_rows(store, workspace, mend=mend)
        known = store.runs(limit=10**9, archived=True)
        runs, experiments = len(known), sum(1 for _ in (workspace.home / "experiments").glob("*/experiment.json"))
        for done, run in enumerate(known, start=1):
            if run.status is not RunStatus.UNREADABLE:
                findings += check_run_files(run, workspace)
            progress(done, len(known))
    findings += check_leftovers(workspace, mend=mend)
    findings += check_locks(workspace, mend=mend)
    findings += check_predictions(workspace)
    findings += check_permissions(workspace, mend=mend)
    return Checked(
        tuple(findings),
        runs,
        experiments,
        len(list_predictions(workspace)),
        sum(1 for path in everything(workspace.home) if path.is_file()),
    )


def _of_rows(store: Store, workspace: Workspace, *, mend: bool) -> Iterator[Finding]:
    database = store.database
    yield from rescan_runs(database, workspace, mend=mend)
    yield from rescan_experiments(database, workspace, mend=mend)
    yield from check_scores(database, workspace, mend=mend)
    yield from check_workers(store, mend=mend)
    yield from check_runs(database, workspace, mend=mend)
    yield from check_experiments(database, workspace, mend=mend)
