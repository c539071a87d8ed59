"""Define ``demo``: make the demo."""

from __future__ import annotations

from typing import Annotated

import typer


def demo(
    patches: Annotated[int | None, typer.Option(min=40, help="Phantom patches to draw; else 3,000.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the runs.")] = False,
) -> None:
    """Draw phantom tissue and train three models on it, minutes on two CPU cores.

    It is the job that Home starts: it goes on when this terminal closes, and started again it goes on from where it
    was. Ctrl-C asks it to stop.

    \b
    Examples:
      python -m histo_core demo
      python -m histo_core demo --patches 800 --detach
    """
    from histo_core.cli.demo_job import make_demo

    make_demo(patches, detach)
