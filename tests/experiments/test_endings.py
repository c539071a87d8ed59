"""What ended lately: single runs, and experiments once their last run has ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from histo_core.access import LOCAL, User
from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig, SweepField
from histo_core.errors import PermissionDeniedError
from histo_core.experiments.api import start_experiment
from histo_core.experiments.endings import Ending, endings
from histo_core.runs.api import launch
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.workspace import Workspace

ME = ProcessIdentity.current()


def _end(run_id: str, workspace: Workspace, status: RunStatus = RunStatus.SUCCEEDED, why: str = "") -> None:
    store = Store.open(workspace)
    store.claim(run_id, ME)
    assert store.finish(run_id, ME, status, why)


def _since(workspace: Workspace, moment: datetime) -> list[str]:
    return [one.sentence for one in endings(workspace, moment, user=LOCAL)]


def test_a_run_is_listed_from_the_moment_it_ended(config: RunConfig, workspace: Workspace) -> None:
    began = datetime.now(UTC)
    good = launch(config, workspace, name="Good", start_supervisor=False)
    bad = launch(config.model_copy(update={"seed": 7}), workspace, name="Bad", start_supervisor=False)
    assert _since(workspace, began) == []
    _end(good.run_id, workspace)
    _end(bad.run_id, workspace, RunStatus.FAILED, "The disk is full.")
    found = endings(workspace, began, user=LOCAL)
    assert [one.sentence for one in found] == ["Good has finished.", "Bad has ended: failed."]
    assert [(one.kind, one.id) for one in found] == [("run", good.run_id), ("run", bad.run_id)]
    assert _since(workspace, found[0].ended_at) == ["Bad has ended: failed."]
    assert _since(workspace, datetime.now(UTC)) == []


def test_an_experiment_is_listed_once_when_its_last_run_has_ended(config: RunConfig, workspace: Workspace) -> None:
    began = datetime.now(UTC)
    repeats = start_experiment(config, ProtocolConfig(kind="repeats", repeats=3), workspace, name="Three")
    first, second, last = (member.run_id for member in repeats.members)
    _end(first, workspace)
    _end(second, workspace, RunStatus.FAILED, "Memory ran out.")
    assert _since(workspace, began) == []
    _end(last, workspace)
    (found,) = endings(workspace, began, user=LOCAL)
    assert isinstance(found, Ending)
    assert (found.kind, found.id) == ("experiment", repeats.experiment_id)
    assert found.sentence == "Three has ended: 2 of 3 runs finished."


def test_a_sweep_goes_on_between_two_trials(
    config: RunConfig, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("histo_core.experiments.api.start_job", lambda *_, **__: None)
    began = datetime.now(UTC)
    sweep = ProtocolConfig(kind="sweep", sweep={"train.learning_rate": SweepField(values=(0.01, 0.02))}, pruning=True)
    started = start_experiment(config, sweep, workspace, name="Sweep")
    for member in started.members:
        _end(member.run_id, workspace)
    active = type("Job", (), {"active": True})
    with monkeypatch.context() as busy:
        busy.setattr("histo_core.experiments.endings.find_job", lambda *_: active)
        assert _since(workspace, began) == []
    assert _since(workspace, began) == ["Sweep has ended: 2 of 2 runs finished."]


def test_nothing_of_it_is_told_to_who_may_not_see_runs(workspace: Workspace) -> None:
    stranger = User("Nobody", "nobody")  # type: ignore[arg-type]
    with pytest.raises(PermissionDeniedError):
        endings(workspace, datetime.now(UTC) - timedelta(hours=1), user=stranger)
