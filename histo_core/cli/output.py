"""What commands share when they print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich import box
from rich.console import Console
from rich.table import Table

# Names, ids and messages are data: never read as markup, never coloured by guesswork, never cut.
CONSOLE = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)


def say(text: str) -> None:
    """One line or more to stdout."""
    CONSOLE.print(text)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table as wide as its content, so that ids can be copied from a pipe as well."""
    drawn = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        drawn.add_row(*row)
    CONSOLE.print(drawn, no_wrap=True, width=max(CONSOLE.width, CONSOLE.measure(drawn).maximum), crop=False)


def local_time(moment: datetime | None) -> str:
    """A time of day on this machine's clock."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
