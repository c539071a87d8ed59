"""``runs overfit``: train a run's network anew on one batch."""

from __future__ import annotations

from typing import Annotated

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.as_json import Json, say_json
from histo_core.cli.options import RunId
from histo_core.cli.output import say, watched
from histo_core.runs.store.runs import Store
from histo_core.training.one_batch import PATCHES, STEPS
from histo_core.workspace import Workspace


def overfit(
    run_id: RunId,
    patches: Annotated[int, typer.Option(min=2, max=4096, help="Patches of the batch.")] = PATCHES,
    steps: Annotated[int, typer.Option(min=1, max=10_000, help="Steps at most.")] = STEPS,
    as_json: Json = False,
) -> None:
    """Train a run's network anew on one batch, to see whether it can learn it by heart. The run stays as it is.

    If it cannot, a second try with usual settings says whether the network or its settings are at fault.
    Exit code 0 when the batch was learnt, 1 when it was not.

    \b
    Examples:
      python -m histo_core runs overfit 4547d1de99b8-1
      python -m histo_core runs overfit 4547d1de99b8-1 --patches 16 --steps 300
    """
    from histo_core.jobs.one_batch import OneBatchParams, overfit_batch

    authorise(LOCAL, "run.launch", run_id)
    workspace = Workspace.default()
    params = OneBatchParams(config=Store.open(workspace).get(run_id).config, patches=patches, steps=steps)
    with watched("learning one batch") as progress:
        result = overfit_batch(params, workspace, progress)
    if as_json:
        say_json(
            facts={"run": run_id, "learnt": result.learnt}, tables={"tries": result.tries}, sentences=[result.sentence]
        )
    else:
        say(result.sentence)
    raise typer.Exit(0 if result.learnt else 1)
