"""Print lines, tables and progress for all commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from rich.cells import cell_len
from rich.console import Console
from rich.progress import Progress, ProgressColumn

# Names, ids and messages are data: they are never read as markup, highlighted or truncated.
CONSOLE = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)


def say(text: str) -> None:
    """Print one or more lines to stdout."""
    CONSOLE.print(text)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table as wide as its content, so that ids are complete when copied or piped."""
    lines = [columns, *rows]
    widths = [max(cell_len(line[column]) for line in lines) for column in range(len(columns))]
    for line in lines:
        say("  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)).rstrip())


def progress_bar(*columns: ProgressColumn) -> Progress:
    """Return a progress bar for a terminal, removed at the end; it prints nothing to a pipe or a log."""
    return Progress(*columns, console=CONSOLE, transient=True, disable=not CONSOLE.is_terminal)


@contextmanager
def watched(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar for a long task; yields the callback that the task calls with (done, total)."""
    with progress_bar() as bars:
        bar = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


def local_time(moment: datetime | None) -> str:
    """Format a time in this machine's time zone."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
