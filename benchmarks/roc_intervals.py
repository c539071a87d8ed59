"""AUROC intervals by patient against a loop over scikit-learn, and DeLong against the same loop's point estimates.

    python -m benchmarks.roc_intervals

Before anything is timed, ours must give scikit-learn's numbers, replicate by replicate.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks._paired import paired
from histo_core.evaluation.bootstrap import auroc_replicates, draw_groups
from histo_core.evaluation.delong import delong

PATIENTS = 50
DRAWS = 2000
LOOPED = 20
"""The loop runs this many draws and is scaled; each draw costs the same."""


def made(n: int, models: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth bool [n], scores [models, n] with ties at three decimals, and patients [n]."""
    rng = np.random.default_rng(0)
    y = rng.random(n) < 0.4
    logits = y * np.linspace(1, 2, models)[:, None] + rng.normal(size=(models, n))
    return y, np.round(1 / (1 + np.exp(-logits)), 3), rng.integers(0, PATIENTS, n)


def loop(y: np.ndarray, scores: np.ndarray, codes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """What one writes first: gather each replicate's rows, ask scikit-learn."""
    rows_of = [np.flatnonzero(codes == patient) for patient in range(PATIENTS)]
    found = []
    for times in weights.astype(int):
        rows = np.concatenate([np.tile(rows_of[patient], count) for patient, count in enumerate(times)])
        found.append([roc_auc_score(y[rows], score[rows]) for score in scores])
    return np.array(found).T


def ours(y: np.ndarray, scores: np.ndarray, codes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """AUROC replicates [models, draws]."""
    return np.stack([auroc_replicates(y, score, codes, weights) for score in scores])


def main() -> None:
    """Check, then measure at the size of a small study and of PatchCamelyon's test part."""
    for n, models in ((1_000, 3), (32_768, 3)):
        y, scores, codes = made(n, models)
        weights = draw_groups(PATIENTS, DRAWS)
        some = weights[:LOOPED]
        np.testing.assert_allclose(ours(y, scores, codes, some), loop(y, scores, codes, some), rtol=1e-10)
        np.testing.assert_allclose(delong(y, scores)[0], [roc_auc_score(y, score) for score in scores], rtol=1e-10)
        title = f"{models} models, {n:,} patches, {PATIENTS} patients"
        timings = paired(
            f"{title}: {LOOPED} draws by loop, {DRAWS:,} by ours",
            {
                "scikit-learn loop": lambda y=y, s=scores, c=codes, w=some: loop(y, s, c, w),
                "ours": lambda y=y, s=scores, c=codes, w=weights: ours(y, s, c, w),
            },
            base="scikit-learn loop",
        )
        print(f"  a draw costs x{timings[1].speedup * DRAWS / LOOPED:,.0f} less")
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
