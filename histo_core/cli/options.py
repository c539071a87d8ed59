"""Define options and arguments that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Annotated, Any

import typer

from histo_core import strict_yaml
from histo_core.config import DataConfig, parse_config
from histo_core.errors import ConfigError
from histo_core.workspace import Workspace

Dataset = Annotated[str, typer.Option(help="Data set; `data list` shows all.")]
Root = Annotated[str | None, typer.Option(help="Folder of the data.")]
DataOptions = Annotated[
    list[str] | None, typer.Option("--option", metavar="KEY=VALUE", help="An option of the data set; may be repeated.")
]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, as `runs list` shows it.")]
SkipBroken = Annotated[bool, typer.Option("--skip-broken", help="Go on without the files that cannot be used.")]


def output_option(text: str) -> Any:
    """Return an option for a file or folder to write; a path inside the workspace is refused."""
    return typer.Option(help=text, callback=_outside_workspace)


def pairs(items: Iterable[str] | None) -> dict[str, Any]:
    """Parse ``KEY=VALUE`` arguments; values are read as YAML, so ``3`` is a number and ``true`` a Boolean.

    Raises:
        ConfigError: an argument has no ``=``, is given twice, or has a value that is not YAML.
    """
    values = {}
    for item in items or []:
        key, equals, value = item.partition("=")
        if not key or not equals:
            raise ConfigError(f"{item!r} is not an option.", "KEY=VALUE is expected.", "Write for example patches=500.")
        if key in values:
            raise ConfigError(f"{key} is given twice.", "Each option once.", "Leave one of the two out.")
        try:
            values[key] = strict_yaml.load(value)
        except ValueError:
            raise ConfigError(
                f"The value of {item!r} cannot be read.", "A number, true, false or a word.", "Quote it."
            ) from None
    return values


def class_mapping(items: Iterable[str] | None) -> dict[str, str] | None:
    """Read THEIRS=OURS items; names are text, whatever they look like. None where there are none.

    Raises:
        ConfigError: an item without =, or a class that stands there twice.
    """
    found: dict[str, str] = {}
    for item in items or ():
        theirs, equals, ours = item.partition("=")
        if not theirs or not equals:
            raise ConfigError(
                f"{item!r} maps no class.", "THEIRS=OURS is expected.", "Write for example benign=normal."
            )
        if theirs in found:
            raise ConfigError(f"The class {theirs!r} is mapped twice.", "Each class once.", "Leave one of the two out.")
        found[theirs] = ours
    return found or None


def data_config(
    dataset: str, root: str | None, options: Iterable[str] | None, *, skip_broken: bool = False
) -> DataConfig:
    """Return the data set that the options name.

    Raises:
        ConfigError: an option that cannot be read.
    """
    values = {"dataset": dataset, "root": root, "options": pairs(options), "skip_broken": skip_broken}
    return parse_config(DataConfig, values)


def with_options(shared: Callable[..., Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds the parameters of ``shared`` to a command, before its own options.

    The command's first argument is the value that ``shared`` returns.
    """
    theirs = signature(shared, eval_str=True).parameters

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        _, *own = signature(command, eval_str=True).parameters.values()

        @wraps(command)
        def called(**given: Any) -> None:
            value = shared(**{name: given.pop(name) for name in theirs})
            command(value, **given)

        # Typer reads options from the signature and the annotations; those without a default come first.
        parameters = sorted([*theirs.values(), *own], key=lambda one: one.default is not one.empty)
        called.__signature__ = signature(command).replace(parameters=parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {one.name: one.annotation for one in parameters}
        return called

    return decorate


def _outside_workspace(path: Path | None) -> Path | None:
    """Refuse to write into the workspace; a run's files are valid only with the checksums of their manifest.

    Raises:
        ConfigError: the path is inside the workspace.
    """
    home = Workspace.default().home
    if path is not None and Path(os.path.realpath(path)).is_relative_to(home):
        raise ConfigError(
            f"{path} lies in the workspace.", f"A place outside {home} is expected.", "Choose another place."
        )
    return path
