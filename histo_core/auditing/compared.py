"""Identify a data set in an audit, for readers and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from histo_core.data.dataset import Dataset


@dataclass(frozen=True)
class Compared:
    """The identity of a data set at the time of its audit.

    Attributes:
        name: the registered name, which many data sets share.
        title: title of this kind of data set.
        folder: folder of its files; None where it has none.
        options: options that it was opened with.
        patches: number of its patches.
        state: see `histo_core.data.dataset.Dataset.state`.
    """

    name: str
    title: str
    folder: str | None
    options: dict[str, Any]
    patches: int
    state: str

    @classmethod
    def of(cls, dataset: Dataset) -> Compared:
        """Return the identity of an opened data set."""
        config = dataset.config
        folder, options = (None, {}) if config is None else (config.root, dict(config.options))
        return cls(dataset.name, dataset.info.title, folder, options, len(dataset), dataset.state)

    @property
    def short(self) -> str:
        """Return its title with the folder's name and the options: "Class folders (photos)"."""
        more = [Path(self.folder).name] if self.folder else []
        more += [f"{name} {value}" for name, value in self.options.items()]
        return f"{self.title} ({', '.join(more)})" if more else self.title
