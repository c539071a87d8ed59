"""LIME: hide random areas of the image and fit a linear model to the network's predictions."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from histo_core.config import Config
from histo_core.explanation.base import EXPLAINERS, Explainer, Explanation
from histo_core.explanation.inputs import ask
from histo_core.models.inference.predictor import Predictor

KERNEL_WIDTH = 0.25
BATCH_SIZE = 64
MOST_PIXELS = 16_000_000
"""Pixels in one batch of perturbed images, so that a large upload cannot exhaust the memory."""
HIDING: dict[str, int | None] = {"mean": None, "white": 255, "black": 0}
"""Values of lime's ``hide_color``; None is each superpixel's mean colour."""


class LimeOptions(Config):
    """Options of superpixels and sampling."""

    superpixels: int = Field(
        default=36, ge=16, le=400, title="Superpixels", description="About how many areas the image is cut into"
    )
    samples: int = Field(
        default=500, ge=100, le=20_000, title="Samples", description="How often areas are hidden; more is steadier"
    )
    hide: Literal["mean", "white", "black"] = Field(
        default="mean", title="Hide with", description="Each area's mean colour, white as bare glass, or black"
    )
    seed: int = Field(default=0, ge=0, lt=2**32, title="Seed")


@EXPLAINERS.register("lime")
class Lime(Explainer):
    """Local interpretable model-agnostic explanations (LIME), by the original package.

    Superpixels of the region that the model sees are shown or hidden at random. A ridge regression on which ones were
    shown, weighted by exp(-d^2 / width^2)^0.5 with d the cosine distance from the whole image (equations 1 and 2 of
    Ribeiro et al.), gives each superpixel its weight: about how much showing it raises the probability of the class.

    Diagnostics: ``r_squared`` of the weighted regression (how well the weights follow the network near this image),
    its ``intercept``, its ``local_prediction`` for the whole image, and the number of ``superpixels``.
    """

    title = "LIME"
    summary = "Hides parts of the image many times and shows which parts change the answer."
    paper = "Ribeiro et al., Why should I trust you?, KDD 2016, arXiv:1602.04938"
    Options = LimeOptions
    options: LimeOptions

    def attribute(self, predictor: Predictor, image: np.ndarray, target: int | None = None) -> Explanation:
        """Explain one image; see `Explainer.attribute`. No global random state is read or changed."""
        from histo_core.explanation.lime_sampling import QuietLimeImageExplainer  # lime takes seconds to import
        from histo_core.explanation.superpixels import superpixels

        question, options = ask(predictor, image, target), self.options
        region = predictor.preprocess.seen(*image.shape[:2]).slices
        window = image[region]
        numbers = superpixels(window, options.superpixels)
        batch_size = max(1, min(BATCH_SIZE, MOST_PIXELS // numbers.size))

        def probabilities(images: np.ndarray) -> np.ndarray:
            return predictor.sampled(images, batch_size)

        def divided(_: np.ndarray) -> np.ndarray:
            return numbers

        # A window of the seen size passes the crop unchanged, so the model's input is the same as for the full image.
        # Any, because lime sets some of the result's attributes outside its class.
        local: Any = QuietLimeImageExplainer(kernel_width=KERNEL_WIDTH, random_state=options.seed).explain_instance(
            window,
            probabilities,
            labels=(question.target,),
            top_labels=0,
            hide_color=HIDING[options.hide],
            num_samples=options.samples,
            batch_size=batch_size,
            segmentation_fn=divided,
            random_seed=options.seed,
        )
        weights = np.zeros(numbers.max() + 1, np.float32)
        for number, weight in local.local_exp[question.target]:
            weights[number] = weight
        full_map, segments = np.zeros(image.shape[:2], np.float32), np.full(image.shape[:2], -1, np.int64)
        full_map[region], segments[region] = weights[numbers], numbers
        return Explanation(
            method="lime",
            map=full_map,
            seen=question.seen,
            target=question.target,
            target_name=question.target_name,
            probability=question.probability,
            parameters={
                **options.model_dump(),
                "kernel_width": KERNEL_WIDTH,
                "batch_size": batch_size,
                "precision": str(predictor.sampling_dtype).removeprefix("torch."),
            },
            seed=options.seed,
            diagnostics={
                "r_squared": float(local.score),
                "intercept": float(local.intercept[question.target]),
                "local_prediction": float(local.local_pred[0]),
                "superpixels": float(len(weights)),
            },
            segments=segments,
        )
