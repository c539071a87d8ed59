"""Names, tags, notes, and what is archived."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from histo_core.access import User
from histo_core.errors import ConfigError, PermissionDeniedError, RunError
from histo_core.runs.api import launch, launch_many
from histo_core.runs.store import edit
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.workspace import Workspace


def test_name_tags_and_note_are_kept(workspace: Workspace, store: Store, enqueue) -> None:
    run_id = enqueue().run_id
    assert edit.rename(run_id, "  ResNet18, réglé 👩‍🔬 ", workspace).name == "ResNet18, réglé 👩‍🔬"
    assert edit.set_tags(run_id, ["paper", " paper", "fold 1"], workspace).tags == ("paper", "fold 1")
    assert edit.set_note(run_id, "one\n<b>two</b>", workspace).note == "one\n<b>two</b>"
    kept = store.get(run_id)
    assert (kept.tags, kept.note) == (("paper", "fold 1"), "one\n<b>two</b>")
    assert edit.set_tags(run_id, [], workspace).tags == ()
    assert store.get(run_id).config_hash == kept.config_hash


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda run, home: edit.rename(run, " ", home), "The name is ''"),
        (lambda run, home: edit.rename(run, "two\nlines", home), "One line"),
        (lambda run, home: edit.rename(run, "x" * 201, home), "1 to 200 characters"),
        (lambda run, home: edit.set_tags(run, ["ok", "\x00"], home), "The tag is"),
        (lambda run, home: edit.set_tags(run, [str(number) for number in range(21)], home), "21 tags"),
        (lambda run, home: edit.set_note(run, "x" * 10_001, home), "10,001 characters"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    workspace: Workspace, store: Store, enqueue, change: Callable[..., object], told: str
) -> None:
    run = enqueue()
    with pytest.raises(ConfigError, match=told):
        change(run.run_id, workspace)
    assert store.get(run.run_id) == run


def test_an_archived_run_is_left_out_of_lists_until_it_is_asked_for(
    workspace: Workspace, store: Store, enqueue
) -> None:
    kept, away = enqueue(), enqueue()
    with pytest.raises(RunError, match="Only an ended run"):
        edit.archive(away.run_id, workspace)
    store.request_cancel(away.run_id)
    archived = edit.archive(away.run_id, workspace)
    assert archived.archived_at is not None
    assert edit.archive(away.run_id, workspace) == archived, "archiving twice keeps the first time"
    assert [run.run_id for run in store.runs()] == [kept.run_id]
    assert len(store.runs(archived=True)) == 2
    assert edit.archive(away.run_id, workspace, on=False).archived_at is None


def test_a_resumed_run_comes_back_to_the_lists(workspace: Workspace, store: Store, enqueue) -> None:
    run = enqueue()
    store.claim(run.run_id, ProcessIdentity.current())
    store.finish(run.run_id, ProcessIdentity.current(), RunStatus.FAILED)
    edit.archive(run.run_id, workspace)
    assert store.requeue(run.run_id).archived_at is None


@pytest.mark.parametrize(
    "change",
    [
        lambda run, home, user: edit.rename(run, "mine", home, user=user),
        lambda run, home, user: edit.set_tags(run, ["mine"], home, user=user),
        lambda run, home, user: edit.set_note(run, "mine", home, user=user),
        lambda run, home, user: edit.archive(run, home, user=user),
    ],
)
def test_who_may_and_what_is_unknown(
    workspace: Workspace, store: Store, enqueue, change: Callable[..., object]
) -> None:
    run = enqueue()
    with pytest.raises(PermissionDeniedError, match="ada"):
        change(run.run_id, workspace, User("ada", "reader"))
    with pytest.raises(RunError, match="There is no run 'nope-1'"):
        change("nope-1", workspace, User("ada", "researcher"))


def test_a_launch_writes_them_too(workspace: Workspace, store: Store, small_run) -> None:
    run = launch(small_run(), workspace, priority=3, tags=["a", "a"], note="why", start_supervisor=False)
    assert (run.priority, run.tags, run.note) == (3, ("a",), "why")
    for change in ({"priority": 1001}, {"tags": [""]}, {"note": "x" * 10_001}, {"name": "\t\n"}):
        with pytest.raises(ConfigError):
            launch(small_run(seed=1), workspace, **change, start_supervisor=False)
    with pytest.raises(ConfigError):
        launch_many([small_run(seed=1)], workspace, priority=-1001)
    assert store.runs() == [run]
