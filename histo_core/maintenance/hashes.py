"""Find changed files: compare weights, predictions and other files with their manifests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from histo_core.comparison.imported import list_imports
from histo_core.errors import CheckpointError, DataError, HistoscopeError
from histo_core.files import read_json, sha256
from histo_core.maintenance.finding import Finding
from histo_core.models.weights.manifest import read_manifest
from histo_core.prediction.stored import list_predictions
from histo_core.runs.store.records import Run, RunStatus
from histo_core.workspace import Workspace

_RESTORE = "Restore it from a backup"


def check_run_files(run: Run, workspace: Workspace) -> Iterator[Finding]:
    """Compare the files of an inactive run with its manifest, or with its checkpoint's where it has not finished.

    Args:
        run: a run with a folder.
        workspace: holds the folder.
    """
    folder = workspace.run_folder(run.run_id)
    if run.status.active or not folder.is_dir():
        return
    again = f"{_RESTORE}, or launch the run again."
    try:
        wanted = _manifest(folder) if run.status is RunStatus.SUCCEEDED else _checkpoint(folder)
    except HistoscopeError as error:
        yield Finding(f"runs/{run.run_id}", error.found, again)
        return
    yield from (Finding(f"runs/{run.run_id}/{name}", what, again) for name, what in _differing(folder, wanted).items())


def check_predictions(workspace: Workspace) -> Iterator[Finding]:
    """Compare stored and imported predictions with their checksums."""
    for found in list_predictions(workspace):
        where = f"predictions/{found.id}"
        try:
            found.table()
        except (DataError, KeyError) as error:
            what = error.found if isinstance(error, DataError) else "Its facts name no checksum."
            yield Finding(where, what, f"{_RESTORE}, or remove the folder and predict again.")
    for one in list_imports(workspace):
        try:
            one.predictions()
        except DataError as error:
            yield Finding(f"imported/{one.id}", error.found, f"{_RESTORE}, or remove the folder and import again.")


def _manifest(folder: Path) -> Mapping[str, str]:
    try:
        files = read_json(folder / "manifest.json")["files"]
        return {str(name): str(digest) for name, digest in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"The run succeeded, and its manifest cannot be read: {error}.") from None


def _checkpoint(folder: Path) -> Mapping[str, str]:
    manifest = read_manifest(folder / "checkpoint")
    if manifest is None:
        return {}
    entries = (manifest.last, manifest.previous, manifest.best)
    return {f"checkpoint/{entry.file}": entry.sha256 for entry in entries if entry is not None}


def _differing(folder: Path, wanted: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with the files that a manifest names, by file name."""
    wrong = {}
    for name, digest in wanted.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            wrong[name] = "The manifest names a file elsewhere."
        elif not path.is_file():
            wrong[name] = "It is missing."
        elif sha256(path) != digest:
            wrong[name] = "Its bytes are not those that were written."
    return wrong
