"""What names a data set in an audit, for a reader and for a program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from histo_core.data.dataset import Dataset


@dataclass(frozen=True)
class Compared:
    """A data set as it was when it was audited.

    Attributes:
        name: the registered name, which many data sets share.
        title: what the kind of data set is called.
        folder: where its files lie; None where it has none.
        options: those it was opened with.
        patches: how many it holds.
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
        """Of an opened data set."""
        config = dataset.config
        folder, options = (None, {}) if config is None else (config.root, dict(config.options))
        return cls(dataset.name, dataset.info.title, folder, options, len(dataset), dataset.state)

    @property
    def short(self) -> str:
        """Its title, with its folder's own name and its options: "Class folders (photos)"."""
        more = [Path(self.folder).name] if self.folder else []
        more += [f"{name} {value}" for name, value in self.options.items()]
        return f"{self.title} ({', '.join(more)})" if more else self.title
