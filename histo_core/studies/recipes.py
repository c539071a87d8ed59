"""Published studies as recipes: what they ran, what they reported, and where a report contradicts itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from histo_core.config import RunConfig
from histo_core.registry import Registry


@dataclass(frozen=True)
class NamedConfig:
    """One run of a recipe.

    Attributes:
        name: how it is shown.
        config: all that decides the run; the data's folder is the user's to fill in.
        note: what the report leaves open and how we read it; empty when nothing is.
    """

    name: str
    config: RunConfig
    note: str = ""


@dataclass(frozen=True)
class Recipe:
    """A study that can be run from start to finish.

    Attributes:
        name: the registered name.
        title: of the study, with its year.
        data: the registered name of its data set.
        configs: its runs.
        reported: what the report prints, as fractions; never what we measured.
        doubts: where the report contradicts itself or reads like a mistake.
        ours: where we deliberately do it another way.
    """

    name: str
    title: str
    data: str
    configs: tuple[NamedConfig, ...]
    reported: Mapping[str, float] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()


STUDIES: Registry[Recipe] = Registry("study")
