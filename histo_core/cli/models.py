"""``models``: which networks there are, and what each costs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from histo_core.cli.output import say, table
from histo_core.errors import ConfigError

if TYPE_CHECKING:
    from histo_core.models.layers.equivariance import Equivariance


def models(
    name: Annotated[str | None, typer.Argument(help="One network, with its options and paper.")] = None,
    side: Annotated[int | None, typer.Option(help="Patch side in pixels; each network's own unless given.")] = None,
) -> None:
    """List the networks with their size, cost and input, or tell all about one.

    \b
    Examples:
      python -m histo_core models
      python -m histo_core models gcnn_p4
      python -m histo_core models --side 224
    """
    from histo_core.config import ModelConfig
    from histo_core.models.cost import cost, recommended_side
    from histo_core.models.layers.equivariance import equivariance
    from histo_core.models.registry import MODELS

    if name is None:
        rows = []
        for each, spec in MODELS.items():
            wanted = max(side or recommended_side(each), spec.smallest_input)
            row = ["", "", f"cannot take {wanted}", ""]
            with suppress(ConfigError):
                known = cost(each, wanted)
                row = [f"{known.parameters / 1e6:.2f}", f"{known.flops / 1e9:.3g}", f"{known.side}"]
                row.append(_symmetry(equivariance(ModelConfig(name=each), wanted)))
            rows.append([each, *row, "ImageNet" if spec.imagenet else "", spec.title])
        columns = ["model", "million weights", "GFLOP a patch", "side (px)", "symmetry", "pretrained", "title"]
        table(columns, rows)
        return
    spec = MODELS[name]
    known = cost(name, side or recommended_side(name))
    say(f"{name}: {spec.title}\n{spec.summary}\n{spec.paper}")
    say(f"{known.parameters:,} weights; {known.flops / 1e9:.3g} GFLOP a patch of {known.side} pixels")
    turned = equivariance(ModelConfig(name=name), known.side)
    if turned is not None:
        say(f"{turned}")
    say(f"Smallest patch: {spec.smallest_input} pixels. Options:")
    for key, field in spec.Options.model_fields.items():
        say(f"  {key} = {field.default}: {field.title}. {field.description or ''}".rstrip())


def _symmetry(known: Equivariance | None) -> str:
    """The group, and where it is not exact at this side the nearest that are."""
    if known is None:
        return ""
    near = " or ".join(str(side) for side in (known.smaller, known.larger) if side is not None)
    return known.group if known.exact else f"{known.group} at {near or 'no near side'}"
