"""A submission to Kaggle's histopathologic-cancer-detection."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from histo_core.data.formats.csv_cells import to_csv
from histo_core.data.predictions import check_predictions, class_names
from histo_core.errors import ConfigError
from histo_core.files import write_atomically

_TUMOUR = "tumour"


def write_submission(predictions: pd.DataFrame, path: Path) -> None:
    """Write ``id,label``, where the label is the probability of tumour: the competition ranks by AUROC.

    Args:
        predictions: as in `histo_core.data.predictions`, of the unlabelled patches.
        path: the CSV to write.

    Raises:
        ConfigError: the predictions know no class "tumour".
        CorruptDataError: they break the contract.
    """
    classes = class_names(check_predictions(predictions))
    if _TUMOUR not in classes:
        raise ConfigError(
            f"The predictions have the classes {', '.join(classes)}.",
            f"A submission needs the probability of {_TUMOUR!r}.",
            "Use a run that was trained on kpcam or pcam.",
        )
    submission = pd.DataFrame({"id": predictions["sample_id"], "label": predictions[f"prob_{_TUMOUR}"]})
    write_atomically(path, to_csv(submission))
