"""``export``: a run's network for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from histo_core.access import LOCAL, authorise
from histo_core.cli.options import output_option
from histo_core.cli.output import say
from histo_core.errors import ConfigError
from histo_core.private_files import shared_files
from histo_core.workspace import Workspace


def export(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="A run that has succeeded.")],
    onnx: Annotated[Path, output_option("The .onnx file to write.")],
) -> None:
    """Write a run's network as ONNX, checked against the run's own answers with onnxruntime.

    The file takes preprocessed patches, float32 [n, 3, h, w], and gives logits and probabilities. Its metadata name
    the classes and the preprocessing.

    \b
    Examples:
      python -m histo_core export 4547d1de99b8-1 --onnx network.onnx
    """
    from histo_core.jobs.onnx_export import export_run

    authorise(LOCAL, "data.export", run_id)
    if onnx.suffix != ".onnx":
        raise ConfigError(f"{onnx.name} does not end in .onnx.", "One .onnx file is written.", "Name it so.")
    with shared_files():
        written = export_run(run_id, onnx, Workspace.default())
    say(
        f"{written.path}: {written.size / 1e6:,.1f} MB; onnxruntime differs from torch by at most "
        f"{written.difference:.2g} ({written.relative:.2g} of the largest logit)"
    )
