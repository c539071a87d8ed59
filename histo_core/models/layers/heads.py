"""What stands behind a standard network's features: one linear layer, or one of the studies' small classifiers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, cast

from pydantic import Field
from torch import nn

from histo_core.config import Config

_DENSE = 512
_FIRST, _SECOND = 256, 100


class HeadOptions(Config):
    """Options of the networks that torchvision builds."""

    head: Literal["linear", "dense_512", "dense_256_100"] = Field(
        default="linear", title="Head", description="One linear layer, or one with 512, or two with 256 and 100 units"
    )
    dropout: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        title="Dropout",
        description="In the head. None: the network's own before a linear layer, and nothing in the other heads",
    )


def standard(
    constructor: Callable[..., nn.Module], last: str, dropout: str | None = None
) -> Callable[[int, tuple[int, int], HeadOptions], nn.Module]:
    """How a network of torchvision's is built: its own, with another head where the options ask for one.

    Args:
        constructor: takes ``weights`` and ``num_classes``.
        last: name of its last linear layer.
        dropout: name of its own dropout before that; None where it has none.
    """

    def build(n_classes: int, input_size: tuple[int, int], options: HeadOptions) -> nn.Module:
        del input_size  # an average pool takes any map
        return with_head(constructor(weights=None, num_classes=n_classes), n_classes, options, last, dropout)

    return build


def with_head(
    network: nn.Module, n_classes: int, options: HeadOptions, last: str, dropout: str | None = None
) -> nn.Module:
    """A network with the head that the options name, in place; nothing is dropped twice.

    Args:
        network: with its own head for as many classes.
        n_classes: number of logits.
        options: of the head.
        last, dropout: as of `standard`.
    """
    own = cast(nn.Dropout, network.get_submodule(dropout)) if dropout else None
    if options.head == "linear" and own:
        own.p = own.p if options.dropout is None else options.dropout
    elif options.head != "linear" or options.dropout:
        if own:
            own.p = 0.0
        features = cast(nn.Linear, network.get_submodule(last)).in_features
        network.set_submodule(last, build_head(features, n_classes, options))
    return network


def build_head(features: int, n_classes: int, options: HeadOptions) -> nn.Module:
    """Features [n, features] to logits [n, n_classes].

    ``linear``: dropout before it. ``dense_512``: linear to 512, ReLU, dropout, linear. ``dense_256_100``: linear to
    256, ReLU, dropout, linear to 100, ReLU, linear.
    """
    drop = nn.Dropout(options.dropout or 0.0)
    match options.head:
        case "dense_512":
            return nn.Sequential(nn.Linear(features, _DENSE), nn.ReLU(), drop, nn.Linear(_DENSE, n_classes))
        case "dense_256_100":
            return nn.Sequential(
                nn.Linear(features, _FIRST), nn.ReLU(), drop, nn.Linear(_FIRST, _SECOND), nn.ReLU(),
                nn.Linear(_SECOND, n_classes),
            )  # fmt: skip
        case _:
            return nn.Sequential(drop, nn.Linear(features, n_classes))
