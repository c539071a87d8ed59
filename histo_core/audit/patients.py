"""Which patches belong to one patient, and are therefore not independent."""

from __future__ import annotations

import numpy as np
import pandas as pd


def groups_of(table: pd.DataFrame) -> np.ndarray | None:
    """Patient (else slide) ids of all rows of a data set's table; None where neither is known of each row."""
    for column in ("patient_id", "slide_id"):
        if column in table and bool(table[column].notna().to_numpy().all()):
            return table[column].to_numpy(dtype=object)
    return None
