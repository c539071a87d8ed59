"""Every option of every command arrives at the core: set to another value, the function that is called holds it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import suppress
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from wiring_base import ANYTHING, RUN, Command, Row
from wiring_rows import COMMANDS

from histo_core.cli import app
from histo_core.config import RunConfig, TrainConfig
from histo_core.errors import HistoscopeError
from histo_core.recommendation.choice import Recommendation
from histo_core.recommendation.recipe import with_choices
from histo_core.workspace import Workspace

MISSING = object()
"""What stands at a place where the function was not called."""


class _Stopped(BaseException):
    """The function that a row is about was called as often as asked; what follows is of no interest."""


def _walk(command: Any, *path: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield " ".join(path), command
        return
    for name, inner in command.commands.items():
        yield from _walk(inner, *path, name)


ROOT: Any = typer.main.get_command(app)
REAL = dict(_walk(ROOT))
CASES = [
    pytest.param(name, parameter, row, id=f"{name}: {parameter}{'' if row.typed else ' (constant)'} {row.place}")
    for name, command in COMMANDS.items()
    for parameter, rows in command.rows.items()
    for row in (rows if isinstance(rows, tuple) else (rows,))
]


def test_every_command_has_its_table() -> None:
    assert set(COMMANDS) == set(REAL)


@pytest.mark.parametrize("name", REAL)
def test_every_option_has_a_row_or_a_reason(name: str) -> None:
    command = COMMANDS[name]
    assert not set(command.rows) & set(command.unpinned)
    assert {*command.rows, *command.unpinned} == {parameter.name for parameter in REAL[name].params}
    assert all(command.unpinned.values())


@pytest.fixture
def folder(workspace: Workspace, tmp_path: Path) -> Path:
    """A folder with a run's configuration and, in the workspace, a run's log."""
    (tmp_path / "run.yaml").write_text(RunConfig(train=TrainConfig(patience=31)).to_yaml())
    log = workspace.run_folder(RUN) / "log.txt"
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    return tmp_path


@pytest.fixture(autouse=True)
def as_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that are not given stay at their defaults: a recommendation would read the data."""

    def recommended(
        base: RunConfig, given: dict[str, Any], workspace: Workspace, *, minutes: float = 30.0, **others: Any
    ) -> Recommendation:
        del workspace, minutes, others
        return Recommendation(with_choices(base, (), given), (), 0.0)

    monkeypatch.setattr("histo_core.recommendation.api.recommend_run", recommended)


@pytest.mark.parametrize(("name", "parameter", "row"), CASES)
def test_what_is_typed_arrives_in_the_core(
    name: str, parameter: str, row: Row, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = COMMANDS[name]
    typed = [word.replace("{tmp}", str(folder)) for word in row.typed]
    needed = {one.name: [*command.words.get(one.name, ())] for one in REAL[name].params}
    with_it = _called(row, command, name, needed | ({parameter: typed} if typed else {}), monkeypatch)
    without = _called(row, command, name, needed | {parameter: []}, monkeypatch)
    if row.calls is not None:
        assert ((with_it is not MISSING), (without is not MISSING)) == (row.calls, not row.calls)
        return
    assert with_it == row.value
    assert type(with_it) is type(row.value)
    if typed:
        assert without != row.value, "the value of the row is what stands there without the option"


def _called(row: Row, command: Command, name: str, words: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What stands at the row's place when a command is carried out; `MISSING` where the target is not called."""
    arguments = [*name.split(), *(word for typed in words.values() for word in typed), *row.also]
    found: list[Any] = []
    parameters = inspect.signature(getattr(*_owner(row.target)))
    with monkeypatch.context() as patched:
        for stub, result in command.stubs.items():
            patched.setattr(*_owner(stub), lambda *_, _result=result, **__: _result)

        def record(*args: Any, **kwargs: Any) -> Any:
            found.append(_at(parameters, row.place, args, kwargs))
            if len(found) > row.call:
                raise _Stopped
            return command.stubs.get(row.target, ANYTHING)

        patched.setattr(*_owner(row.target), record)
        code: Any = 0
        try:
            ROOT.main(arguments, prog_name="histoscope")
        except (_Stopped, HistoscopeError):
            pass
        except SystemExit as ended:
            code = ended.code
    assert row.calls is not False or not code, arguments
    return found[row.call] if len(found) > row.call else MISSING


def _owner(target: str) -> tuple[Any, str]:
    """What holds a function, a module or a class, by the function's dotted name; and the function's own name."""
    *parents, name = target.split(".")
    for depth in range(len(parents), 0, -1):
        with suppress(ModuleNotFoundError):
            return reduce(getattr, parents[depth:], import_module(".".join(parents[:depth]))), name
    raise AssertionError(f"There is no {target}.")


def _at(parameters: inspect.Signature, place: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a call gives to an argument, or to a part of it."""
    bound = parameters.bind(*args, **kwargs)
    bound.apply_defaults()
    if not place:
        return None
    name, *parts = place.split(".")
    given = dict(bound.arguments)
    for parameter in parameters.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            given |= given.pop(parameter.name)
    value = given[name]
    for part in parts:
        value = getattr(value, part, None)
    return value
