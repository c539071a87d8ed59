"""Keep predictions from other programs in the workspace under a name, and give them the form of a run's."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from histo_core.comparison.import_columns import ImportColumns, imported_table
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.data.class_mapping import Synonyms
from histo_core.data.predictions import class_names, read_predictions, write_predictions
from histo_core.errors import ComparisonError, ConfigError, CorruptDataError
from histo_core.files import new_folder, read_json, sha256, write_json
from histo_core.storable import as_json, can_be_kept
from histo_core.workspace import Workspace

TABLE, FACTS = "predictions.parquet", "facts.json"
MARK = "imported"
LONGEST_NAME = 120
UNKNOWN = "whether it has learnt from these patches is not known."
_ID = re.compile(r"import-[0-9a-f]{16}")


@dataclass(frozen=True)
class Imported:
    """Predictions from another program.

    Attributes:
        id: "import-" and 16 hex digits, made from the name and the predictions.
        name: given by who imported them.
        classes, positive: class names, and the class of interest.
        rows, labelled: how many patches they have, and how many of them with a label.
        source: the imported file's name.
        made_at: when they were imported, ISO 8601 in UTC.
        sha256: of ``predictions.parquet``.
        folder: holds ``predictions.parquet`` and ``facts.json``.
    """

    id: str
    name: str
    classes: tuple[str, ...]
    positive: str
    rows: int
    labelled: int
    source: str
    made_at: str
    sha256: str
    folder: Path

    def predictions(self) -> RunPredictions:
        """Read them for a comparison; their name is marked as imported.

        Raises:
            DataNotFoundError, CorruptDataError: the table is missing, or is not the one that was written.
        """
        name = f"{self.name} ({MARK})"
        file = self.folder / TABLE
        table = read_predictions(file)
        if sha256(file) != self.sha256:
            raise CorruptDataError(
                f"The predictions {self.name} ({self.id}) are not those that were written.",
                "Their SHA-256 must be the one in facts.json.",
                "Delete them, and import them again.",
            )
        return RunPredictions(
            self.id, name, table, "", class_names(table), self.positive, imported=True, notes=(f"{name}: {UNKNOWN}",)
        )


def keep_import(
    name: str,
    table: pd.DataFrame,
    columns: ImportColumns,
    positive: str,
    workspace: Workspace,
    *,
    source: str = "",
    synonyms: Synonyms | None = None,
) -> Imported:
    """Check a table of predictions and keep it; the same table under the same name is kept once.

    Args:
        name: how lists and comparisons call it.
        table: from `histo_core.comparison.import_reading.read_import`.
        columns: which of its columns count.
        positive: the class of interest.
        workspace: where it is kept.
        source: the file's name.
        synonyms: other names of the classes, by which labels are matched.

    Raises:
        ConfigError: the name is empty, too long or cannot be kept, or a column is not there.
        CorruptDataError: as `imported_table`.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not can_be_kept(name) or not name.isprintable():
        raise ConfigError(
            f"name = {name[:LONGEST_NAME]!r}.", f"1 to {LONGEST_NAME} characters are expected.", "Name the model."
        )
    made = imported_table(table, columns, synonyms)
    classes = tuple(columns.probabilities)
    facts: dict[str, Any] = {
        "schema": 1,
        "name": name,
        "classes": list(classes),
        "positive": positive,
        "columns": asdict(columns),
        "rows": len(made),
        "labelled": int(made["y_true"].notna().to_numpy().sum()),
    }
    key = hashlib.sha256(as_json(facts, sort_keys=True).encode())
    key.update(made.to_csv(index=False, lineterminator="\n").encode())  # shortest text that gives each number back
    folder = _home(workspace) / f"import-{key.hexdigest()[:16]}"
    if not folder.is_dir():
        with new_folder(folder) as new:
            write_predictions(made, new / TABLE)
            facts |= {"source": source, "made_at": datetime.now(UTC).isoformat(timespec="seconds")}
            write_json(new / FACTS, facts | {"sha256": sha256(new / TABLE)})
    return get_import(folder.name, workspace)


def is_import(entry: str) -> bool:
    """Return whether an id is that of imported predictions."""
    return bool(_ID.fullmatch(entry))


def get_import(import_id: str, workspace: Workspace) -> Imported:
    """Return imported predictions by their id.

    Raises:
        ComparisonError: there are none, or their facts cannot be read.
    """
    unknown = ComparisonError(
        f"There are no imported predictions {import_id!r} that can be read.",
        "The id of a list is expected.",
        "Import them again.",
    )
    if not is_import(import_id):
        raise unknown
    folder = _home(workspace) / import_id
    try:
        facts = read_json(folder / FACTS)
        return Imported(
            import_id,
            str(facts["name"]),
            tuple(map(str, facts["classes"])),
            str(facts["positive"]),
            int(facts["rows"]),
            int(facts["labelled"]),
            str(facts["source"]),
            str(facts["made_at"]),
            str(facts["sha256"]),
            folder,
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise unknown from None


def list_imports(workspace: Workspace) -> Sequence[Imported]:
    """Return all imported predictions that can be read, the latest first."""
    found = []
    for file in _home(workspace).glob(f"*/{FACTS}"):
        try:
            found.append(get_import(file.parent.name, workspace))
        except ComparisonError:
            continue
    return sorted(found, key=lambda one: (one.made_at, one.id), reverse=True)


def delete_import(import_id: str, workspace: Workspace) -> None:
    """Delete imported predictions.

    Raises:
        ComparisonError: there are none of this id.
    """
    folder = get_import(import_id, workspace).folder
    gone = folder.with_name(f".{folder.name}.deleted")  # a broken-off deletion is a leftover
    folder.rename(gone)
    shutil.rmtree(gone)


def _home(workspace: Workspace) -> Path:
    return workspace.home / "imported"
