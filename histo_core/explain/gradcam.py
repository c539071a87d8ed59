"""Grad-CAM: the last map of the network, weighed by what it does for a class."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from histo_core.config import Config
from histo_core.errors import ExplanationError
from histo_core.explain.base import EXPLAINERS, Explainer, Explanation
from histo_core.explain.inputs import ask
from histo_core.models.outputs import evidence
from histo_core.models.predictor import Predictor


class GradCamOptions(Config):
    """How the map is made."""

    relu: bool = Field(
        default=True,
        title="Evidence for the class only",
        description="As published (a ReLU); without it, evidence against the class shows as well",
    )


@EXPLAINERS.register("gradcam")
class GradCam(Explainer):
    """Gradient-weighted class activation mapping.

    With A^k the channels of the layer that the model's specification names and y the logit of the target (of a
    network with one output z: z or -z), the map is ReLU(sum_k mean_ij(dy / dA^k_ij) A^k), equations 1 and 2 of
    Selvaraju et al. It is as coarse as that layer, and is interpolated bilinearly to the part of the image that the
    model sees.

    Diagnostics: ``layer_height`` and ``layer_width``, cells of the map before interpolation, and ``positive_share``,
    the positive part of all evidence, 0 to 1, before the ReLU.
    """

    title = "Grad-CAM"
    summary = "Shows which areas the last layer of the network used, as a coarse map."
    paper = "Selvaraju et al., Grad-CAM: Visual explanations from deep networks, ICCV 2017, arXiv:1610.02391"
    Options = GradCamOptions
    options: GradCamOptions

    def attribute(self, predictor: Predictor, image: np.ndarray, target: int | None = None) -> Explanation:
        """Explain one image; see `Explainer.attribute`. The model is left as it was: flags, hooks, gradients."""
        question = ask(predictor, image, target)
        pixels = predictor.preprocess([image]).to(predictor.device)
        cells = _layer_map(predictor, pixels, question.target)
        height, width = cells.shape[-2:]
        if height * width == 1:
            raise ExplanationError(
                "The layer that Grad-CAM reads has a single cell for this image.",
                "At least two cells are needed to tell one place from another.",
                "Take a larger patch or crop less, or explain with LIME.",
            )
        total = float(cells.abs().sum())
        shown = F.relu(cells) if self.options.relu else cells
        return Explanation(
            method="gradcam",
            map=predictor.preprocess.to_input_pixels(shown[0, 0].cpu().numpy(), *image.shape[:2]),
            seen=question.seen,
            target=question.target,
            target_name=question.target_name,
            probability=question.probability,
            parameters=self.options.model_dump(),
            diagnostics={
                "layer_height": float(height),
                "layer_width": float(width),
                "positive_share": float(F.relu(cells).sum()) / total if total else 0.0,
            },
        )


def _layer_map(predictor: Predictor, pixels: Tensor, target: int) -> Tensor:
    """The signed map, float32 [1, 1, h, w]."""
    from captum.attr import LayerGradCam  # here, because captum takes a second or more to import

    model, layer = _private_copy(predictor, (pixels.shape[2], pixels.shape[3]))
    logit, sign = evidence(predictor.config.output, target)
    # The input asks for gradients so that a frozen network still has a graph to differentiate.
    with torch.inference_mode(False), _differentiable_recurrence(predictor):
        pixels = pixels.clone().requires_grad_()
        cells = LayerGradCam(model, layer).attribute(pixels, logit)
    return sign * cast(Tensor, cells).detach()


def _private_copy(predictor: Predictor, input_size: tuple[int, int]) -> tuple[nn.Module, nn.Module]:
    """The network and its Grad-CAM layer as modules of our own that share every weight.

    Captum hooks the layer. On shared modules, a prediction made at the same time in another thread would run into the
    hook and its map would be taken for ours.
    """
    original = predictor.model
    shared = {id(tensor): tensor for tensor in (*original.parameters(), *original.buffers())}
    model = copy.deepcopy(original, shared)
    wanted = predictor.gradcam_layer(input_size)
    name = next(name for name, module in original.named_modules() if module is wanted)
    return model, model.get_submodule(name)


@contextmanager
def _differentiable_recurrence(predictor: Predictor) -> Iterator[None]:
    """cuDNN differentiates recurrent layers in training mode only; PyTorch's own kernels do it in evaluation too."""
    recurrent = any(isinstance(module, nn.RNNBase) for module in predictor.model.modules())
    if predictor.device.type != "cuda" or not recurrent:
        yield
        return
    with torch.backends.cudnn.flags(enabled=False):
        yield
