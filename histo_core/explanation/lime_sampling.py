"""The original LIME with its samples drawn without a progress bar and without a loop over superpixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from lime.lime_image import LimeImageExplainer


class QuietLimeImageExplainer(LimeImageExplainer):
    """`lime.lime_image.LimeImageExplainer`, drawing the same samples and giving the same numbers."""

    def data_labels(
        self,
        image: np.ndarray,
        fudged_image: np.ndarray,
        segments: np.ndarray,
        classifier_fn: Callable[[np.ndarray], np.ndarray],
        num_samples: int,
        batch_size: int = 10,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Perturb the image and predict.

        Args:
            image: uint8 H x W x 3, the original.
            fudged_image: uint8 H x W x 3, what shows where a superpixel is hidden.
            segments: int H x W, superpixels numbered from 0 without gaps.
            classifier_fn: uint8 [n, H, W, 3] to probabilities [n, k].
            num_samples: how many; the first is the original.
            batch_size: how many go to ``classifier_fn`` at once.

        Returns:
            int [num_samples, superpixels], 1 where a superpixel is shown, and probabilities [num_samples, k].
        """
        features = int(segments.max()) + 1
        # One call of the same size as the original's, so that the same seed gives the same samples.
        shown = self.random_state.randint(0, 2, num_samples * features).reshape(num_samples, features)
        shown[0] = 1
        visible = shown.astype(bool)
        probabilities = [
            classifier_fn(np.where(visible[start : start + batch_size, segments, None], image, fudged_image))
            for start in range(0, num_samples, batch_size)
        ]
        return shown, np.concatenate(probabilities)
