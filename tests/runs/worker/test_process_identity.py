"""Who a process is, and whether it lives."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from waiting import wait_until

from histo_core.runs.worker import process_identity as module
from histo_core.runs.worker.process_identity import ProcessIdentity, start_detached


def _sleeper(**options: bool) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "600"], **options)


def test_this_process_lives_and_its_start_agrees_with_psutil() -> None:
    me = ProcessIdentity.current()
    assert me.alive()
    since_boot = psutil.Process().create_time() - psutil.boot_time()
    if sys.platform.startswith("linux"):
        assert abs(me.started - since_boot) < 2


def test_a_reused_id_and_another_boot_are_other_processes() -> None:
    me = ProcessIdentity.current()
    assert not replace(me, started=me.started - 10).alive()
    assert not replace(me, boot="another").alive()


def test_containers_of_one_machine_number_their_processes_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = []
    for name in ("ours", "theirs"):
        (tmp_path / name).touch()
        monkeypatch.setattr(module, "_NUMBERING", tmp_path / name)
        elsewhere.append(module.boot_id.__wrapped__())
    monkeypatch.setattr(module, "_NUMBERING", tmp_path / "hidden")
    if sys.platform.startswith("linux"):
        assert len({*elsewhere, module.boot_id.__wrapped__(), module.boot_id()}) == 4
    assert max(map(len, elsewhere)) <= 64, "what the table's column holds"


def test_a_zombie_is_dead() -> None:
    child = subprocess.Popen(["true"])
    wait_until(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE)
    assert ProcessIdentity.of(child.pid) is None
    child.wait()


def test_no_process_has_no_identity() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    assert ProcessIdentity.of(child.pid) is None


def test_terminate_asks_and_kill_takes_the_group() -> None:
    shell = subprocess.Popen(
        ["bash", "-c", "trap '' TERM; sleep 600 & echo $!; wait; wait"], stdout=subprocess.PIPE, start_new_session=True
    )
    assert shell.stdout is not None
    helper = int(shell.stdout.readline())
    identity = ProcessIdentity.of(shell.pid)
    assert identity is not None
    identity.terminate()
    assert identity.alive()
    identity.kill()
    assert shell.wait() == -9
    shell.stdout.close()
    wait_until(lambda: ProcessIdentity.of(helper) is None)


def test_kill_spares_a_group_that_the_process_does_not_lead() -> None:
    sleeper = _sleeper()
    identity = ProcessIdentity.of(sleeper.pid)
    assert identity is not None
    identity.kill()
    assert sleeper.wait() == -9, "and this process, of the same group, is still here"


def test_an_old_identity_kills_nobody() -> None:
    sleeper = _sleeper()
    identity = ProcessIdentity.of(sleeper.pid)
    assert identity is not None
    replace(identity, started=identity.started - 1).kill()
    assert identity.alive()
    sleeper.kill()
    sleeper.wait()


def test_a_detached_process_has_its_own_session_and_no_parent_here(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "out.log"
    start_detached(
        ["bash", "-c", "echo $$; exec sleep 600"], log=log, folder=tmp_path, environment=os.environ | {"A": "b"}
    )
    wait_until(lambda: log.exists() and log.read_text().endswith("\n"))
    process = psutil.Process(int(log.read_text()))
    assert os.getsid(process.pid) == process.pid
    assert process.pid not in {child.pid for child in psutil.Process().children(recursive=True)}
    assert process.environ()["A"] == "b"
    process.kill()
