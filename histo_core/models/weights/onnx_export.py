"""Export a trained network to ONNX for other programs, and verify its output before the file appears."""

from __future__ import annotations

import json
import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from histo_core.errors import CheckpointError
from histo_core.extras import need_extra
from histo_core.files import write_atomically
from histo_core.models.inference.batch_norm_folding import fold_batch_norm
from histo_core.models.inference.predictor import Predictor
from histo_core.models.inference.probabilities import probabilities

TOLERANCE = 1e-4
"""Greatest difference of the logits from torch's, relative to the largest of them."""
PROBABILITY_TOLERANCE = 1e-5
"""Greatest difference of the file's probabilities from those computed from its own logits."""
NOTE = "For research and teaching. Not a medical device."

_OPSET = 18
_BATCHES = (1, 3)
_NAMES = ("logits", "probabilities")


@dataclass(frozen=True)
class OnnxFile:
    """An exported ONNX file.

    Attributes:
        path: path of the file.
        size: size in bytes.
        difference: greatest difference of the logits between onnxruntime and torch on random inputs.
        relative: that difference divided by the largest logit.
    """

    path: Path
    size: int
    difference: float
    relative: float


class _WithProbabilities(nn.Module):
    """Folded network that gives logits and probabilities."""

    def __init__(self, predictor: Predictor) -> None:
        super().__init__()
        self.network, self.output = fold_batch_norm(predictor.model), predictor.config.output

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.network(images)
        return logits, probabilities(logits, self.output)


def export_onnx(predictor: Predictor, path: Path, *, licence: str = "") -> OnnxFile:
    """Export a predictor's network, with batch normalisation folded.

    The input ``images`` is float32 [n, 3, h, w], preprocessed; n is free. The outputs are ``logits`` and
    ``probabilities``, float32 [n, k]. Preprocessing is described in the file's metadata: ``classes``, ``positive``,
    ``crop``, ``crop_rounding``, ``resize``, ``interpolation``, ``mean``, ``std`` (JSON each), ``model``, ``licence``
    and ``note``.

    Args:
        predictor: loaded from a file with the size of its input; it is not changed.
        path: path of the file; it appears complete, and only if onnxruntime's output equals torch's.
        licence: licence of the training data.

    Raises:
        CheckpointError: the size of its input is not known, the network cannot be exported, or the file's output
            differs.
        MissingExtraError: a package that writes or runs ONNX files is not installed.
    """
    need_extra("onnx", "An export")
    if predictor.input_size is None:
        raise CheckpointError(
            f"The size of {predictor.name}'s input is not known.",
            "Weights that were loaded from a file say it.",
            "Save the weights and load them again.",
        )
    facts = {
        "classes": json.dumps(predictor.classes),
        "positive": predictor.positive,
        "model": predictor.name,
        "licence": licence,
        "note": NOTE,
        **{key: json.dumps(value) for key, value in predictor.preprocess.config.model_dump(mode="json").items()},
    }
    network = _WithProbabilities(predictor).cpu().eval()
    content = _graph(network, predictor.input_size, facts)
    difference, largest, of_probabilities = _differences(network, content, predictor.input_size)
    relative = difference / max(largest, 1e-12)
    if not (relative <= TOLERANCE and of_probabilities <= PROBABILITY_TOLERANCE):
        raise CheckpointError(
            f"The exported {predictor.name} differs from the network by {relative:.2g} of its largest logit, and its "
            f"probabilities from what its logits mean by {of_probabilities:.2g}.",
            f"At most {TOLERANCE:g} and {PROBABILITY_TOLERANCE:g} are allowed.",
            "Report it with the versions of torch and onnxruntime; no file was written.",
        )
    write_atomically(path, content)
    return OnnxFile(path, len(content), difference, relative)


def _graph(network: nn.Module, input_size: tuple[int, int], facts: dict[str, str]) -> bytes:
    """Return the network as a serialised ONNX model."""
    import onnx  # imported here, because only an export needs it

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.onnx"
        images = torch.rand(2, 3, *input_size)  # with a batch of one, tracing would treat the batch size as fixed
        try:
            with _quiet():
                torch.onnx.export(
                    network,
                    (images,),
                    str(file),
                    input_names=["images"],
                    output_names=list(_NAMES),
                    dynamic_shapes={"images": {0: torch.export.Dim("n", min=1)}},
                    opset_version=_OPSET,
                    external_data=False,
                    dynamo=True,
                    verbose=False,
                )
        except Exception as error:  # the exporter raises any error of the network's own code
            raise CheckpointError(
                f"The network cannot be written as ONNX: {type(error).__name__}: {str(error).splitlines()[0]}.",
                "Networks whose every operation torch can export are expected.",
                "Choose another network, or report it with the version of torch.",
            ) from error
        model = onnx.load(str(file))
    for key, value in facts.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _differences(
    network: _WithProbabilities, content: bytes, input_size: tuple[int, int]
) -> tuple[float, float, float]:
    """Return the largest logit difference, logit and probability difference on random inputs."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    random = torch.Generator().manual_seed(0)
    found = []
    for count in _BATCHES:
        images = torch.randn(count, 3, *input_size, generator=random)
        with torch.inference_mode():
            expected = network(images)[0].numpy()
        logits, given = session.run(list(_NAMES), {"images": images.numpy()})
        meant = probabilities(torch.tensor(logits, dtype=torch.float64), network.output).numpy()
        found.append([np.abs(logits - expected).max(), np.abs(expected).max(), np.abs(given - meant).max()])
    difference, largest, of_probabilities = np.max(found, axis=0).tolist()
    return difference, largest, of_probabilities


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter, which warns of its own deprecations and logs each step; neither helps the user."""
    names = ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
