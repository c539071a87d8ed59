"""A submission to Kaggle, from predictions."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from histo_core.data.export.kaggle_submission import write_submission
from histo_core.errors import ConfigError, CorruptDataError


def predictions(classes: tuple[str, str] = ("normal", "tumour")) -> pd.DataFrame:
    table = pd.DataFrame({"sample_id": ["0b2ea2a8", "95596b92"], "patient_id": None, "slide_id": None})
    table = table.assign(split="test", fold=pd.array([None, None], "Int64"), y_true=None, y_pred=classes[0])
    return table.assign(**{f"prob_{classes[0]}": [0.75, 0.5], f"prob_{classes[1]}": [0.25, 0.5]})


def test_the_label_is_the_probability_of_tumour(tmp_path: Path) -> None:
    write_submission(predictions(), tmp_path / "submission.csv")
    assert (tmp_path / "submission.csv").read_bytes() == b"id,label\r\n0b2ea2a8,0.25\r\n95596b92,0.5\r\n"


def test_other_predictions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="classes benign, malignant"):
        write_submission(predictions(("benign", "malignant")), tmp_path / "submission.csv")
    with pytest.raises(CorruptDataError):
        write_submission(predictions().drop(columns="split"), tmp_path / "submission.csv")
    assert not list(tmp_path.iterdir())
