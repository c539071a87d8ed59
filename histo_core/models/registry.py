"""What a model is before it is built, the registry of all of them, and the one way to build one."""

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
        title: for a form.
        summary: one sentence a newcomer understands.
        build: ``(n_classes, (height, width), options)`` to a network that takes float32 [n, 3, height, width] and
            gives logits float32 [n, n_classes]. Its initial weights come from torch's global generator.
        Options: what ``ModelConfig.options`` may hold.
        head: prefix of the final classifier's tensors; what is replaced when classes differ.
        gradcam_layer: ``(network, (height, width))`` to the layer whose map Grad-CAM weighs for inputs of that size:
            the activation that the rest of the network reads (`histo_core.models.inference.gradcam_layers`).
        smallest_input: side in pixels from which on it trains, predicts and has a map of more than one cell; a centre
            crop or resize has 8 at least.
        preprocess: what we recommend.
        imagenet: torchvision's weights, or None where there are none.
        paper: where the network comes from.
        adapt: ``(published tensors, network)`` to tensors of the network's own names and shapes, the head aside.
        auxiliary: names of classifiers that exist in training only; in training mode such a network gives a tuple of
            its logits and theirs.
        auxiliary_heads: prefixes of their last linear layers; the layers before these belong to the backbone where it
            is frozen. None where an auxiliary classifier is no more than its last layer.
        auxiliary_weight: of each auxiliary classifier's loss.
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
        """Prefixes of all classifiers, the final one first; what is not below them is the backbone."""
        return (self.head, *self.auxiliary)

    @property
    def heads(self) -> tuple[str, ...]:
        """Prefixes of what learns under a frozen backbone: the final classifier and the auxiliary ones' last layers."""
        return (self.head, *(self.auxiliary_heads or self.auxiliary))


def _check_spec(name: str, member: Any) -> None:
    """Raise TypeError or ValueError where another package registered no specification of this name."""
    if not isinstance(member, ModelSpec):
        raise TypeError(f"it is no {ModelSpec.__module__}.ModelSpec")
    if member.name != name:
        raise ValueError(f"its specification is named {member.name!r}")


MODELS: Registry[ModelSpec] = Registry("model", "histo_core.models", _check_spec)

INITIAL_BYTES = 600 << 20
"""Of a file of initial weights. The largest that is published, VGG19's with batch norm, has 575 million."""

_BATCH_COUNT = ".num_batches_tracked"


def build_network(config: ModelConfig, n_classes: int, input_size: tuple[int, int]) -> nn.Module:
    """Build a network with fresh weights, whatever ``config.weights`` says.

    Args:
        config: name, options, and ``output``: with "sigmoid" the network ends in one number z and gives [0, z].
        n_classes: number of logits, at least 2.
        input_size: height and width after preprocessing, in pixels.

    Raises:
        UnknownNameError: no model has this name.
        ConfigError: an option the model does not have, too few classes (for one sigmoid too many), or too small an
            input.
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
    """Build a network with the initial weights that the configuration names.

    Args:
        config: name, options, and ``weights``: none, imagenet, or the path of a .safetensors file: one of ours, or one
            of published tensors by their published names, whose classifiers may be left out; and ``weights_sha256``
            where the file must be a certain one.
        n_classes: number of logits. Where it differs from the weights' own, the classifier starts afresh.
        input_size: height and width after preprocessing, in pixels.
        workspace: where downloaded weights are kept and which folders may be read; None takes the default one.

    Raises:
        UnknownNameError, ConfigError: as `build_network`, or the model has no ImageNet weights.
        PathNotAllowedError, DataNotFoundError: the weights' path.
        CheckpointError: the weights are damaged, cannot be had, or do not fit.
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
    """ImageNet's features under the model's own classifiers, which are for other classes and may have other layers.

    Files from before batch normalisation counted its batches lack that count, so the model's own is kept.
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
    """Our own weights, as far as the model's classifiers go with them.

    Another number of classes starts the classifiers afresh. Auxiliary ones are of no use but in training, so those
    that the model lacks are left out, and those that the weights lack start afresh. Any other difference means
    weights of another shape of net.
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
    """Whether two tensors of a classifier's last layer differ in the number of classes and in nothing else."""
    return own.shape != given.shape and own.shape[1:] == given.shape[1:]


def imagenet_file(spec: ModelSpec) -> PretrainedFile:
    """Where a network's ImageNet weights are.

    Raises:
        ConfigError: there are none.
    """
    if spec.imagenet is None:
        having = ", ".join(name for name, other in MODELS.items() if other.imagenet is not None)
        raise ConfigError(
            f"Model {spec.name!r} has no ImageNet weights.", f"Models that have: {having}.", "Set weights to none."
        )
    return spec.imagenet


def _from_file(spec: ModelSpec, model: nn.Module, path: Path, sha256: str | None) -> dict[str, Tensor]:
    """A file of ours says what it is; one that says nothing holds published tensors."""

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
    """What a model takes of a file's tensors, with or without their data."""
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
