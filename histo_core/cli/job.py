"""Define ``job``: the process that carries out a check, a conversion, an audit, a map, a download or an export."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from histo_core.workspace import Workspace


def job(job_id: Annotated[str, typer.Argument(metavar="JOB", help="A waiting job.")]) -> None:
    """Carry out one waiting job in this process. The pages start such processes by themselves.

    Exit code 0 when the job succeeded, 1 when it failed or was stopped.

    \b
    Examples:
      python -m histo_core job check-0123456789abcdef
    """
    import histo_core.demo.kind
    import histo_core.experiments.job_kinds  # noqa: F401 - both register their kinds of job
    from histo_core.jobs.process import work_on_job

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    raise typer.Exit(work_on_job(job_id, Workspace.default()))
