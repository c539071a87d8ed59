"""Published studies as recipes: the configurations to run, what was reported, and what to doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from histo_core.config import RunConfig
from histo_core.config_protocol import ProtocolConfig, SweepField, SweepValue
from histo_core.registry import Registry


@dataclass(frozen=True)
class NamedConfig:
    """One run of a study or demo, with a name to show and a note on what it is.

    Attributes:
        as_printed: the report's own settings where we doubt them; such a run may well fail to learn, and is there so
            that the failure can be shown.
    """

    name: str
    config: RunConfig
    note: str
    as_printed: bool = False


@dataclass(frozen=True)
class Reported:
    """What a study states of a model.

    Attributes:
        measure: in words.
        value: the number as printed, rates from 0 to 1; or words, where the study gives no number.
    """

    measure: str
    value: float | str


@dataclass(frozen=True)
class ReportedConfusion:
    """A confusion matrix that a study prints.

    Attributes:
        name: what it is of.
        classes: in the order of rows and columns.
        counts: one row a true class, one column a predicted one.
    """

    name: str
    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Sweep:
    """Settings that a study varied, all else fixed.

    Attributes:
        name: in words.
        member: the run that it starts from, by name.
        fields: dotted field of a run -> the values tried, or the one value where it only differs from the member, or
            the range that was searched at random; of several lists every combination.
    """

    name: str
    member: str
    fields: Mapping[str, tuple[SweepValue, ...] | SweepField]

    @property
    def protocol(self) -> ProtocolConfig:
        """The same as an experiment: one trial for each combination, or as many as usual of a random search."""
        tried = {
            name: given if isinstance(given, SweepField) else SweepField(values=given)
            for name, given in self.fields.items()
        }
        random = any(field.ranged for field in tried.values())
        return ProtocolConfig(kind="sweep", sweep=tried, sampler="random" if random else "grid")


@dataclass(frozen=True)
class Recipe:
    """One study.

    Attributes:
        name, title: as registered, and as shown.
        source: who says the reported numbers.
        data: the data set's registered name.
        configs: the runs that repeat it; the first is the one that others are compared with.
        reported: model -> its numbers; a `NamedConfig` bears the model's name where we can run it. Never mixed with
            ours.
        doubts: what in the study does not add up.
        ours: what it leaves open and how we settled it, and where we do otherwise on purpose.
        chosen: names of the runs that a form starts with; none for all of them.
        sweeps: what it varied.
        protocol: how many runs it made of one setting, such as five folds.
        confusions: the matrices that it prints.
    """

    name: str
    title: str
    source: str
    data: str
    configs: tuple[NamedConfig, ...]
    reported: dict[str, tuple[Reported, ...]]
    doubts: tuple[str, ...]
    ours: tuple[str, ...]
    chosen: tuple[str, ...] = ()
    sweeps: tuple[Sweep, ...] = ()
    protocol: ProtocolConfig = field(default_factory=ProtocolConfig)
    confusions: tuple[ReportedConfusion, ...] = ()


STUDIES: Registry[Recipe] = Registry("study")


def numbers(values: Mapping[str, float | str]) -> tuple[Reported, ...]:
    """Reported numbers, or words, by their measure."""
    return tuple(Reported(measure, value) for measure, value in values.items())


def by_class(measures: tuple[str, ...], rows: Mapping[str, tuple[float, ...]]) -> tuple[Reported, ...]:
    """Reported numbers of a table with one row a class and one column a measure."""
    return tuple(
        Reported(f"{measure} of {name}", value)
        for name, values in rows.items()
        for measure, value in zip(measures, values, strict=True)
    )
