"""A check finds what is wrong with a workspace, and mends what can be mended without losing anything."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from histo_core.access import User
from histo_core.errors import DataNotFoundError, PermissionDeniedError, StoreError
from histo_core.jobs.state import Job, JobFolder
from histo_core.maintenance.check import check_workspace
from histo_core.maintenance.finding import Finding
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import RUNS
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.workspace import Workspace

LONG_AGO = time.time() - 7200
GONE = ProcessIdentity(2**22 + 1, 1.0, ProcessIdentity.current().boot)


def _findings(workspace: Workspace, *, mend: bool = False) -> tuple[Finding, ...]:
    return check_workspace(workspace, mend=mend).findings


def _tree(workspace: Workspace) -> dict[str, tuple[int, int, bytes]]:
    found = {}
    for path in sorted(workspace.home.rglob("*")):
        facts = path.stat()
        found[str(path)] = (facts.st_mode, facts.st_mtime_ns, path.read_bytes() if path.is_file() else b"")
    return found


def _damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[: len(content) // 2] = os.urandom(len(content) // 2)
    file.write_bytes(content)


def _damage_a_page(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096 : 4096 + 200] = bytes(200)
    file.write_bytes(content)


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def test_a_workspace_as_it_was_left_is_well(living: Workspace) -> None:
    before = _tree(living)
    found = check_workspace(living)
    assert found.findings == ()
    assert found.well
    assert (found.runs, found.experiments, found.predictions) == (1, 1, 1)
    assert found.files == sum(path.is_file() for path in living.home.rglob("*"))
    assert _tree(living) == before, "a check without mending writes nothing"


@pytest.mark.parametrize("harm", [Path.unlink, _empty, _damage, _damage_a_page], ids=lambda harm: harm.__name__)
def test_a_lost_database_is_made_again_from_the_folders(
    living: Workspace, rows, harm: Callable[[Path], None], run_id: str
) -> None:
    before = rows(living)
    harm(living.database)
    found = check_workspace(living)
    assert not found.well
    (database,) = (finding for finding in found.findings if finding.where == "histoscope.sqlite")
    assert database.mendable
    assert check_workspace(living, mend=True).well
    after = rows(living)
    for table in before.values():
        for row in table:
            row.pop("heartbeat_at", None)  # of a run that has ended it says nothing
    for row in after["runs"]:
        row.pop("heartbeat_at")
    assert after == before
    assert check_workspace(living).findings == ()


def test_a_damaged_database_is_kept_beside_the_new_one_and_the_message_says_how_to_mend(living: Workspace) -> None:
    _damage(living.database)
    harmed = living.database.read_bytes()
    with pytest.raises(StoreError, match=r"workspace check --mend") as caught:
        Store.open(living).runs()
    assert "ree some space" not in str(caught.value)
    check_workspace(living, mend=True)
    (kept,) = living.home.glob("histoscope.sqlite.damaged-*")
    assert kept.read_bytes() == harmed


def test_a_finished_run_of_an_older_version_gets_a_row_too(living: Workspace, run_id: str, rows) -> None:
    before = rows(living)["runs"][0]
    (living.run_folder(run_id) / "run.json").unlink()
    living.database.unlink()
    check_workspace(living, mend=True)
    (row,) = rows(living)["runs"]
    same = ("run_id", "config", "config_hash", "data_hash", "split_fingerprint", "attempt", "status")
    assert {name: row[name] for name in same} == {name: before[name] for name in same}


def test_a_row_that_a_folder_cannot_tell_is_named_and_stops_nothing(living: Workspace, run_id: str) -> None:
    (living.run_folder(run_id) / "run.json").write_text('{"run_id": 3}')
    (living.runs / "no run").mkdir(mode=0o700)
    (living.runs / "no run" / "file").touch(mode=0o600)
    living.database.unlink()
    found = check_workspace(living, mend=True)
    left = {finding.where: finding for finding in found.findings if not finding.mended}
    assert set(left) == {f"runs/{run_id}", "runs/no run"}
    assert all(finding.remedy for finding in left.values())
    assert not found.well


def test_a_record_that_does_not_say_what_its_row_says_is_written_anew(living: Workspace, run_id: str) -> None:
    (experiment,) = (living.home / "experiments").iterdir()
    for file in (living.run_folder(run_id) / "run.json", experiment / "experiment.json"):
        values = json.loads(file.read_text())
        file.write_text(json.dumps(values | {"name": "another"}))
    assert len(_findings(living)) == 2
    assert check_workspace(living, mend=True).well
    assert _findings(living) == ()
    assert Store.open(living).get(run_id).name == "Ünïcode"


def test_a_row_without_its_folder_is_told_and_stays(living: Workspace, run_id: str) -> None:
    living.run_folder(run_id).rename(living.home.parent / "away")
    (finding,) = _findings(living, mend=True)
    assert finding.where == run_id
    assert "its folder is gone" in finding.what
    assert f"runs delete {run_id}" in finding.remedy
    assert Store.open(living).get(run_id).status is RunStatus.SUCCEEDED


def test_files_with_other_bytes_are_told(living: Workspace, run_id: str) -> None:
    folder = living.run_folder(run_id)
    (best,) = (folder / "checkpoint").glob("best.*")
    (predicted,) = (living.home / "predictions").iterdir()
    for file in (best, predicted / "predictions.parquet"):
        _damage(file)
    (folder / "config.yaml").unlink()
    found = {finding.where: finding.what for finding in _findings(living, mend=True)}
    assert set(found) == {
        f"runs/{run_id}/checkpoint/{best.name}",
        f"runs/{run_id}/config.yaml",
        f"predictions/{predicted.name}",
    }
    assert "missing" in found[f"runs/{run_id}/config.yaml"]


LEFT = (
    ".histoscope.sqlite.1.part",
    "runs/{run}/checkpoint/.manifest.json.00.part",
    "data/.phantom-0.0.part/content/images.npy",
    "runs/.gone-1.00.deleted/config.yaml",
    ".trial.abc/last.safetensors",
    "jobs/.check-0000000000000000.00/job.json",
    f"predictions/{'0' * 16}/predictions.parquet",
)


@pytest.mark.parametrize("name", LEFT)
def test_what_killed_processes_left_is_removed_once_nobody_writes_to_it(
    living: Workspace, run_id: str, name: str
) -> None:
    file = living.home / name.format(run=run_id)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"half")
    assert not [finding for finding in _findings(living, mend=True) if "killed" in finding.what], "it is just written"
    for path in (file, *file.parents):
        if path != living.home and path.is_relative_to(living.home):
            os.utime(path, (LONG_AGO, LONG_AGO))
    (finding,) = (finding for finding in _findings(living) if "killed" in finding.what)
    assert file.exists()
    assert file.is_relative_to(living.home / finding.where)
    assert check_workspace(living, mend=True).well
    assert not file.exists()
    assert _findings(living) == ()


def test_a_deletion_that_was_broken_off_is_finished(living: Workspace, run_id: str) -> None:
    with Store.open(living).database.write() as connection:
        connection.execute(sa.delete(RUNS))
    (living.run_folder(run_id) / "deleted").touch(mode=0o600)
    assert check_workspace(living, mend=True).well
    assert not living.run_folder(run_id).exists()
    assert Store.open(living).runs() == []


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_what_is_open_to_others_is_closed(living: Workspace, umask: int) -> None:
    for path in (living.home, *living.home.rglob("*")):
        path.chmod((0o777 if path.is_dir() else 0o666) & ~umask)
    (finding,) = _findings(living)
    assert "open to other users" in finding.what
    assert check_workspace(living, mend=True).well
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in (living.home, *living.home.rglob("*"))}
    assert modes == {(True, 0o700), (False, 0o600)}


def test_a_run_that_nobody_works_on_is_lost_and_can_be_resumed(living: Workspace, run_id: str) -> None:
    store = Store.open(living)
    dead = {"pid": GONE.pid, "process_started": GONE.started, "boot_id": GONE.boot}
    store.change(run_id, sa.true(), status="running", **dead)
    (finding,) = (finding for finding in _findings(living) if finding.where == run_id)
    assert "its worker is gone" in finding.what
    assert store.get(run_id).status is RunStatus.RUNNING
    check_workspace(living, mend=True)
    assert store.get(run_id).status is RunStatus.INTERRUPTED
    assert store.requeue(run_id).status is RunStatus.QUEUED


def test_locks_and_jobs_of_dead_processes_are_found(living: Workspace) -> None:
    (living.locks / "supervisor.lock").write_text('{"pid": 1}')
    (living.locks / "supervisor.lock").chmod(0o600)
    folder = JobFolder(f"check-{'0' * 16}", living)
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    folder.write(Job(job_id=folder.path.name, kind="check", title="Check", params={}, state="running", asked_at=moment))
    wheres = [finding.where for finding in _findings(living) if "open to" not in finding.what]
    assert wheres == ["locks/supervisor.lock", f"jobs/{folder.path.name}"]
    assert check_workspace(living, mend=True).well
    written = folder.read()
    assert written is not None
    assert written.state == "lost"
    assert _findings(living) == ()


def test_only_the_owner_checks_and_only_what_is_there(living: Workspace, tmp_path: Path) -> None:
    with pytest.raises(PermissionDeniedError):
        check_workspace(living, user=User("ada", "researcher"))
    with pytest.raises(DataNotFoundError, match="There is no workspace"):
        check_workspace(Workspace(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()
