"""Docstrings: each name under "Attributes:" and "Args:" is one that the class or the function has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FILES = sorted(path for room in ("histo_core", "pages") for path in (PROJECT / room).rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def listed(node: Function | ast.ClassDef, heading: str) -> list[str]:
    """Return the names that a block of a docstring explains: "first, second: what both are" gives two."""
    doc = ast.get_docstring(node) or ""
    block = re.search(rf"^{heading}:\n((?:    .*\n?|\n)+)", doc, re.MULTILINE)
    lines = block[1].splitlines() if block else []
    return [
        name.strip(" *`")
        for line in lines
        if re.match(r"    \S", line) and (entry := re.match(r"\s+([^:]+):", line))
        for name in entry[1].split(",")
    ]


def arguments(node: Function) -> set[str]:
    """Return the names of a function's parameters."""
    given = node.args
    return {one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg) if one}


def attributes(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> set[str]:
    """Return the attributes and methods of a class and of its bases, as far as they are in this project."""
    found = set[str]()
    for part in node.body:
        if isinstance(part, Function):
            found.add(part.name)
            stored = [one for one in ast.walk(part) if isinstance(one, ast.Attribute)]
            found |= {one.attr for one in stored if isinstance(one.ctx, ast.Store) and ast.unparse(one.value) == "self"}
        elif isinstance(part, ast.Assign | ast.AnnAssign):
            named = [one for one in ast.walk(part) if isinstance(one, ast.Name)]
            found |= {one.id for one in named if isinstance(one.ctx, ast.Store)}
    for base in node.bases:
        above = classes.get(ast.unparse(base).partition("[")[0].rpartition(".")[2])
        if above is not None and above is not node:
            found |= attributes(above, classes)
    return found


def wrong_names(trees: dict[str, ast.Module]) -> Iterator[str]:
    """Yield "file:line: name" for each documented name that is not there."""
    nodes = [(file, node) for file, tree in trees.items() for node in ast.walk(tree)]
    classes = {node.name: node for _, node in nodes if isinstance(node, ast.ClassDef)}
    for file, node in nodes:
        match node:
            case ast.ClassDef():
                has = attributes(node, classes)
                makers = [one for one in node.body if isinstance(one, Function) and one.name in ("__init__", "__new__")]
                given = {name for maker in makers for name in arguments(maker)} if makers else has
                pairs = [(name, has) for name in listed(node, "Attributes")]
                pairs += [(name, given) for name in listed(node, "Args")]
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                pairs = [(name, arguments(node)) for name in listed(node, "Args")]
            case _:
                continue
        yield from (f"{file}:{node.lineno} {node.name}: {name}" for name, known in pairs if name not in known)


def test_each_documented_name_is_one_that_is_there() -> None:
    trees = {str(path.relative_to(PROJECT)): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
    assert len(trees) > 300
    assert list(wrong_names(trees)) == []


def documented(heading: str, *entries: str) -> str:
    """Return the lines of a docstring, as they stand in a body."""
    lines = ['"""Explain.', "", f"{heading}:", *(f"    {entry}" for entry in entries), '"""']
    return "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("class A:\n" + documented("Attributes", "x, y: both.") + "    x: int = 0", ["a:1 A: y"]),
        ("class A:\n" + documented("Attributes", "x: in.") + "    def f(self): x = 1", ["a:1 A: x"]),
        ("class A:\n" + documented("Args", "x: in.") + "    def __init__(self, y): self.x = y", ["a:1 A: x"]),
        ("class B(A):\n" + documented("Attributes", "x: in.") + "class A:\n    def x(self): ...", []),
        ("def f(a, *b):\n" + documented("Args", "a: in.", "    c: not a name.", "*b: all."), []),
        ("def f(a):\n" + documented("Args", "b: in."), ["a:1 f: b"]),
    ],
)
def test_a_name_that_is_not_there_is_found(code: str, wrong: list[str]) -> None:
    assert list(wrong_names({"a": ast.parse(code)})) == wrong
