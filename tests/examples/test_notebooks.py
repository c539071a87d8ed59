"""The notebooks of `examples/`: they run, they hold no outputs, and they use public names only."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import histo_core

PROJECT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((PROJECT / "examples").glob("*.ipynb"))
LIBRARIES = {"histo_core", "numpy", "pandas", "PIL", "pathlib", "tempfile"}
CELL = {"markdown": {"cell_type", "id", "metadata", "source"}}
CELL["code"] = CELL["markdown"] | {"execution_count", "outputs"}

each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


def content(notebook: Path) -> dict[str, Any]:
    return json.loads(notebook.read_text(encoding="utf-8"))


def test_there_are_three() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "01_explore_and_audit",
        "02_train_compare_verdict",
        "03_explain_a_wrong_patch",
    ]


@each_notebook
def test_it_is_a_notebook_without_outputs(notebook: Path) -> None:
    found = content(notebook)
    assert (found["nbformat"], found["nbformat_minor"]) == (4, 5)
    for cell in found["cells"]:
        assert set(cell) == CELL[cell["cell_type"]]
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    ids = [cell["id"] for cell in found["cells"]]
    assert len(set(ids)) == len(ids)
    assert found["cells"][0]["source"][0].startswith("# ")


@each_notebook
def test_it_uses_public_names_only(notebook: Path) -> None:
    code = "\n".join("".join(cell["source"]) for cell in content(notebook)["cells"] if cell["cell_type"] == "code")
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} <= LIBRARIES - {"histo_core"}
        elif isinstance(node, ast.ImportFrom):
            assert node.module in LIBRARIES
            names |= {alias.name for alias in node.names if node.module == "histo_core"}
    assert names
    assert names <= set(histo_core.__all__)


@pytest.mark.slow
@each_notebook
def test_it_runs_from_top_to_bottom_without_a_warning(notebook: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(Path(__file__).with_name("run_notebook.py")), str(notebook)],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "HISTOSCOPE_HOME": str(tmp_path / "home"),
            "TMPDIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert done.stdout
    assert done.stderr == ""
