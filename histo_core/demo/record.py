"""Keep what the demo has made: its runs, and the first map. Home shows it, and an interrupted demo goes on from it."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from histo_core.config import Config
from histo_core.files import write_atomically
from histo_core.regular_files import JSON_BYTES, read_regular
from histo_core.workspace import Workspace


class FirstMap(Config):
    """The demo's first Grad-CAM map.

    Attributes:
        run_id, sample_id: the run that made it, and the explained patch of its test set.
        target: the explained class, which is the predicted one.
        probability: the model's probability of it, 0 to 1.
        label: the patch's true class.
        words: where the evidence lies.
    """

    run_id: str
    sample_id: str
    target: str
    probability: float
    label: str
    words: str


class DemoRecord(Config):
    """Record of what the demo has made so far.

    Attributes:
        patches: the number of patches that were drawn.
        run_ids: its runs in the order in which they were queued.
        audited: whether the audit of its data is kept.
        first_map: None until the first network is trained.
    """

    patches: int
    run_ids: tuple[str, ...]
    audited: bool = False
    first_map: FirstMap | None = None


def read_record(workspace: Workspace) -> DemoRecord | None:
    """Return what the demo has made; None where it has queued nothing yet, or this version cannot read it."""
    try:
        return DemoRecord.model_validate_json(read_regular(_folder(workspace) / "demo.json", JSON_BYTES))
    except (OSError, ValidationError):
        return None


def write_record(record: DemoRecord, workspace: Workspace) -> None:
    """Replace the record."""
    write_atomically(_folder(workspace) / "demo.json", record.model_dump_json(indent=2).encode())


def forget_record(workspace: Workspace) -> None:
    """Remove the record, because the next demo is another one."""
    (_folder(workspace) / "demo.json").unlink(missing_ok=True)


def map_file(workspace: Workspace) -> Path:
    """Return the file of the first map, a PNG."""
    return _folder(workspace) / "first_map.png"


def _folder(workspace: Workspace) -> Path:
    return workspace.home / "demo"
