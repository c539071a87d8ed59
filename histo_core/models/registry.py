"""The registry of networks, their specification, and the functions that build them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from histo_core.config import Config, ModelConfig, PreprocessConfig, parse_config
from histo_core.errors import CheckpointError, ConfigError
from histo_core.models.layers.one_logit_head import end_in_logits
from histo_core.models.weights.header import assign, check_fit, parse_header
from histo_core.models.weights.pretrained import PretrainedFile, pretrained_tensors
from histo_core.models.weights.tensorfile import TensorHeader, read_tensors
from histo_core.registry import Registry
from histo_core.workspace import Workspace


@dataclass(frozen=True)
class ModelSpec:
    """One kind of network.

    Attributes:
        name: the registered name.
        title: the title in a form.
        summary: one sentence that a newcomer understands.
        build: ``(n_classes, (height, width), options)`` to a network that takes float32 [n, 3, height, width] and
            gives logits float32 [n, n_classes]. Its initial weights come from torch's global generator.
        Options: the type of ``ModelConfig.options``.
        head: prefix of the final classifier's tensors, which are replaced when classes differ.
        gradcam_layer: ``(network, (height, width))`` to the layer whose map Grad-CAM weights for inputs of that size:
            the activation that the rest of the network reads (`histo_core.models.inference.gradcam_layers`).
        smallest_input: smallest side in pixels with which it trains, predicts and has a map of more than one cell; a
            centre crop or resize has at least 8.
        preprocess: the recommended preprocessing.
        imagenet: torchvision's weights, or None.
        paper: the paper that introduced the network.
        adapt: ``(published tensors, network)`` to tensors with the network's own names and shapes, except the head.
        auxiliary: names of classifiers that are used only in training; in training mode such a network gives a tuple of
            its logits and theirs.
        auxiliary_heads: prefixes of their last linear layers; the layers before them belong to the frozen backbone.
            None if an auxiliary classifier is only its last layer.
        auxiliary_weight: weight of each auxiliary classifier's loss.

    Example:
        >>> import torch
        >>> from histo_core.models import MODELS, ModelSpec
        >>> spec: ModelSpec = MODELS["cnn_narrow"]
        >>> network = spec.build(2, (32, 32), spec.Options())
        >>> tuple(network(torch.zeros(5, 3, 32, 32)).shape), spec.smallest_input
        ((5, 2), 8)
    """

    name: str
    title: str
    summary: str
    build: Callable[[int, tuple[int, int], Any], nn.Module]
    Options: type[Config]
    head: str
    gradcam_layer: Callable[[nn.Module, tuple[int, int]], nn.Module]
    smallest_input: int
    preprocess: PreprocessConfig
    imagenet: PretrainedFile | None
    paper: str
    adapt: Callable[[Mapping[str, Tensor], nn.Module], dict[str, Tensor]] = lambda tensors, network: dict(tensors)
    auxiliary: tuple[str, ...] = ()
    auxiliary_heads: tuple[str, ...] = ()
    auxiliary_weight: float = 0.0

    @property
    def classifiers(self) -> tuple[str, ...]:
        """Prefixes of all classifiers, the final one first; everything else is the backbone."""
        return (self.head, *self.auxiliary)

    @property
    def heads(self) -> tuple[str, ...]:
        """Prefixes of the layers that learn under a frozen backbone: final classifier, auxiliary ones' last layers."""
        return (self.head, *(self.auxiliary_heads or self.auxiliary))


def _check_spec(name: str, member: Any) -> None:
    """Raise TypeError or ValueError if another package's member is not a specification with this name."""
    if not isinstance(member, ModelSpec):
        raise TypeError(f"it is no {ModelSpec.__module__}.ModelSpec")
    if member.name != name:
        raise ValueError(f"its specification is named {member.name!r}")


MODELS: Registry[ModelSpec] = Registry("model", "histo_core.models", _check_spec)

INITIAL_BYTES = 600 << 20
"""Size limit of a file of initial weights. The largest published one, VGG19 with batch norm, has 575 million bytes."""

_BATCH_COUNT = ".num_batches_tracked"


def build_network(config: ModelConfig, n_classes: int, input_size: tuple[int, int]) -> nn.Module:
    """Build a network with new random weights; ``config.weights`` is ignored.

    Args:
        config: name, options, and ``output``: with "sigmoid" the network ends in one number z and gives [0, z].
        n_classes: number of logits, at least 2.
        input_size: height and width after preprocessing, in pixels.

    Raises:
        UnknownNameError: no model has this name.
        ConfigError: an unknown option, too few classes (too many for one sigmoid), or too small an input.
    """
    spec = MODELS[config.name]
    if n_classes < 2:
        raise ConfigError(
            f"Model {config.name!r} was asked for {n_classes} class(es).", "At least 2.", "Check the data's classes."
        )
    if config.output == "sigmoid" and n_classes != 2:
        raise ConfigError(
            f"Output 'sigmoid' was chosen for {n_classes} classes.",
            "One number through a sigmoid tells two classes apart.",
            "Choose softmax or sigmoids.",
        )
    if min(input_size) < spec.smallest_input:
        raise ConfigError(
            f"Model {config.name!r} was given patches of {input_size[0]} x {input_size[1]} pixels.",
            f"At least {spec.smallest_input} x {spec.smallest_input} after preprocessing.",
            "Crop less, or resize to a larger side.",
        )
    options = parse_config(spec.Options, config.options)
    if config.output != "sigmoid":
        return spec.build(n_classes, input_size, options)
    network = spec.build(1, input_size, options)
    end_in_logits(network, spec.classifiers)
    return network


def build_model(
    config: ModelConfig, n_classes: int, input_size: tuple[int, int], workspace: Workspace | None = None
) -> nn.Module:
    """Build a network with the configured initial weights.

    Args:
        config: name, options, and ``weights``: none, imagenet, or the path of a .safetensors file. The file is one of
            ours, or has published tensors by their published names, with or without classifiers. ``weights_sha256`` is
            the file's expected hash, if any.
        n_classes: number of logits. If it differs from that of the weights, the classifier gets new random weights.
        input_size: height and width after preprocessing, in pixels.
        workspace: stores downloaded weights and says which folders may be read; None uses the default workspace.

    Raises:
        UnknownNameError, ConfigError: as `build_network`, or the model has no ImageNet weights.
        PathNotAllowedError, DataNotFoundError: the path of the weights may not be read or does not exist.
        CheckpointError: the weights are damaged, cannot be downloaded, or do not fit.
    """
    model = build_network(config, n_classes, input_size)
    spec = MODELS[config.name]
    workspace = workspace or Workspace.default()
    if config.weights == "none":
        return model
    if config.weights == "imagenet":
        tensors = _published(spec, model, pretrained_tensors(imagenet_file(spec), workspace))
    else:
        tensors = _from_file(spec, model, workspace.allowed(config.weights), config.weights_sha256)
    assign(model, tensors, config.weights)
    return model


def _published(spec: ModelSpec, model: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Combine ImageNet's features with the model's own classifiers, which have other classes and maybe other layers.

    Old files have no count of batches for batch normalisation, so the model's own count is kept.
    """
    published = spec.adapt(tensors, model)
    classifiers = tuple(f"{name}." for name in spec.classifiers)
    own = model.state_dict()
    features = {name: tensor for name, tensor in published.items() if not name.startswith(classifiers)}
    fitting = {
        name: published[name]
        for name, tensor in own.items()
        if name.startswith(classifiers) and name in published and published[name].shape == tensor.shape
    }
    kept = {name: tensor for name, tensor in own.items() if name.startswith(classifiers) or name.endswith(_BATCH_COUNT)}
    return kept | features | fitting


def _with_fresh_classifiers(spec: ModelSpec, model: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return our own weights, with new classifiers where the model's do not fit.

    If the number of classes differs, the classifiers get new random weights. Auxiliary classifiers are only for
    training: those that the model lacks are left out, and those that the weights lack get new random weights. Any other
    difference means that the weights are for another shape of network.
    """
    own = model.state_dict()
    auxiliary = tuple(f"{name}." for name in spec.auxiliary)
    classifiers = (f"{spec.head}.", *auxiliary)
    taken = {name: tensor for name, tensor in tensors.items() if name in own or not name.startswith(auxiliary)}
    fresh = {
        name: tensor
        for name, tensor in own.items()
        if (name not in taken and name.startswith(auxiliary))
        or (name.startswith(classifiers) and name in taken and _of_other_classes(tensor, taken[name]))
    }
    return taken | fresh


def _of_other_classes(own: Tensor, given: Tensor) -> bool:
    """Return whether two tensors of a classifier's last layer differ only in the number of classes."""
    return own.shape != given.shape and own.shape[1:] == given.shape[1:]


def imagenet_file(spec: ModelSpec) -> PretrainedFile:
    """Return the file of a network's ImageNet weights.

    Raises:
        ConfigError: the network has no ImageNet weights.
    """
    if spec.imagenet is None:
        having = ", ".join(name for name, other in MODELS.items() if other.imagenet is not None)
        raise ConfigError(
            f"Model {spec.name!r} has no ImageNet weights.", f"Models that have: {having}.", "Set weights to none."
        )
    return spec.imagenet


def _from_file(spec: ModelSpec, model: nn.Module, path: Path, sha256: str | None) -> dict[str, Tensor]:
    """Read a weights file: one of ours has a header; one without a header has published tensors."""

    def fits(file: TensorHeader) -> None:
        if file.file_bytes > INITIAL_BYTES:
            raise CheckpointError(
                f"{path} has {file.file_bytes:,} bytes.",
                f"At most {INITIAL_BYTES:,} are read as initial weights.",
                "Choose weights of one network, without an optimiser's state.",
            )
        check_fit(model, _taken(spec, model, path, file.empty(), file.description), path)

    return _taken(spec, model, path, *read_tensors(path, sha256, check=fits))


def _taken(
    spec: ModelSpec, model: nn.Module, path: Path, tensors: dict[str, Tensor], description: dict[str, Any]
) -> dict[str, Tensor]:
    """Select the tensors of a file that fit a model; the tensors may be without data."""
    if not description:
        return _published(spec, model, tensors)
    header = parse_header(description, path)
    if header.model.name != spec.name:
        raise CheckpointError(
            f"{path} holds weights of {header.model.name!r}.",
            f"Weights of {spec.name!r} are needed.",
            f"Choose other weights, or train {header.model.name!r}.",
        )
    return _with_fresh_classifiers(spec, model, tensors)
