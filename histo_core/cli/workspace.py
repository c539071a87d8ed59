"""Define ``workspace``: check, backup and restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from histo_core.cli.output import say, watched
from histo_core.program import PROGRAM
from histo_core.workspace import Workspace

app = typer.Typer(help="Check, mend, back up and restore the workspace.", no_args_is_help=True)


@app.command()
def check(
    mend: Annotated[bool, typer.Option("--mend", help="Put right what can be, without losing anything.")] = False,
) -> None:
    """Look whether database, folders, files and permissions of the workspace are as they should be.

    Exit code 0 when all is well or was mended, 1 when something is left to do.

    \b
    Examples:
      python -m histo_core workspace check
      python -m histo_core workspace check --mend
    """
    from histo_core.maintenance.check import check_workspace

    workspace = Workspace.default()
    with watched("comparing checksums") as progress:
        found = check_workspace(workspace, mend=mend, progress=progress)
    for finding in found.findings:
        fate = "mended" if finding.mended else finding.remedy or "--mend puts it right."
        say(f"{finding.where}: {finding.what} [{fate}]")
    looked = f"{found.runs:,} runs, {found.experiments:,} experiments, {found.predictions:,} predictions"
    say(f"{workspace.home}: {looked} and {found.files:,} files were looked at.")
    left = [finding for finding in found.findings if not finding.mended]
    mendable = sum(finding.mendable for finding in left)
    if not found.findings:
        say("All is well.")
    elif not left:
        say(f"All {len(found.findings):,} findings were mended.")
    else:
        say(f"{len(left):,} findings are left" + (f"; `--mend` puts {mendable:,} of them right." if mendable else "."))
    raise typer.Exit(0 if found.well else 1)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="A new .tar file outside the workspace.")]) -> None:
    """Write all that cannot be made again into one archive, also while runs go on.

    \b
    Examples:
      python -m histo_core workspace backup histoscope-2026-11-29.tar
    """
    from histo_core.maintenance.backup import back_up

    with watched("copying files") as progress:
        made = back_up(Workspace.default(), file, progress=progress)
    size = sum(one.bytes for one in made.files.values())
    say(f"{file}: {len(made.files):,} files, {size / 1e6:,.1f} MB, with the rows of the database ({made.database}).")
    for left in made.left_out:
        say(f"Left out: {left.path}, {left.bytes / 1e6:,.1f} MB. {left.why}.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `workspace backup` wrote.")],
    to: Annotated[Path, typer.Option(help="A new or empty folder.")],
) -> None:
    """Make a workspace of a backup, each file compared with its checksum.

    \b
    Examples:
      python -m histo_core workspace restore histoscope-2026-11-29.tar --to histoscope-again
    """
    from histo_core.maintenance.restore import restore as unpack

    with watched("comparing checksums") as progress:
        made = unpack(file, to, progress=progress)
    say(f"{len(made.files):,} files of {made.made_at.isoformat(timespec='seconds')} are in {to}.")
    for left in made.left_out:
        say(f"Not in the backup: {left.path}. {left.why}.")
    say(f"Look at it with: HISTOSCOPE_HOME={to.absolute()} {PROGRAM} workspace check --mend")
