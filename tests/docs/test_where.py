"""docs/where.md: each file that it names is there, and so is the function to begin with."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ROWS = [line for line in (PROJECT / "docs" / "where.md").read_text(encoding="utf-8").splitlines() if "? |" in line]


def _names(file: Path) -> set[str]:
    """Functions, classes and methods of a module."""
    found: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_what_is_named_is_there(row: str) -> None:
    _, _, places, begin, _ = row.split("|")
    files = [PROJECT / name for name in re.findall(r"`([\w/]+/[\w./]*|[A-Z]+\.md)`", places)]
    assert files
    assert not [file for file in files if not file.exists()]
    if "`" in begin:
        names = set[str]().union(*(_names(file) for file in files if file.suffix == ".py"))
        assert begin.strip(" `") in names


def test_enough_is_asked() -> None:
    assert len(ROWS) >= 15
