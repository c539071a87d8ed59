"""Find out which file of initial weights is missing, and how to get it."""

from __future__ import annotations

from histo_core.config import ModelConfig
from histo_core.errors import HistoscopeError
from histo_core.models.registry import MODELS, imagenet_file
from histo_core.models.weights.pretrained import is_kept, place_by_hand
from histo_core.workspace import Workspace


def missing_weights(config: ModelConfig, workspace: Workspace) -> str | None:
    """Describe the missing initial weights of a network; None where nothing is missing.

    Nothing is downloaded and no file is read.

    Args:
        config: the network, and ``weights`` as for `histo_core.models.registry.build_model`.
        workspace: stores weights and says which folders may be read.

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
