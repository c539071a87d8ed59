"""A submission to Kaggle's histopathologic-cancer-detection."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from histo_core.data.formats.csv_cells import to_csv
from histo_core.data.predictions import check_predictions, class_names
from histo_core.errors import ConfigError
from histo_core.files import write_atomically

_TUMOUR = "tumour"


def write_submission(predictions: pd.DataFrame, path: Path, positive: str = _TUMOUR) -> None:
    """Write ``id,label``, where the label is the probability of tumour: the competition ranks by AUROC.

    Args:
        predictions: as in `histo_core.data.predictions`, of the unlabelled patches.
        path: the CSV to write.
        positive: the class that means tumour.

    Raises:
        ConfigError: the predictions know no such class.
        CorruptDataError: they break the contract.
    """
    write_atomically(path, submission_csv(predictions, positive))


def submission_csv(predictions: pd.DataFrame, positive: str = _TUMOUR) -> bytes:
    """The submission's bytes; see `write_submission`."""
    classes = class_names(check_predictions(predictions))
    if positive not in classes:
        raise ConfigError(
            f"The predictions have the classes {', '.join(classes)}.",
            f"A submission needs the probability of {positive!r}.",
            "Use a run that was trained on kpcam or pcam.",
        )
    return to_csv(pd.DataFrame({"id": predictions["sample_id"], "label": predictions[f"prob_{positive}"]}))
