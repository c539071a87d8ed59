"""No module imports another that imports it back, imports inside functions and for types alone counted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ROOTS = ("histo_core", "pages")


def imported(source: str) -> Iterator[str]:
    """Every module that a source may name, and each name it takes from one, as "module.name"."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def graph() -> dict[str, set[str]]:
    """Each module with those that it imports; a package's own interface does not count against its members."""
    sources = {
        ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): path.read_text("utf-8")
        for root in ROOTS
        for path in (PROJECT / root).rglob("*.py")
    }
    return {
        module: {name for name in imported(source) if name in sources and not f"{module}.".startswith(f"{name}.")}
        - {name for name in sources if name.startswith(f"{module}.")}
        for module, source in sources.items()
    }


def test_no_import_goes_in_a_circle() -> None:
    found = graph()
    assert len(found) > 300
    try:
        TopologicalSorter(found).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_a_circle_through_a_function_is_found() -> None:
    sources = {"a": "from b import one", "b": "def late():\n    import a"}
    found = {module: set(imported(source)) & sources.keys() for module, source in sources.items()}
    with pytest.raises(CycleError):
        TopologicalSorter(found).prepare()
