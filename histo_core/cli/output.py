"""What commands share when they print."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from rich.cells import cell_len
from rich.console import Console
from rich.progress import Progress, ProgressColumn

# Names, ids and messages are data: never read as markup, never coloured by guesswork, never cut.
CONSOLE = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)


def say(text: str) -> None:
    """One line or more to stdout."""
    CONSOLE.print(text)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table as wide as its content, so that ids can be copied, and read from a pipe, whole."""
    lines = [columns, *rows]
    widths = [max(cell_len(line[column]) for line in lines) for column in range(len(columns))]
    for line in lines:
        say("  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)).rstrip())


def progress_bar(*columns: ProgressColumn) -> Progress:
    """Progress on a terminal, gone at the end; nothing in a pipe or a log."""
    return Progress(*columns, console=CONSOLE, transient=True, disable=not CONSOLE.is_terminal)


@contextmanager
def watched(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for a long task: gives what the task tells (done, in all)."""
    with progress_bar() as bars:
        bar = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


def local_time(moment: datetime | None) -> str:
    """A time of day on this machine's clock."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
