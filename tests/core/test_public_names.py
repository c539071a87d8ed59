"""The public interface: which names, that they cost nothing until they are used, and that each works."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from public_examples import example_of

import histo_core

PROJECT = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "pandas", "numpy", "scipy", "sklearn", "pydantic", "streamlit", "sqlalchemy", "plotly"}


def run(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own, with a workspace of its own."""
    return subprocess.run(
        # PyTorch 2.11 warns of itself when it is imported as a whole.
        [sys.executable, "-W", "error", "-W", "ignore:`torch.jit:DeprecationWarning", *arguments],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "HISTOSCOPE_HOME": str(home), "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_public_names_are_these() -> None:
    assert histo_core.__all__ == [
        "DATASETS",
        "EXPLAINERS",
        "MODELS",
        "STUDIES",
        "Predictor",
        "RunConfig",
        "Workspace",
        "audit",
        "auroc_difference",
        "auroc_interval",
        "compare",
        "compare_predictions",
        "explain",
        "fit",
        "launch",
        "make_split",
        "open_dataset",
        "read_config",
    ]
    assert set(histo_core.__all__) <= set(dir(histo_core))


@pytest.mark.parametrize(
    ("room", "names"),
    [
        ("data", ["DATASETS", "Dataset", "DatasetInfo", "make_split", "open_dataset"]),
        ("models", ["MODELS", "ModelSpec", "Predictor"]),
        ("explanation", ["EXPLAINERS", "Explainer", "Explanation", "explain"]),
        ("studies", ["STUDIES", "Recipe"]),
    ],
)
def test_rooms_whose_members_are_registered_name_what_a_member_is_made_with(room: str, names: list[str]) -> None:
    module = import_module(f"histo_core.{room}")
    assert module.__all__ == names
    for name in names:
        assert getattr(module, name) is getattr(histo_core, name, getattr(module, name))


def test_type_checkers_see_the_names_where_they_are_loaded_from() -> None:
    tree = ast.parse(Path(histo_core.__file__).read_text(encoding="utf-8"))
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.asname or alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == histo_core._MODULES
    assert sorted(seen) == sorted(histo_core.__all__)
    assert (PROJECT / "histo_core" / "py.typed").is_file()


def test_a_name_that_is_not_public_is_refused_as_of_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'histo_core' has no attribute 'fitt'"):
        histo_core.fitt  # noqa: B018
    assert not hasattr(histo_core, "__path_to_nowhere__")


def test_importing_the_package_loads_nothing_large(tmp_path: Path) -> None:
    done = run("-c", f"import histo_core, sys; print(*sorted({HEAVY!r} & set(sys.modules)))", home=tmp_path)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_what_needs_no_torch_loads_none(tmp_path: Path) -> None:
    names = "DATASETS, RunConfig, Workspace, auroc_difference, auroc_interval, compare_predictions, launch, make_split"
    code = f"from histo_core import {names}, open_dataset, read_config; import sys; print('torch' in sys.modules)"
    done = run("-c", code, home=tmp_path)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "False", "")


def test_each_public_name_has_an_example_that_runs_after_every_submodule_was_imported(tmp_path: Path) -> None:
    done = run("tests/core/public_examples.py", home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    names, end = done.stdout.strip().split(" names, ")
    assert end == "0 failures"
    assert int(names) >= 82  # every `__all__` counts


@pytest.mark.parametrize(
    ("doc", "example"),
    [
        ("Do it.", False),
        ("Do it.\n\nExample:\n    >>> from here import wanted\n    >>> 1\n    1\n", False),
        ("Do it.\n\nExample:\n    >>> from here import wanted\n    >>> wanted()\n    1\n", True),
    ],
)
def test_an_example_counts_only_where_it_uses_the_name(doc: str, example: bool) -> None:
    def wanted() -> int:
        return 1

    wanted.__doc__ = doc
    module = ModuleType("here")
    module.__dict__["wanted"] = wanted
    assert (example_of(module, "wanted") is not None) == example
