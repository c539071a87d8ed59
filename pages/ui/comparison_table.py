"""A comparison's numbers as tables to read; the CSV keeps them raw."""

from __future__ import annotations

import numpy as np
import pandas as pd

from histo_core.comparison.compare import Comparison


def metrics_table(comparison: Comparison) -> pd.DataFrame:
    """One row a model: AUROC, then what holds at the threshold, each with its 95% interval."""
    return pd.DataFrame(
        [
            {
                "Model": result.name,
                "AUROC": str(result.auroc) if result.auroc else "not defined",
                "Accuracy": str(result.metrics.accuracy),
                "Sensitivity": str(result.metrics.sensitivity),
                "Specificity": str(result.metrics.specificity),
                "F1": str(result.metrics.f1),
            }
            for result in comparison.results
        ]
    )


def differences_table(comparison: Comparison) -> pd.DataFrame:
    """The best model against each other one, in words as well as in numbers."""
    return pd.DataFrame(
        [
            {
                "Compared": f"{pair.best} - {pair.other}",
                "Difference in AUROC": str(pair.difference),
                "P (Holm)": "" if pair.p_holm is None else f"{pair.p_holm:.2g}",
                "Can they be told apart?": "yes" if pair.apart else "no",
            }
            for pair in comparison.differences
        ]
    )


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
