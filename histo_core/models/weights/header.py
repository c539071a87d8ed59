"""Weights that say what they are: a safetensors file whose header names model, preprocessing and classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from histo_core.config import Config, ModelConfig, PreprocessConfig, parse_config, saved_preprocess
from histo_core.errors import CheckpointError, ConfigError
from histo_core.models.weights.tensorfile import TensorHeader, read_tensors, write_tensors

_SHOWN = 3
MAX_SIDE = 8_192
"""Pixels. Images of more than 25 million pixels are not read, so that no larger square can have been trained on."""

Pixels = Annotated[int, Field(ge=1, le=MAX_SIDE)]


class WeightsHeader(Config):
    """All it takes to rebuild a predictor around the tensors of the same file."""

    version: Literal[1] = 1
    model: ModelConfig
    preprocess: PreprocessConfig
    input_size: tuple[Pixels, Pixels]
    """Height and width of what the network was built for, in pixels after preprocessing."""
    classes: tuple[str, ...] = Field(min_length=2)
    positive: str

    @model_validator(mode="after")
    def _classes_are_known(self) -> WeightsHeader:
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("each class has a name of its own")
        if self.positive not in self.classes:
            raise ValueError(f"positive {self.positive!r} is none of the classes {', '.join(self.classes[:_SHOWN])}")
        return self


def save_weights(path: Path, model: nn.Module, header: WeightsHeader) -> str:
    """Write a model's parameters and buffers with their header, atomically.

    Returns:
        SHA-256 (hex) of the file.
    """
    return write_tensors(path, model.state_dict(), header.model_dump(mode="json"))


def load_weights(
    path: Path,
    sha256: str | None = None,
    *,
    network: Callable[[WeightsHeader], nn.Module] | None = None,
) -> tuple[dict[str, Tensor], WeightsHeader]:
    """Read weights and what they are.

    Args:
        path: a file that `save_weights` wrote.
        sha256: what its bytes must hash to; None where nothing is known.
        network: builds the network that a header names, on the device "meta". Shapes are compared with it before the
            tensors are read; with None they are not compared.

    Raises:
        CheckpointError: the file is missing or damaged, its header does not say what it is, or it does not fit.
    """

    def fits(file: TensorHeader) -> None:
        header = parse_header(file.description, path)
        if network is not None:
            with torch.device("meta"):
                built = network(header)
            check_fit(built, file.empty(), path)

    tensors, description = read_tensors(path, sha256, check=fits)
    return tensors, parse_header(description, path)


def parse_header(description: dict[str, Any], path: Path) -> WeightsHeader:
    """What a file's description says of its tensors.

    Raises:
        CheckpointError: it does not say what they are.
    """
    if "preprocess" in description:
        description = {**description, "preprocess": saved_preprocess(description["preprocess"])}
    try:
        return parse_config(WeightsHeader, description)
    except ConfigError as error:
        raise CheckpointError(
            f"{path} does not say what it is: {error.found}",
            "Weights that Histoscope saved carry model, preprocessing and classes in their header.",
            "Choose the best.*.safetensors of a run, or train the model again with this version.",
        ) from None


def assign(model: nn.Module, tensors: Mapping[str, Tensor], source: object) -> None:
    """Copy tensors into a model of exactly their names and shapes; on error the model is unchanged.

    Args:
        model: its parameters keep their device and memory format.
        tensors: a state dict.
        source: where they come from, for the message.

    Raises:
        CheckpointError: tensors are missing, left over or of another shape, or hold values that are infinite or no
            numbers; the first few are named.
    """
    check_fit(model, tensors, source)
    broken = [name for name, tensor in tensors.items() if _has_no_numbers(tensor)]
    if broken:
        more = f" and {len(broken) - _SHOWN} more" if len(broken) > _SHOWN else ""
        raise CheckpointError(
            f"{source} holds values that are infinite or no numbers in {', '.join(broken[:_SHOWN])}{more}.",
            "Finite weights are needed.",
            "Choose other weights, or train the model again.",
        )
    model.load_state_dict(dict(tensors))


def check_fit(model: nn.Module, tensors: Mapping[str, Tensor], source: object) -> None:
    """Compare names and shapes, of tensors on any device; arguments and errors as `assign`."""
    differences = _differences(model.state_dict(), tensors)
    if differences:
        raise CheckpointError(
            f"{source} does not fit {type(model).__name__}: {_shorten(differences)}.",
            "Every tensor must have the name and shape that the model has.",
            "Choose weights of the same model with the same options, classes and input size.",
        )


def _differences(own: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> list[str]:
    missing = [f"{name} is missing" for name in own if name not in given]
    foreign = [f"{name} is not the model's" for name in given if name not in own]
    misshapen = [
        f"{name} is {list(given[name].shape)}, not {list(tensor.shape)}"
        for name, tensor in own.items()
        if name in given and given[name].shape != tensor.shape
    ]
    return misshapen + missing + foreign


def _has_no_numbers(tensor: Tensor) -> bool:
    """Whether a value is infinite or no number; a tensor on the device "meta" has no values."""
    return tensor.is_floating_point() and not tensor.is_meta and not bool(tensor.isfinite().all())


def _shorten(differences: list[str]) -> str:
    more = len(differences) - _SHOWN
    return "; ".join(differences[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
