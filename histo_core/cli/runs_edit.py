"""``runs rename``, ``tag``, ``note``, ``archive`` and ``delete``."""

from __future__ import annotations

from typing import Annotated

import typer

from histo_core.cli.options import RunId
from histo_core.cli.output import say
from histo_core.runs.store import edit
from histo_core.runs.store.delete import delete
from histo_core.workspace import Workspace


def rename(run_id: RunId, name: Annotated[str, typer.Argument(help="One line of 1 to 200 characters.")]) -> None:
    """Show a run under another name.

    \b
    Examples:
      python -m histo_core runs rename 4547d1de99b8-1 "ResNet18, frozen"
    """
    run = edit.rename(run_id, name, Workspace.default())
    say(f"run {run.run_id} is now named {run.name}")


def tag(
    run_id: RunId, tags: Annotated[list[str] | None, typer.Argument(metavar="[TAG]...", help="None: no tags.")] = None
) -> None:
    """Give a run these tags in place of those it has.

    \b
    Examples:
      python -m histo_core runs tag 4547d1de99b8-1 paper "fold 1"
      python -m histo_core runs tag 4547d1de99b8-1
    """
    run = edit.set_tags(run_id, tags or [], Workspace.default())
    say(f"run {run.run_id} has {'the tags ' + ', '.join(run.tags) if run.tags else 'no tags'}")


def note(run_id: RunId, text: Annotated[str, typer.Argument(help="Empty to remove the note.")]) -> None:
    """Write a note on a run, in place of the one it has.

    \b
    Examples:
      python -m histo_core runs note 4547d1de99b8-1 "Stain jitter was off."
    """
    run = edit.set_note(run_id, text, Workspace.default())
    say(f"run {run.run_id} {'has the note' if run.note else 'has no note'}")


def archive(
    run_id: RunId, back: Annotated[bool, typer.Option("--back", help="Bring it back to the lists.")] = False
) -> None:
    """Put an ended run away: lists leave it out, its files stay.

    \b
    Examples:
      python -m histo_core runs archive 4547d1de99b8-1
      python -m histo_core runs archive 4547d1de99b8-1 --back
    """
    run = edit.archive(run_id, Workspace.default(), on=not back)
    say(f"run {run.run_id} is {'back in the lists' if back else 'archived'}")


def delete_(
    run_id: RunId,
    force: Annotated[
        bool, typer.Option("--force", help="Also when an experiment or another run still counts on it.")
    ] = False,
) -> None:
    """Delete an ended run with its checkpoints, predictions and log. Nothing brings it back.

    \b
    Examples:
      python -m histo_core runs delete 4547d1de99b8-1
    """
    run = delete(run_id, Workspace.default(), force=force)
    say(f"run {run.run_id} is deleted")
