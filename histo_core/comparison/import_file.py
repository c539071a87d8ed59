"""Import a file of predictions whose columns say by their names what they hold."""

from __future__ import annotations

from pathlib import Path

from histo_core.access import LOCAL, User, authorise
from histo_core.comparison.import_columns import propose_columns
from histo_core.comparison.import_reading import read_import_file
from histo_core.comparison.imported import Imported, keep_import
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.workspace import Workspace


def import_file(path: Path, like: RunPredictions, workspace: Workspace, *, user: User = LOCAL) -> Imported:
    """Import predictions of the same classes as a model's, under the file's name without its ending.

    Args:
        path: a CSV or Parquet file, with a column of ids and one of probabilities for each class.
        like: gives the classes, the class of interest and the classes' other names.
        workspace: where they are kept.
        user: who imports them.

    Raises:
        PermissionDeniedError: the user may not import predictions.
        ConfigError: the names of the columns do not say what they hold.
        DataError: as `read_import_file` and `keep_import`.
    """
    authorise(user, "predictions.import", path.name)
    table = read_import_file(path)
    columns = propose_columns(list(table), like.classes, like.positive, like.synonyms)
    return keep_import(path.stem, table, columns, like.positive, workspace, source=path.name, synonyms=like.synonyms)
