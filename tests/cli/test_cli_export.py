"""``export`` writes what onnxruntime runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from histo_core.jobs import onnx_export
from histo_core.models.weights.onnx_export import OnnxFile
from histo_core.workspace import Workspace


def test_another_ending_is_refused(call: Callable, tmp_path: Path) -> None:
    done = call("export", "4547d1de99b8-1", "--onnx", str(tmp_path / "network.pt"))
    assert (done.code, "does not end in .onnx" in done.err) == (2, True)


def test_an_unknown_run_is_told(call: Callable, tmp_path: Path) -> None:
    done = call("export", "4547d1de99b8-1", "--onnx", str(tmp_path / "network.onnx"))
    assert done.code == 2
    assert "4547d1de99b8-1" in done.err


def test_what_was_written_is_said(call: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def written(run_id: str, path: Path, workspace: Workspace) -> OnnxFile:
        del run_id, workspace
        return OnnxFile(path, 2_500_000, 1e-7, 4e-7)

    monkeypatch.setattr(onnx_export, "export_run", written)
    done = call("export", "4547d1de99b8-1", "--onnx", str(tmp_path / "network.onnx"))
    assert (done.code, done.err) == (0, "")
    assert "2.5 MB; onnxruntime differs from torch by at most 1e-07" in done.out
