"""Which file of initial weights a network still lacks, and how it gets there."""

from __future__ import annotations

from histo_core.config import ModelConfig
from histo_core.errors import HistoscopeError
from histo_core.models.registry import MODELS, imagenet_file
from histo_core.models.weights.pretrained import is_kept, place_by_hand
from histo_core.workspace import Workspace


def missing_weights(config: ModelConfig, workspace: Workspace) -> str | None:
    """What to know before a network with initial weights is built, in words; None where nothing is missing.

    Nothing is fetched and no file is read.

    Args:
        config: which network, and ``weights`` as `histo_core.models.registry.build_model` takes them.
        workspace: where weights are kept and which folders may be read.

    Raises:
        UnknownNameError: no model has this name.
    """
    spec = MODELS[config.name]
    try:
        if config.weights == "imagenet":
            file = imagenet_file(spec)
            if is_kept(file, workspace):
                return None
            return (
                f"ImageNet weights of {spec.title} ({file.name}) are not here yet: they are downloaded when the run "
                f"starts. Without internet, get {file.url} elsewhere and put it at {place_by_hand(file, workspace)}."
            )
        if config.weights != "none":
            workspace.allowed(config.weights)
    except HistoscopeError as error:
        return str(error)
    return None
