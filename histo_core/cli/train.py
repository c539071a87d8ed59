"""Define ``train``: queue a run and watch it."""

from __future__ import annotations

from typing import Annotated

import typer

from histo_core.cli.data import build_phantom_data
from histo_core.cli.output import say
from histo_core.cli.run_options import with_run_options
from histo_core.cli.watch import print_end, watch_or_cancel
from histo_core.config import RunConfig
from histo_core.program import PROGRAM
from histo_core.runs.api import launch
from histo_core.workspace import Workspace


@with_run_options
def train(
    config: RunConfig,
    name: Annotated[str, typer.Option(help="How to show the run; else the model's title.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="To find the run by; may be repeated.")] = None,
    note: Annotated[str, typer.Option(help="What the run is for.")] = "",
    priority: Annotated[int, typer.Option(help="Of runs that wait, higher ones start first.")] = 0,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the run.")] = False,
) -> None:
    """Train a model and watch it; the run goes on when this terminal closes.

    Ctrl-C asks the run to stop and keeps its checkpoint. The last line names the run.
    Settings that are not given are recommended for the data, this machine and the time (--minutes), each with its
    reason. With --config they are the file's; the drawn phantom has fixed ones.

    \b
    Examples:
      python -m histo_core train --dataset phantom --option patches=500 --model cnn_rnn --epochs 3
      python -m histo_core train --dataset kpcam --root ../shared/data/kpcam
      python -m histo_core train --dataset kpcam --root ../shared/data/kpcam --minutes 5 --seed 1
      python -m histo_core train --dataset pcam --root pcam --model resnet18 --weights imagenet --detach
      python -m histo_core train --config my_run.yaml --seed 1 --set augment.jitter=0.2
    """
    workspace = Workspace.default()
    if config.data.dataset == "phantom":
        build_phantom_data(config.data, workspace)
    run = launch(config, workspace, name=name, tags=tag or (), note=note, priority=priority, warn=say)
    if detach:
        say(f"Watch it with: {PROGRAM} runs watch {run.run_id}\nrun {run.run_id} {run.status.word}")
        return
    raise typer.Exit(print_end(watch_or_cancel(run.run_id, workspace)))
