"""Weights that say what they are: a safetensors file whose header names model, preprocessing and classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from torch import Tensor, nn

from histo_core.config import Config, ModelConfig, PreprocessConfig, parse_config, saved_preprocess
from histo_core.errors import CheckpointError, ConfigError
from histo_core.models.tensorfile import read_tensors, write_tensors

_SHOWN = 3
Pixels = Annotated[int, Field(ge=1, le=65_536)]


class WeightsHeader(Config):
    """All it takes to rebuild a predictor around the tensors of the same file."""

    version: Literal[1] = 1
    model: ModelConfig
    preprocess: PreprocessConfig
    input_size: tuple[Pixels, Pixels]
    """Height and width of what the network was built for, in pixels after preprocessing."""
    classes: tuple[str, ...] = Field(min_length=2)
    positive: str


def save_weights(path: Path, model: nn.Module, header: WeightsHeader) -> str:
    """Write a model's parameters and buffers with their header, atomically.

    Returns:
        SHA-256 (hex) of the file.
    """
    return write_tensors(path, model.state_dict(), header.model_dump(mode="json"))


def load_weights(path: Path, sha256: str | None = None) -> tuple[dict[str, Tensor], WeightsHeader]:
    """Read weights and what they are.

    Args:
        path: a file that `save_weights` wrote.
        sha256: what its bytes must hash to; None where nothing is known.

    Raises:
        CheckpointError: the file is missing or damaged, or its header does not say what it is.
    """
    tensors, description = read_tensors(path, sha256)
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
        CheckpointError: tensors are missing, left over or of another shape; the first few are named.
    """
    differences = _differences(model.state_dict(), tensors)
    if differences:
        raise CheckpointError(
            f"{source} does not fit {type(model).__name__}: {_shorten(differences)}.",
            "Every tensor must have the name and shape that the model has.",
            "Choose weights of the same model with the same options, classes and input size.",
        )
    model.load_state_dict(dict(tensors))


def _differences(own: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> list[str]:
    missing = [f"{name} is missing" for name in own if name not in given]
    foreign = [f"{name} is not the model's" for name in given if name not in own]
    misshapen = [
        f"{name} is {list(given[name].shape)}, not {list(tensor.shape)}"
        for name, tensor in own.items()
        if name in given and given[name].shape != tensor.shape
    ]
    return misshapen + missing + foreign


def _shorten(differences: list[str]) -> str:
    more = len(differences) - _SHOWN
    return "; ".join(differences[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
