"""AUROC intervals by patient against a loop over scikit-learn, and DeLong against scikit-learn's point estimates.

    python -m benchmarks.roc_intervals

Before anything is timed, ours must give scikit-learn's numbers, patient by patient.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks._paired import paired
from histo_core.evaluation.auroc import auroc_interval
from histo_core.evaluation.auroc_estimate import auroc_estimate
from histo_core.evaluation.delong import delong

PATIENTS = 50


def made(n: int, models: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth bool [n], scores [models, n] with ties at three decimals, and patients [n]."""
    rng = np.random.default_rng(0)
    y = rng.random(n) < 0.4
    logits = y * np.linspace(1, 2, models)[:, None] + rng.normal(size=(models, n))
    return y, np.round(1 / (1 + np.exp(-logits)), 3), rng.integers(0, PATIENTS, n)


def loop(y: np.ndarray, scores: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Leave one patient out after the other, and ask scikit-learn each time, [models, patients]."""
    kept = [codes != patient for patient in range(PATIENTS)]
    return np.array([[roc_auc_score(y[rows], score[rows]) for rows in kept] for score in scores])


def main() -> None:
    """Check, then measure at the size of a small study and of PatchCamelyon's test set."""
    for n, models in ((1_000, 3), (32_768, 3)):
        y, scores, codes = made(n, models)
        ours = np.stack([auroc_estimate(y, score, codes).without for score in scores])
        np.testing.assert_allclose(ours, loop(y, scores, codes), rtol=1e-10)
        np.testing.assert_allclose(delong(y, scores)[0], [roc_auc_score(y, score) for score in scores], rtol=1e-10)
        title = f"{models} models, {n:,} patches, {PATIENTS} patients"
        paired(
            f"{title}: the jackknife's AUROCs by loop, whole intervals by ours",
            {
                "scikit-learn loop": lambda y=y, s=scores, c=codes: loop(y, s, c),
                "ours": lambda y=y, s=scores, c=codes: [auroc_interval(y, score, c) for score in s],
            },
            base="scikit-learn loop",
        )
        paired(
            f"{title}: AUROC alone by scikit-learn, AUROC with full covariance by ours",
            {
                "scikit-learn": lambda y=y, s=scores: [roc_auc_score(y, score) for score in s],
                "DeLong": lambda y=y, s=scores: delong(y, s),
            },
            base="scikit-learn",
        )


if __name__ == "__main__":
    main()
