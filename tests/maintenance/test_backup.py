"""A backup holds all that cannot be made again, whole, whatever goes on meanwhile; only an honest one is restored."""

from __future__ import annotations

import io
import shutil
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from histo_core.data.predictions import read_predictions
from histo_core.errors import ConfigError, CorruptDataError, HistoscopeError, UnsafeFileError
from histo_core.maintenance import backup
from histo_core.maintenance import restore as restoring
from histo_core.maintenance.archive import MANIFEST
from histo_core.maintenance.backup import back_up
from histo_core.maintenance.check import check_workspace
from histo_core.maintenance.restore import restore
from histo_core.models.weights.manifest import read_manifest
from histo_core.models.weights.tensorfile import read_tensors
from histo_core.private_files import private_files
from histo_core.runs.artifacts.manifest import is_complete
from histo_core.runs.store.edit import set_note
from histo_core.runs.store.runs import Store
from histo_core.training.checkpoint import Checkpoints, Position
from histo_core.workspace import Workspace


@pytest.fixture(autouse=True)
def _private() -> Iterator[None]:
    with private_files():
        yield


def test_a_restored_workspace_holds_what_was_backed_up(living: Workspace, rows, run_id: str, tmp_path: Path) -> None:
    made = back_up(living, tmp_path / "backup.tar")
    assert (tmp_path / "backup.tar").stat().st_mode & 0o777 == 0o600
    again = Workspace(tmp_path / "again")
    assert restore(tmp_path / "backup.tar", again.home) == made
    assert rows(again) == rows(living)
    assert is_complete(again.run_folder(run_id), Store.open(again).get(run_id))
    assert check_workspace(again).findings == ()
    (predicted,) = (again.home / "predictions").iterdir()
    assert len(read_predictions(predicted / "predictions.parquet")) == 80


def test_what_can_be_made_again_is_left_out_and_listed(living: Workspace, tmp_path: Path) -> None:
    (living.data / "splits" / "mine").mkdir(parents=True)
    (living.data / "splits" / "mine" / "split.json").write_text("{}")
    (living.home / "weights").mkdir()
    (living.home / "weights" / "resnet18.pth").write_bytes(bytes(1000))
    (living.home / "link").symlink_to("/etc/passwd")
    made = back_up(living, tmp_path / "backup.tar")
    left = {left.path: left.bytes for left in made.left_out}
    assert left["weights"] == 1000
    assert left["link"] == 0
    drawn = [left[name] for name in left if name.startswith("data/phantom-")]
    assert len(drawn) == 2
    assert min(drawn) > 80 * 96 * 96 * 3
    assert "data/splits/mine/split.json" in made.files
    assert not any(name.startswith(("data/phantom", "weights", "locks")) or ".part" in name for name in made.files)


@pytest.mark.parametrize("name", [MANIFEST, "\udcff.txt", "line\nbreak \\ \u00e9"])
def test_a_file_of_any_name_costs_no_backup(living: Workspace, tmp_path: Path, name: str) -> None:
    (living.home / name).write_text("{}")
    made = back_up(living, tmp_path / "backup.tar")
    again = Workspace(tmp_path / "again")
    assert restore(tmp_path / "backup.tar", again.home) == made
    kept = (again.home / name).exists()
    assert kept != any("name" in left.why for left in made.left_out), "it is there, or said to be left out"


def test_a_manifest_is_read_up_to_the_size_to_which_it_is_written(
    living: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(living, tmp_path / "backup.tar")
    monkeypatch.setattr(restoring, "JSON_BYTES", 100, raising=False)
    restore(tmp_path / "backup.tar", tmp_path / "again")


def test_a_backup_taken_while_checkpoints_are_written_is_whole_each_time(
    living: Workspace, run_id: str, tmp_path: Path
) -> None:
    folder, stop, written = living.run_folder(run_id) / "checkpoint", threading.Event(), []

    def write() -> None:
        checkpoints = Checkpoints(folder, {})
        while not stop.is_set():
            checkpoints.save({"model.a": torch.full((1000,), len(written))}, Position(epoch=len(written)))
            set_note(run_id, f"{len(written)}", living)
            written.append(1)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        while not written:
            time.sleep(0.01)
        for number in range(8):
            back_up(living, tmp_path / f"{number}.tar")
            again = Workspace(tmp_path / f"again-{number}")
            restore(tmp_path / f"{number}.tar", again.home)
            manifest = read_manifest(again.run_folder(run_id) / "checkpoint")
            assert manifest is not None
            last = again.run_folder(run_id) / "checkpoint" / manifest.last.file
            tensors, _ = read_tensors(last, manifest.last.sha256)
            assert (tensors["model.a"] == manifest.last.epoch).all()
            assert Store.open(again).get(run_id).run_id == run_id
    finally:
        stop.set()
        thread.join()
    assert len(written) > 8, "it was written to all the time"


def test_a_backup_replaces_nothing_and_lies_elsewhere(living: Workspace, tmp_path: Path) -> None:
    (tmp_path / "there.tar").write_text("mine")
    with pytest.raises(ConfigError, match="is there already"):
        back_up(living, tmp_path / "there.tar")
    assert (tmp_path / "there.tar").read_text() == "mine"
    with pytest.raises(ConfigError, match="lies in the workspace"):
        back_up(living, living.home / "backup.tar")


def _rewritten(source: Path, target: Path, change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], object]) -> None:
    with tarfile.open(source) as tar:
        members = [(member, (tar.extractfile(member) or io.BytesIO()).read()) for member in tar]
    change(members)
    with tarfile.open(target, "w") as tar:
        for member, content in members:
            member.size = len(content) if member.isreg() else 0
            tar.addfile(member, io.BytesIO(content))


def _named(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member, b"evil" if kind == tarfile.REGTYPE else b""


@pytest.mark.parametrize(
    "member",
    [
        _named("../evil"),
        _named("/tmp/evil"),
        _named("runs/../../evil"),
        _named("./evil"),
        _named("evil", tarfile.SYMTYPE, "/etc/passwd"),
        _named("evil", tarfile.LNKTYPE, "run.json"),
        _named("evil", tarfile.FIFOTYPE),
        _named("evil", tarfile.CHRTYPE),
        _named("evil", tarfile.DIRTYPE),
    ],
    ids=lambda member: f"{member[0].name} {member[0].type!r}",
)
def test_a_member_that_is_no_plain_file_inside_is_refused(
    living: Workspace, tmp_path: Path, member: tuple[tarfile.TarInfo, bytes]
) -> None:
    back_up(living, tmp_path / "backup.tar")
    _rewritten(tmp_path / "backup.tar", tmp_path / "bad.tar", lambda members: members.insert(0, member))
    with pytest.raises(UnsafeFileError, match="no plain file of a workspace"):
        restore(tmp_path / "bad.tar", tmp_path / "inner" / "again")
    assert list((tmp_path / "inner").iterdir()) == []
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize(
    "change",
    [
        lambda members: members.pop(0),
        lambda members: members.pop(),
        lambda members: members.append(_named("more")),
        lambda members: members.insert(0, _named("more")),
        lambda members: members.insert(0, members[0]),
        lambda members: members.__setitem__(0, (members[0][0], members[0][1][:-1] + b"x")),
        lambda members: members.__setitem__(-1, (members[-1][0], b"[" * 100_000)),
    ],
    ids=["one is missing", "manifest is missing", "after the end", "one more", "twice", "other bytes", "manifest"],
)
def test_an_archive_that_is_not_as_it_was_written_is_refused(
    living: Workspace, tmp_path: Path, change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], object]
) -> None:
    back_up(living, tmp_path / "backup.tar")
    _rewritten(tmp_path / "backup.tar", tmp_path / "bad.tar", change)
    with pytest.raises((CorruptDataError, UnsafeFileError)):
        restore(tmp_path / "bad.tar", tmp_path / "inner" / "again")
    assert list((tmp_path / "inner").iterdir()) == []


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_an_archive_that_was_cut_short_is_refused(living: Workspace, tmp_path: Path, part: float) -> None:
    back_up(living, tmp_path / "backup.tar")
    content = (tmp_path / "backup.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(content[: int(len(content) * part)])
    with pytest.raises(HistoscopeError, match=r"cut short|cannot be read"):
        restore(tmp_path / "cut.tar", tmp_path / "inner" / "again")
    assert list((tmp_path / "inner").iterdir()) == []


def test_a_folder_that_is_not_empty_stays_as_it_is(living: Workspace, tmp_path: Path) -> None:
    back_up(living, tmp_path / "backup.tar")
    with pytest.raises(ConfigError, match="is not empty"):
        restore(tmp_path / "backup.tar", living.home)
    (tmp_path / "empty").mkdir()
    restore(tmp_path / "backup.tar", tmp_path / "empty")
    assert (tmp_path / "empty" / "histoscope.sqlite").exists()
    assert not (tmp_path / "empty" / MANIFEST).exists()


def test_files_that_vanish_meanwhile_are_passed_over(
    living: Workspace, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = backup._files_to_keep

    def then_deleted(*given):
        yield from list(plain(*given))
        shutil.rmtree(living.run_folder(run_id))

    monkeypatch.setattr(backup, "_files_to_keep", then_deleted)
    made = back_up(living, tmp_path / "backup.tar")
    assert not any(name.startswith("runs/") for name in made.files)
    restore(tmp_path / "backup.tar", tmp_path / "again")
