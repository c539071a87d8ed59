"""What the journeys tell readers to press, choose or type is there."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from markdown_files import DOCS, PROJECT, markdown_files
from typer.core import TyperGroup

from histo_core.cli import app

JOURNEYS = sorted((DOCS / "journeys").glob("*.md"))
_SAID = re.compile(r"(?<!\*)\*([^*\s](?:[^*]*[^*\s])?)\*(?!\*)")
_COMMAND = re.compile(r"^(?:\.venv/bin/)?python -m histo_core (.+)$", re.MULTILINE)


def _strings(folder: Path) -> Iterator[str]:
    """Every string of the sources, those parts of f-strings included."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


@pytest.fixture(scope="module")
def on_screen() -> str:
    """What pages can show, a line each; pages' titles are made from their names, and scripts name their buttons."""
    said = [*_strings(PROJECT / "pages"), *_strings(PROJECT / "histo_core")]
    said += [script.read_text() for script in (PROJECT / "pages").rglob("*.js")]
    return "\n".join([*said, *(text.capitalize() for text in said if text.isidentifier())])


@pytest.mark.parametrize("page", JOURNEYS, ids=lambda page: page.stem)
def test_what_stands_in_italics_stands_on_the_screen(page: Path, on_screen: str) -> None:
    said = [" ".join(words.split()) for words in _SAID.findall(page.read_text())]
    assert len(said) >= 8
    assert [words for words in said if words not in on_screen] == []


def _commands() -> Iterator[tuple[str, str]]:
    for page in markdown_files():
        for line in _COMMAND.findall(page.read_text().replace("\\\n", " ")):
            yield page.name, line


def _unknown(line: str) -> list[str]:
    """Commands and options of a line that the program does not have."""
    command = typer.main.get_command(app)
    words = shlex.split(line, comments=True)
    while isinstance(command, TyperGroup) and words:
        name = words.pop(0)
        if name not in command.commands:
            return [name]
        command = command.commands[name]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return [word for word in words if word.startswith("--") and word not in {*known, "--help"}]


@pytest.mark.parametrize(("page", "line"), list(_commands()))
def test_a_command_of_the_documents_is_one_of_the_programs(page: str, line: str) -> None:
    del page
    assert _unknown(line) == []


def test_what_the_program_does_not_have_is_found() -> None:
    assert _unknown("data chek --dataset x") == ["chek"]
    assert _unknown("data check --dataset x --rot y # a folder") == ["--rot"]
