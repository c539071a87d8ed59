"""Define the parameters of each kind of job: plain JSON with absolute paths, from which a job's id is made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from histo_core.auditing.embedding.features import COLOUR, OWN
from histo_core.config import Config, DataConfig, PredictConfig, SplitConfig
from histo_core.workspace import Workspace


def _absolute(path: str) -> str:
    """Make a path absolute, so that it is the same in any working folder."""
    if not path.strip():  # `Path` reads it as the working folder
        raise ValueError("an empty path names no file and no folder")
    return str(Path(path).expanduser().resolve())


def _absolute_data(data: DataConfig) -> DataConfig:
    return data if data.root is None else data.model_copy(update={"root": _absolute(data.root)})


def _named(data: DataConfig) -> str:
    return data.dataset if data.root is None else f"{data.dataset} ({Path(data.root).name})"


def _root(data: DataConfig) -> tuple[str, ...]:
    return () if data.root is None else (data.root,)


Folder = Annotated[str, Field(min_length=1), AfterValidator(_absolute)]
Data = Annotated[DataConfig, AfterValidator(_absolute_data)]


def nearest_there(path: Path) -> Path:
    """Return the path if it exists, else the nearest existing folder above it."""
    return next(place for place in (path, *path.parents) if place.exists())


class JobParams(Config):
    """The parameters of a job: plain JSON, from which its id is made."""

    @property
    def subject(self) -> str:
        """Return what the job works on, for its title."""
        return ""

    def read_places(self) -> tuple[str, ...]:
        """Folders that it reads; they must exist."""
        return ()

    def written_places(self) -> tuple[str, ...]:
        """Files or folders that it creates."""
        return ()

    def places(self) -> tuple[str, ...]:
        """All paths that it names."""
        return (*self.read_places(), *self.written_places())

    def check_places(self, workspace: Workspace) -> None:
        """Refuse paths outside the folders that may be used.

        Raises:
            PathNotAllowedError: a path is outside every root.
            DataNotFoundError: a folder to read does not exist.
        """
        for path in self.read_places():
            workspace.allowed(path)
        for path in self.written_places():
            workspace.allowed(nearest_there(Path(path)))  # nothing exists below it, so no link either


class DataParams(JobParams):
    """A data set."""

    data: Data

    @property
    def subject(self) -> str:
        return _named(self.data)

    def read_places(self) -> tuple[str, ...]:
        return _root(self.data)


class AuditParams(DataParams):
    """A data set with its split to audit, alone or against another data set."""

    split: SplitConfig = SplitConfig()
    other: Data | None = None

    @property
    def subject(self) -> str:
        return _named(self.data) if self.other is None else f"{_named(self.data)} against {_named(self.other)}"

    def read_places(self) -> tuple[str, ...]:
        return _root(self.data) + (() if self.other is None else _root(self.other))


class MapParams(DataParams):
    """A data set, and the features that place its patches: "colour", "squeezenet" or a run's folder."""

    features: str = COLOUR

    def read_places(self) -> tuple[str, ...]:
        run = () if self.features in OWN else (_absolute(self.features),)
        return _root(self.data) + run


class DownloadParams(JobParams):
    """A data set by name, and the folder for its files."""

    dataset: str
    folder: Folder

    @property
    def subject(self) -> str:
        return self.dataset

    def written_places(self) -> tuple[str, ...]:
        return (self.folder,)


class ExportParams(DataParams):
    """A data set with its split, the layout to write, and a folder (for a table, a file) that must not exist yet."""

    split: SplitConfig = SplitConfig()
    layout: Literal["folders", "pcam", "table"]
    target: Folder

    def written_places(self) -> tuple[str, ...]:
        return (self.target,)


class PredictParams(DataParams):
    """A run, a data set, and the prediction settings; see `histo_core.prediction.predict.predict_with`."""

    run_id: str
    split: SplitConfig | None = None
    predict: PredictConfig = PredictConfig()
    classes: dict[str, str] | None = None

    @property
    def subject(self) -> str:
        return f"{self.run_id} on {super().subject}"
