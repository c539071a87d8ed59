"""Open a data set by its configuration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from histo_core.config import Config, DataConfig, parse_config
from histo_core.data.dataset import DATASETS, Dataset
from histo_core.data.integrity import without_broken
from histo_core.data.storage.converted import find_converted
from histo_core.errors import BrokenFilesError, ConfigError, DataError, DataNotFoundError
from histo_core.progress import Progress, silent
from histo_core.workspace import Workspace


def prepare_dataset(config: DataConfig, workspace: Workspace, progress: Progress = silent) -> None:
    """Prepare a data set for opening, with progress; see `Dataset.prepare`.

    Raises:
        HistoscopeError: as `open_dataset`; CancelledError if ``progress`` requested it.
    """
    kind, root, options = _checked(config, workspace)
    with _reading(root):
        kind.prepare(root, options, workspace, progress)


def open_dataset(config: DataConfig, workspace: Workspace | None = None, progress: Progress = silent) -> Dataset:
    """Open a data set by its configuration.

    ``progress`` is reported while the data set is prepared (see `Dataset.prepare`), and while its files are checked
    because broken ones are to be left out. ``workspace`` None means the default one.

    Raises:
        CancelledError: ``progress`` requested it.
        UnknownNameError: no data set has this name.
        ConfigError: an unknown option, or a missing folder argument.
        PathNotAllowedError, DataNotFoundError: the folder may not be read, or does not exist.
        BrokenFilesError: samples cannot be used, and the configuration does not allow leaving them out.
        DataError: the files exist and cannot be used.

    Example:
        >>> from histo_core import RunConfig, open_dataset
        >>> config = RunConfig.parse({"data": {"dataset": "phantom", "options": {"patches": 80, "patients": 20}}})
        >>> dataset = open_dataset(config.data)
        >>> len(dataset), dataset.classes, dataset.table["patient_id"].nunique()
        (80, ('normal', 'tumour'), 20)
        >>> dataset.read([0, 1]).shape
        (2, 96, 96, 3)
    """
    workspace = workspace or Workspace.default()
    kind, root, options = _checked(config, workspace)
    with _reading(root):
        kind.prepare(root, options, workspace, progress)
        dataset = kind.open(root, options, workspace)
    if dataset.problems and not config.skip_broken:
        raise BrokenFilesError(
            dataset.problems, "Mend or remove them, or say that broken files are left out (skip_broken)."
        )
    if not len(dataset):
        raise _nothing_left(dataset, root)
    dataset.remember_in(workspace)
    if config.skip_broken:
        dataset = without_broken(dataset, workspace, progress)
    dataset.converted = find_converted(dataset, workspace)
    dataset.config = config if root is None else config.model_copy(update={"root": str(root)})
    return dataset


@contextmanager
def _reading(root: Path | None) -> Iterator[None]:
    """Turn the system's errors while a user's folder is read into a `DataError`."""
    try:
        yield
    except OSError as error:
        if root is None:
            raise
        raise DataNotFoundError(
            f"{error.filename or root} cannot be read ({error.strerror or error}).",
            "Files that Histoscope may read are expected.",
            "Check the path and its permissions.",
        ) from error


def _nothing_left(dataset: Dataset, root: Path | None) -> DataError:
    if dataset.problems:
        return BrokenFilesError(dataset.problems, "No sample is left: check that this is the right folder.")
    return DataNotFoundError(f"{root} holds no sample.", dataset.info.layout, "Check the folder.")


def _checked(config: DataConfig, workspace: Workspace) -> tuple[type[Dataset], Path | None, Config]:
    kind = DATASETS[config.dataset]
    if kind.info.needs_root and config.root is None:
        raise ConfigError(f"Data set {config.dataset!r} needs a folder.", kind.info.layout, "Give its folder (--root).")
    root = workspace.allowed(config.root) if config.root is not None and kind.info.needs_root else None
    return kind, root, parse_config(kind.Options, config.options)
