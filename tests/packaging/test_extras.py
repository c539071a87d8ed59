"""What is required stands in one place, and a missing extra is said in words."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from installed import PROJECT
from packaging.requirements import Requirement

from histo_core.auditing.embedding.umap import umap_layout
from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig, SweepField
from histo_core.errors import HistoscopeError, MissingExtraError
from histo_core.experiments.job_kinds import JOBS
from histo_core.experiments.protocol_runs import plan
from histo_core.extras import EXTRAS, need_extra
from histo_core.models.inference.predictor import Predictor
from histo_core.models.weights.onnx_export import export_onnx
from histo_core.runs.store.database import open_database
from histo_core.workspace import Workspace

DECLARED = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
SWEEP = ProtocolConfig(kind="sweep", sweep={"train.epochs": SweepField(values=(1, 2))})
SWEEPS = "histo_core.experiments.sweep"
WITHOUT_EXTRAS = f"""
import importlib, pkgutil, sys
for name in {[name for names in EXTRAS.values() for name in names]}:
    sys.modules[name] = None
import histo_core
failed = {{}}
for module in pkgutil.walk_packages(histo_core.__path__, "histo_core."):
    if module.name.endswith("__main__") or ".migrations" in module.name:
        continue
    try:
        importlib.import_module(module.name)
    except ImportError as error:
        failed[module.name] = str(error).split(",")[0]
print(failed)
"""


def _own(extra: str) -> list[str]:
    """What an extra installs, without other extras of our own."""
    found = [Requirement(line) for line in DECLARED["optional-dependencies"][extra]]
    return [str(one) for one in found if one.name != DECLARED["name"]]


def test_requirements_txt_is_the_base_and_all_extras() -> None:
    lines = (PROJECT / "requirements.txt").read_text().splitlines()
    asked = [str(Requirement(line)) for line in lines if line and not line.startswith("#")]
    declared = [str(Requirement(line)) for line in DECLARED["dependencies"]]
    declared += [line for extra in DECLARED["optional-dependencies"] for line in _own(extra)]
    assert len(asked) == len(set(asked)) == len(declared) > 30
    assert set(asked) == set(declared)


def test_the_extras_of_the_wheel_are_those_that_errors_name() -> None:
    installing = {extra for extra in DECLARED["optional-dependencies"] if _own(extra)}
    assert installing == set(EXTRAS)
    assert {extra: len(_own(extra)) for extra in installing} == {extra: len(names) for extra, names in EXTRAS.items()}


def test_extras_of_ours_that_an_extra_asks_for_exist() -> None:
    for lines in DECLARED["optional-dependencies"].values():
        ours = [one for one in map(Requirement, lines) if one.name == DECLARED["name"]]
        assert {extra for one in ours for extra in one.extras} <= set(EXTRAS)


def _open_postgres(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HISTOSCOPE_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:9/none")
    open_database(workspace)


CALLS: dict[str, tuple[str, Callable[..., Any]]] = {
    "a UMAP": ("maps", lambda *_: umap_layout(np.eye(20, dtype=np.float32))),
    "a sweep's runs": ("sweeps", lambda *_: plan(RunConfig(), SWEEP)),
    "following a sweep": ("sweeps", lambda workspace, _: JOBS["sweep"].run(_Params(), workspace, _silent)),
    "an ONNX file": ("onnx", lambda *_: export_onnx(object.__new__(Predictor), Path("never.onnx"))),
    "a PostgreSQL server": ("postgres", _open_postgres),
    "the dashboard": ("dashboard", lambda *_: need_extra("dashboard", "The dashboard")),
}


class _Params:
    experiment_id = "none"


def _silent(done: int, total: int) -> None: ...


@pytest.mark.parametrize("call", CALLS)
def test_what_needs_an_extra_that_is_missing_says_how_to_install_it(
    call: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra, needs_it = CALLS[call]
    for name in EXTRAS[extra]:
        monkeypatch.setitem(sys.modules, name, None)
    for name in [name for name in sys.modules if name.startswith(SWEEPS)]:  # what checks as it is imported
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(HistoscopeError) as raised:
        needs_it(workspace, monkeypatch)
    assert f'pip install "histo-core[{extra}]"' in str(raised.value)


def test_an_error_names_all_that_is_missing_and_only_that(monkeypatch: pytest.MonkeyPatch) -> None:
    need_extra("onnx", "An export")
    for name in ("onnx", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r"^An export needs onnx and onnxruntime, which are not installed\. "):
        need_extra("onnx", "An export")


def test_only_sweeps_cannot_be_imported_without_the_extras() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRAS], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == (f"{{'{SWEEPS}': 'A sweep needs optuna'}}\n", "")
