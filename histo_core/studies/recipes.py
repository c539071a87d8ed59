"""Published studies as recipes: the configurations to run, what was reported, and what to doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal, TypeVar

from histo_core.config import RunConfig
from histo_core.config.protocol import Metric, ProtocolConfig, SweepField, SweepValue
from histo_core.errors import UnknownNameError
from histo_core.registry import Registry

T = TypeVar("T")


@dataclass(frozen=True)
class NamedConfig:
    """One run of a study or demo, with a name to show and a note on what it is.

    Attributes:
        as_printed: the report's own settings where we doubt them; such a run may well fail to learn, and is there so
            that the failure can be shown.
        origin: which study it comes from, as `histo_core.studies.origin.Origin` is written; empty for a run of no
            study.
    """

    name: str
    config: RunConfig
    note: str
    as_printed: bool = False
    origin: str = ""


@dataclass(frozen=True)
class Beside:
    """Which of our numbers a reported one is to be read beside.

    Attributes:
        metric: a name of `histo_core.evaluation.class_scores.METRICS`, or a number of the classification report such
            as "recall of benign" and "f1 of weighted average".
        part: of our data. What a study calls test is our validation set wherever something was chosen by it.
        changes: of a sweep, the trial by its dotted fields and their values.
        runs: names of the study's other runs that it is read beside as well, such as those as printed.
    """

    metric: str
    part: Literal["valid", "test"] = "valid"
    changes: Mapping[str, SweepValue] = field(default_factory=dict)
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reported:
    """What a study states of a model.

    Attributes:
        measure: in words.
        value: the number as printed, rates from 0 to 1; or words, where the study gives no number.
        doubt: what is to be doubted about this very number; empty where nothing is.
        beside: the number of ours to read it beside; None where we measure no such thing.
    """

    measure: str
    value: float | str
    doubt: str = ""
    beside: Beside | None = None

    @property
    def printed(self) -> str:
        """Its value as text; a rate has two digits at least."""
        if isinstance(self.value, float) and self.value < 1:
            return max(f"{self.value:g}", f"{self.value:.2f}", key=len)
        return self.value if isinstance(self.value, str) else f"{self.value:g}"

    @property
    def said(self) -> str:
        """Its value as text, with its doubt."""
        return f"{self.printed} (doubt: {self.doubt})" if self.doubt else self.printed


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
        metric: what the study chose by, on our validation set.
    """

    name: str
    member: str
    fields: Mapping[str, tuple[SweepValue, ...] | SweepField]
    metric: Metric = "valid_auroc"

    @property
    def protocol(self) -> ProtocolConfig:
        """The same as an experiment: one trial for each combination, or as many as usual of a random search."""
        tried = {
            name: given if isinstance(given, SweepField) else SweepField(values=given)
            for name, given in self.fields.items()
        }
        random = any(field.ranged for field in tried.values())
        return ProtocolConfig(kind="sweep", sweep=tried, sampler="random" if random else "grid", metric=self.metric)


@dataclass(frozen=True)
class Protocol:
    """How many runs a study made of one setting, such as five folds.

    Attributes:
        name: in words.
        member: the run that it is of, by name.
        protocol: the same as an experiment.
    """

    name: str
    member: str
    protocol: ProtocolConfig


@dataclass(frozen=True)
class Recipe:
    """One study.

    Attributes:
        name, title: as registered, and as shown.
        source: who says the reported numbers.
        data: the data set's registered name.
        configs: the runs that repeat it; the first is the one that others are compared with.
        reported: what a number is of -> its numbers: a run, sweep or protocol by its name, where we can make it. Never
            mixed with ours.
        doubts: what in the study does not add up.
        ours: what it leaves open and how we settled it, and where we do otherwise on purpose.
        facts: what the study says of its data, networks, training and evaluation.
        wished: what its authors would have liked to try.
        chosen: names of the runs that a form starts with; none for all of them.
        sweeps: what it varied.
        protocols: how many runs it made of one setting; a form begins with the first.
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
    facts: tuple[str, ...] = ()
    wished: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    sweeps: tuple[Sweep, ...] = ()
    protocols: tuple[Protocol, ...] = ()
    confusions: tuple[ReportedConfusion, ...] = ()

    @property
    def protocol(self) -> ProtocolConfig:
        """What a form begins with: the study's first protocol, else one run."""
        return self.protocols[0].protocol if self.protocols else ProtocolConfig()

    @property
    def experiments(self) -> tuple[Sweep | Protocol, ...]:
        """All that takes several runs: sweeps, then protocols."""
        return (*self.sweeps, *self.protocols)

    def asks(self, member: str, protocol: ProtocolConfig) -> str:
        """Name of the study's sweep or protocol that asks the same of a run; empty where there is none.

        Sampler, trials and what is chosen by may differ.
        """
        alike = [one for one in self.experiments if _question(one.protocol) == _question(protocol)]
        own = [one for one in alike if one.member == member]
        return next((one.name for one in (*own, *alike)), "")

    def run(self, name: str) -> NamedConfig:
        """One of its runs.

        Raises:
            UnknownNameError: it has none of this name.
        """
        return self._named(name, {one.name: one for one in self.configs}, "run")

    def find(self, name: str) -> NamedConfig | Sweep | Protocol:
        """A run, sweep or protocol by the name that `studies show` prints.

        Raises:
            UnknownNameError: it has none of this name.
        """
        everything = (*self.configs, *self.experiments)
        return self._named(name, {one.name: one for one in everything}, "run, sweep or protocol")

    def _named(self, name: str, known: Mapping[str, T], kind: str) -> T:
        if name in known:
            return known[name]
        close = get_close_matches(name, known, n=1)
        raise UnknownNameError(
            f"Study {self.name!r} has no {kind} {name!r}.",
            f"There are: {'; '.join(known)}.",
            f"Did you mean {close[0]!r}?" if close else "Choose one of these.",
        )


def _question(protocol: ProtocolConfig) -> tuple[object, ...]:
    return protocol.kind, protocol.folds, protocol.repeats, protocol.new, protocol.sweep


STUDIES: Registry[Recipe] = Registry("study")


def settings(protocol: ProtocolConfig) -> str:
    """What a protocol tries, in words: "train.epochs 50, 100" or "10 times, each with a new split"."""
    if protocol.kind == "sweep":
        return "; ".join(f"{name} {_tried(field)}" for name, field in protocol.sweep.items())
    if protocol.kind == "folds":
        return f"{protocol.folds} folds" + (f", divided {protocol.repeats} times" if protocol.repeats > 1 else "")
    if protocol.kind == "repeats":
        return f"{protocol.repeats} times, each with a new {protocol.new.removesuffix('s')}"
    return "one run"


def _tried(field: SweepField) -> str:
    if field.ranged:
        return f"{field.low:g} to {field.high:g}{', logarithmic' if field.log else ''}"
    return ", ".join("/".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in field.values)


def numbers(values: Mapping[str, float | str]) -> tuple[Reported, ...]:
    """Reported numbers, or words, by their measure, that nothing of ours stands beside."""
    return tuple(Reported(measure, value) for measure, value in values.items())


def by_class(
    rows: Mapping[str, tuple[float, float, float]], doubt: str = "", runs: tuple[str, ...] = ()
) -> tuple[Reported, ...]:
    """Precision, recall and F1 of a table with one row a class or average.

    Args:
        rows: class -> its three numbers; an average is called as in the classification report, "weighted average".
        doubt: of every one of them.
        runs: as in `Beside`.
    """
    return tuple(
        Reported(f"{measure} of {name}", value, doubt, Beside(f"{measure.lower()} of {name}", "test", runs=runs))
        for name, values in rows.items()
        for measure, value in zip(("precision", "recall", "F1"), values, strict=True)
    )
