"""The points of a comparison's curves, for a file."""

from __future__ import annotations

import numpy as np
import pandas as pd

from histo_core.comparison.results import Comparison


def roc_points(comparison: Comparison) -> pd.DataFrame:
    """The curves' points: model, threshold, false and true positive rate."""
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "run_id": result.run_id,
                    "model": result.name,
                    "threshold": np.asarray(result.roc.thresholds),
                    "false_positive_rate": result.roc.fpr,
                    "true_positive_rate": result.roc.tpr,
                }
            )
            for result in comparison.results
        ],
        ignore_index=True,
    )
