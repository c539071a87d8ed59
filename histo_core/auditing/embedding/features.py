"""Choose the features of a map: colour and texture, or those of a network.

Loading a kept map must not import PyTorch (700 MB of memory), so the networks are imported where they are used.
"""

from __future__ import annotations

from pathlib import Path

from histo_core.auditing.embedding.describe import Describe
from histo_core.errors import CheckpointError, ConfigError, DataNotFoundError
from histo_core.workspace import Workspace

OWN = COLOUR, SQUEEZENET = "colour", "squeezenet"
"""Features that need no run."""
_REVISION = 1
"""Increased when `describe_patches` or the SqueezeNet features change, so that older maps are not reused."""


def feature_key(features: str, workspace: Workspace) -> str:
    """Return the identity of these features; that of a run depends on its best epoch.

    Args:
        features: "colour", "squeezenet", or a run's folder.
        workspace: determines which folders may be read.

    Raises:
        ConfigError: the text is none of the names and no folder.
        PathNotAllowedError: the run's folder may not be read.
        CheckpointError: the run has no finished epoch yet.
    """
    if features in OWN:
        return f"{features}-{_REVISION}"
    from histo_core.models.weights.manifest import read_manifest

    manifest = read_manifest(_run_folder(features, workspace) / "checkpoint")
    if manifest is None or manifest.best is None:
        raise CheckpointError(
            f"{Path(features).name} has no finished epoch yet.",
            "A run with at least one finished epoch is needed.",
            "Wait for its first epoch, or choose another run.",
        )
    return manifest.best.sha256


def open_features(features: str, workspace: Workspace) -> Describe:
    """Return the function that turns patches into these features.

    Raises:
        CheckpointError: weights are damaged or not available; other errors as in `feature_key`.
    """
    if features == COLOUR:
        from histo_core.auditing.embedding.descriptor import describe_patches

        return describe_patches
    from histo_core.auditing.embedding.network_features import run_features, squeezenet_features

    if features == SQUEEZENET:
        return squeezenet_features(workspace)
    return run_features(_run_folder(features, workspace))


def feature_words(features: str) -> str:
    """Return the features as a clause of a sentence: "by colour and texture"."""
    if features == COLOUR:
        return "by colour and texture"
    if features == SQUEEZENET:
        return "by SqueezeNet's ImageNet features"
    return f"by what the network of run {Path(features).name} made of them"


def _run_folder(features: str, workspace: Workspace) -> Path:
    try:
        return workspace.allowed(features)
    except DataNotFoundError:
        raise ConfigError(
            f"There are no features {features!r}.", f"{', '.join(OWN)} or a run's folder.", "Choose one of these."
        ) from None
