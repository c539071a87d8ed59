"""What a row of the command line's table says, and what stands in for the core while it is tested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from histo_core.config import DataConfig, RunConfig
from histo_core.runs.store.runs import Store

RUN = "4547d1de99b8-1"
"""An id; no run is looked for, because every function of the core is replaced."""
CLI, DATA, RUNS, EXPERIMENTS = "histo_core.cli", "histo_core.data", "histo_core.runs", "histo_core.experiments"


@dataclass(frozen=True)
class Row:
    """One option, set to another value.

    Attributes:
        typed: the words on the command line; none for what the command itself says to the core.
        target: the function of the core that must get it, by the name under which the command calls it.
        place: where among its arguments, dotted below the argument's name: ``config.train.epochs``.
        value: what must stand there, and does not without the words; or what gives that.
        call: which of the calls of the target, counted from 0.
        also: words that the option needs beside it.
        calls: ``True``: the target is called with the words only; ``False``: without them only. None: see ``place``.
    """

    typed: tuple[str, ...]
    target: str
    place: str = ""
    value: Any = None
    call: int = 0
    also: tuple[str, ...] = ()
    calls: bool | None = None


Rows = Mapping[str, Row | tuple[Row, ...]]


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        rows: by the name of the parameter, one or several.
        words: what must be typed for a parameter that is required, when another parameter is tested.
        stubs: functions of the core that are replaced besides the row's own target, each with what it returns.
        unpinned: parameters that reach no function of the core, with the reason.
    """

    rows: Rows
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stubs: Mapping[str, Any] = field(default_factory=dict)
    unpinned: Mapping[str, str] = field(default_factory=dict)


class Anything(str):
    """Stands for whatever the core returns: a text of which every unknown attribute, item and call is one, too."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return ANYTHING

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return ANYTHING

    def __format__(self, spec: str) -> str:
        return "any"

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __getitem__(self, key: object) -> Any:
        return ANYTHING

    def __truediv__(self, other: object) -> float:
        return 1.0


ANYTHING = Anything("any")


class KeptCopy(Anything):
    """A converted copy, of which a command asks one thing."""

    def verify(self, progress: object) -> None:
        """Compare the copy with its checksum."""


OWN_DATA = DataConfig(dataset="breakhis", root="/own", options={"fold": 2})
"""What the one run of the store was trained on."""


class _Record(Anything):
    run_id = RUN
    config = RunConfig(data=OWN_DATA)


RECORD = _Record("a run")
GET, LIST = f"{RUNS}.store.runs.Store.get", f"{RUNS}.store.runs.Store.runs"
STORE = {f"{RUNS}.store.runs.Store.open": object.__new__(Store), GET: RECORD}
"""A store of one run."""
ID = {"run_id": (RUN,)}
