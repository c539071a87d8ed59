"""Find published weights on this machine, so that nothing need be downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from histo_core.config import ModelConfig
from histo_core.errors import HistoscopeError
from histo_core.models.registry import MODELS, build_model
from histo_core.models.weights.pretrained import is_kept
from histo_core.models.weights.tensorfile import read_header
from histo_core.workspace import Workspace

_SIDE = 96
_BESIDE = "weights"
"""Name of a folder of weights beside the folder of the data."""


def weights_at_hand(name: str, workspace: Workspace, root: str | None = None) -> str | None:
    """Return ``ModelConfig.weights`` with which a network starts from ImageNet without a download, or None.

    Looked for are the published file, whose hash is known, in the workspace's folders of weights and in the cache of
    PyTorch's hub; then a file ``<name>*.safetensors`` with published tensors that fit the network, in those folders
    and in a folder ``weights`` beside the data.

    Args:
        name: of a network.
        workspace: has folders of weights, and says which folders may be read.
        root: folder of the data.

    Raises:
        UnknownNameError: no network has this name.
    """
    spec = MODELS[name]
    if spec.imagenet is None:
        return None
    if is_kept(spec.imagenet, workspace):
        return "imagenet"
    return next((str(file) for file in _files(name, workspace, root) if _fits(name, file, workspace)), None)


def _files(name: str, workspace: Workspace, root: str | None) -> Iterator[Path]:
    folders = list(workspace.weight_folders())
    if root is not None:
        folders.append(Path(root).expanduser().resolve().parent / _BESIDE)
    for folder in folders:
        yield from sorted(file for file in folder.glob(f"{name}*.safetensors") if file.is_file())


def _fits(name: str, file: Path, workspace: Workspace) -> bool:
    """Return whether a file may be read and has published tensors that fit the network.

    Files with our own header are left out: they were trained here, perhaps on patches that are now held out.
    """
    side = max(_SIDE, MODELS[name].smallest_input)
    try:
        allowed = workspace.allowed(file)
        if read_header(allowed).description:
            return False
        build_model(ModelConfig(name=name, weights=str(allowed)), 2, (side, side), workspace)
    except HistoscopeError:
        return False
    return True
