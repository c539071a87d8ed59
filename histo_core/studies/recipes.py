"""Published studies as recipes: the configurations to run, what was reported, and what to doubt."""

from __future__ import annotations

from dataclasses import dataclass

from histo_core.config import RunConfig
from histo_core.registry import Registry


@dataclass(frozen=True)
class NamedConfig:
    """One run of a study or demo, with a name to show and a note on what it is."""

    name: str
    config: RunConfig
    note: str


@dataclass(frozen=True)
class Reported:
    """A number that a study states.

    Attributes:
        measure: in words.
        value: as printed; rates from 0 to 1.
    """

    measure: str
    value: float


@dataclass(frozen=True)
class Recipe:
    """One study.

    Attributes:
        name, title: as registered, and as shown.
        source: who says the reported numbers.
        data: the data set's registered name.
        configs: the runs that repeat it.
        reported: model -> its numbers; a `NamedConfig` bears the model's name where we can run it. Never mixed with
            ours.
        doubts: what in the study does not add up.
        ours: what it leaves open and how we settled it, and where we do otherwise on purpose.
    """

    name: str
    title: str
    source: str
    data: str
    configs: tuple[NamedConfig, ...]
    reported: dict[str, tuple[Reported, ...]]
    doubts: tuple[str, ...]
    ours: tuple[str, ...]


STUDIES: Registry[Recipe] = Registry("study")
