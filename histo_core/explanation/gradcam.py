"""Grad-CAM: activations of one layer, weighted by the gradient of a class's logit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from histo_core.config import Config
from histo_core.errors import ExplanationError
from histo_core.explanation.base import EXPLAINERS, Explainer, Explanation
from histo_core.explanation.inputs import ask
from histo_core.models.device import full_float32
from histo_core.models.inference.predictor import Predictor
from histo_core.models.inference.probabilities import evidence


class GradCamOptions(Config):
    """Options of Grad-CAM."""

    relu: bool = Field(
        default=True,
        title="Evidence for the class only",
        description="As published (a ReLU); without it, evidence against the class shows as well",
    )


@EXPLAINERS.register("gradcam")
class GradCam(Explainer):
    """Gradient-weighted class activation mapping.

    A^k are the channels of the activation that the model's specification names, and y is the logit of the target (for a
    network with one output z: z or -z). The map is ReLU(sum_k mean_ij(dy / dA^k_ij) A^k), equations 1 and 2 of
    Selvaraju et al. It has the resolution of that layer and is interpolated bilinearly to the region of the image that
    the model sees.

    Diagnostics: ``layer_height`` and ``layer_width`` (cells of the map before interpolation) and ``positive_share``
    (positive share of all evidence before the ReLU, 0 to 1).
    """

    title = "Grad-CAM"
    summary = "Shows which areas the last layer of the network used, as a coarse map."
    paper = "Selvaraju et al., Grad-CAM: Visual explanations from deep networks, ICCV 2017, arXiv:1610.02391"
    Options = GradCamOptions
    options: GradCamOptions

    def attribute(self, predictor: Predictor, image: np.ndarray, target: int | None = None) -> Explanation:
        """Explain one image; see `Explainer.attribute`. The model's flags, hooks and gradients are not changed."""
        question = ask(predictor, image, target)
        cells = class_maps(predictor, predictor.preprocess([image]), [question.target])
        height, width = cells.shape[-2:]
        if height * width == 1:
            raise ExplanationError(
                "The layer that Grad-CAM reads has a single cell for this image.",
                "At least two cells are needed to tell one place from another.",
                "Take a larger patch or crop less, or explain with LIME.",
            )
        total = float(cells.abs().sum())
        shown = (F.relu(cells) if self.options.relu else cells)[0].numpy()
        return Explanation(
            method="gradcam",
            map=predictor.preprocess.to_input_pixels(shown, *image.shape[:2]),
            seen=question.seen,
            target=question.target,
            target_name=question.target_name,
            probability=question.probability,
            parameters={
                **self.options.model_dump(),
                "precision": str(predictor.sampling_dtype).removeprefix("torch."),
            },
            diagnostics={
                "layer_height": float(height),
                "layer_width": float(width),
                "positive_share": float(F.relu(cells).sum()) / total if total else 0.0,
            },
        )


def class_maps(predictor: Predictor, pixels: Tensor, targets: Sequence[int]) -> Tensor:
    """Compute the signed maps of a batch before the ReLU, in the layer's own cells.

    Args:
        predictor: has the network; it computes in float32, or in bfloat16 for interactive use if the CPU or GPU
            supports it.
        pixels: float32 [n, 3, height, width], preprocessed.
        targets: n class indices.

    Returns:
        float32 [n, h, w] on the CPU.
    """
    from captum.attr import LayerGradCam  # imported here, because captum takes a second or more

    asked = [evidence(predictor.config.output, target) for target in targets]
    view = predictor.gradcam_view((pixels.shape[2], pixels.shape[3]))
    with torch.inference_mode(mode=False), full_float32(), _differentiable_recurrence(predictor), view.lock:
        # The logits of an image depend only on its own map, so one backward pass is enough for the batch.
        images = pixels.to(predictor.device, predictor.sampling_dtype, copy=True)
        maps = LayerGradCam(view.network, view.layer).attribute(images, [logit for logit, _ in asked])
    signs = torch.tensor([sign for _, sign in asked]).view(-1, 1, 1)
    return signs * cast(Tensor, maps).detach()[:, 0].float().cpu()


@contextmanager
def _differentiable_recurrence(predictor: Predictor) -> Iterator[None]:
    """Disable cuDNN, which differentiates recurrent layers only in training mode; PyTorch's own kernels always do."""
    recurrent = any(isinstance(module, nn.RNNBase) for module in predictor.model.modules())
    if predictor.device.type != "cuda" or not recurrent:
        yield
        return
    with torch.backends.cudnn.flags(enabled=False, allow_tf32=False):
        yield
