"""Read a run's folder, and say whether the run learnt."""

from __future__ import annotations

from histo_core.runs.artifacts.events import read_events
from histo_core.runs.store.records import Run, RunStatus
from histo_core.training.diagnosis import diagnose
from histo_core.training.events import EpochDone
from histo_core.training.learning import read_learning
from histo_core.training.learning_findings import LearningFinding, failed_loss
from histo_core.workspace import Workspace


def learning_findings(run: Run, workspace: Workspace) -> tuple[LearningFinding, ...]:
    """Return why a run ended without learning; see `histo_core.training.diagnosis.diagnose`.

    Empty for a run that learnt, has not ended by itself, or was trained by an older version, which recorded nothing.
    """
    if run.status is RunStatus.FAILED:
        return diagnose(run.config, (), (), loss) if (loss := failed_loss(run.reason)) else ()
    if run.status is not RunStatus.SUCCEEDED:
        return ()
    folder = workspace.run_folder(run.run_id)
    epochs = [event for event in read_events(folder) if isinstance(event, EpochDone)]
    return diagnose(run.config, epochs, read_learning(folder))
