"""The devices of this machine, and who keeps them busy."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from histo_core.config import RunConfig, TrainConfig
from histo_core.runs.devices import devices as module
from histo_core.runs.devices import nvidia_smi
from histo_core.runs.devices.devices import Device, devices
from histo_core.runs.devices.nvidia_smi import Gpu, GpuWatch, visible
from histo_core.runs.devices.usage import usage
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.workspace import Workspace

PRINTED = """\
0, GPU-11aa, NVIDIA H200, 140000, 143771, 37
1, GPU-22bb, NVIDIA A100-SXM4-80GB, 81000, 81920, [N/A]
not a line of a GPU
"""
H200 = Gpu("cuda:0", "NVIDIA H200", 140000 << 20, 143771 << 20, 37)


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvidia_smi, "query", lambda: PRINTED)
    monkeypatch.setattr(module, "GPUS", GpuWatch())
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_what_the_tool_prints_is_read() -> None:
    assert visible(PRINTED, None) == (H200, Gpu("cuda:1", "NVIDIA A100-SXM4-80GB", 81000 << 20, 81920 << 20, None))
    assert visible("", None) == ()


@pytest.mark.parametrize(
    ("chosen", "titles"),
    [("1,0", ["NVIDIA A100-SXM4-80GB", "NVIDIA H200"]), ("GPU-22", ["NVIDIA A100-SXM4-80GB"]), ("", []), ("7", [])],
)
def test_gpus_are_numbered_as_pytorch_does(chosen: str, titles: list[str]) -> None:
    seen = visible(PRINTED, chosen)
    assert [gpu.title for gpu in seen] == titles
    assert [gpu.name for gpu in seen] == [f"cuda:{number}" for number in range(len(titles))]


@pytest.mark.usefixtures("two_gpus")
def test_a_run_keeps_all_its_devices_busy(workspace: Workspace, store: Store, enqueue) -> None:
    config = RunConfig(seed=99, train=TrainConfig(devices=2))
    pair = store.enqueue(config, data_hash="d" * 64, split_fingerprint="f" * 64, device="cuda:0", name="")
    enqueue("waiting")
    assert {device.name: device.busy_with for device in devices(workspace)} == {
        "cuda:0": None,
        "cuda:1": None,
        "cpu": None,
    }
    store.claim(pair.run_id, ProcessIdentity.current())
    first, second, cpu = devices(workspace)
    assert first == Device("cuda:0", "NVIDIA H200", 140000 << 20, 143771 << 20, pair.run_id, 37)
    assert (second.busy_with, cpu.busy_with) == (pair.run_id, None)
    assert cpu.title.startswith("CPU, ")
    assert 0 < cpu.memory_free <= cpu.memory_total <= psutil.virtual_memory().total


def test_a_container_may_have_less_memory_than_its_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("_LIMIT", "4000000\n"), ("_USED", "1000000\n")):
        file = tmp_path / name
        file.write_text(text)
        monkeypatch.setattr(module, name, file)
    assert module.memory() == (3_000_000, 4_000_000)
    (tmp_path / "_LIMIT").write_text("max\n")
    assert module.memory()[1] == psutil.virtual_memory().total


def test_a_driver_that_hangs_holds_up_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvidia_smi, "query", lambda: time.sleep(1.0) or PRINTED)
    monkeypatch.setattr(nvidia_smi, "TIMEOUT_SECONDS", 0.1)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    watch, begun = GpuWatch(), time.monotonic()
    assert watch.poll() == ()
    assert time.monotonic() - begun < 0.8
    thread = watch._thread
    assert thread is not None
    thread.join()
    assert watch.poll()[0] == H200


@pytest.mark.parametrize("script", ["false", "sleep 9", None])
def test_a_tool_that_fails_hangs_or_is_missing_gives_no_gpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None
) -> None:
    monkeypatch.setattr(nvidia_smi, "TIMEOUT_SECONDS", 0.2)
    if script is not None:
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\nexec {script}\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin" if script else str(tmp_path))
    assert nvidia_smi.query() == ""


def test_pytorch_is_not_loaded_for_it() -> None:
    code = "import sys; from histo_core.runs.devices import devices, usage; "
    code += "from histo_core.runs.store import queue, edit, delete; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[3])


def test_a_worker_counts_itself_and_what_it_started() -> None:
    alone = usage("cpu")
    assert alone.memory_bytes >= psutil.Process().memory_info().rss // 2
    assert (alone.gpu_memory_bytes, alone.gpu_percent) == (0, None)
    code = "import time; block = bytearray(64 << 20); print('ready', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as helper:
        assert helper.stdout is not None
        helper.stdout.readline()
        assert usage("cpu").memory_bytes > alone.memory_bytes + (60 << 20)
        helper.kill()
