"""Define recipes of published studies: the configurations to run, the reported numbers, and the doubts."""

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
    """One run of a study or demo, with a displayed name and a note.

    Attributes:
        as_printed: whether it has the report's own settings although we doubt them; such a run may fail to learn, and
            shows that failure.
        origin: its study, in the text form of `histo_core.studies.origin.Origin`; empty for a run of no study.
    """

    name: str
    config: RunConfig
    note: str
    as_printed: bool = False
    origin: str = ""


@dataclass(frozen=True)
class Beside:
    """The number of ours that a reported number is compared with.

    Attributes:
        metric: a name of `histo_core.evaluation.class_scores.METRICS`, or a number of the classification report such
            as "recall of benign" and "f1 of weighted average".
        split_set: a set of our data. A study's test set is our validation set wherever something was chosen by it.
        changes: for a sweep, the trial by its dotted fields and their values.
        runs: names of the study's other runs that it is also compared with, such as those with settings as printed.
    """

    metric: str
    split_set: Literal["valid", "test"] = "valid"
    changes: Mapping[str, SweepValue] = field(default_factory=dict)
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reported:
    """A number that a study reports for a model.

    Attributes:
        measure: in words.
        value: the number as printed, rates from 0 to 1; or words, where the study gives no number.
        doubt: why this number is in doubt; empty where it is not.
        beside: the number of ours to compare it with; None where we do not measure it.
    """

    measure: str
    value: float | str
    doubt: str = ""
    beside: Beside | None = None

    @property
    def printed(self) -> str:
        """Its value as text; a rate has at least two digits."""
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
        name: the model and data that it belongs to.
        classes: in the order of rows and columns.
        counts: one row a true class, one column a predicted class.
    """

    name: str
    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Sweep:
    """Settings that a study varied, with everything else fixed.

    Attributes:
        name: in words.
        member: the run that it starts from, by name.
        fields: dotted field of a run -> the values tried, or one value where it only differs from the member, or the
            range of a random search; several lists mean every combination.
        metric: the metric that the study chose by, on our validation set.
    """

    name: str
    member: str
    fields: Mapping[str, tuple[SweepValue, ...] | SweepField]
    metric: Metric = "valid_auroc"

    @property
    def protocol(self) -> ProtocolConfig:
        """The sweep as an experiment: one trial for each combination, or the usual number for a random search."""
        tried = {
            name: given if isinstance(given, SweepField) else SweepField(values=given)
            for name, given in self.fields.items()
        }
        random = any(field.ranged for field in tried.values())
        return ProtocolConfig(kind="sweep", sweep=tried, sampler="random" if random else "grid", metric=self.metric)


@dataclass(frozen=True)
class Protocol:
    """The number of runs that a study made of one setting, such as five folds.

    Attributes:
        name: in words.
        member: the run that it repeats, by name.
        protocol: the same as an experiment.
    """

    name: str
    member: str
    protocol: ProtocolConfig


@dataclass(frozen=True)
class Recipe:
    """One study.

    Attributes:
        name, title: the registered name and the displayed title.
        source: who reports the numbers.
        data: the data set's registered name.
        configs: the runs that repeat it; the others are compared with the first.
        reported: name of a run, sweep or protocol (where we can repeat it) -> its reported numbers. They are never
            mixed with ours.
        doubts: inconsistencies in the study.
        ours: what it leaves open and how we settled it, and where we differ on purpose.
        facts: what the study states about its data, networks, training and evaluation.
        wished: what its authors would have liked to try.
        chosen: names of the runs that a form starts with; empty for all of them.
        sweeps: the settings that it varied.
        protocols: how many runs it made of one setting; a form starts with the first.
        confusions: the confusion matrices that it prints.

    Example:
        >>> from histo_core.studies import STUDIES, Recipe
        >>> recipe: Recipe = STUDIES["wpi_kpcam"]
        >>> recipe.data, recipe.configs[0].name, recipe.protocol.kind
        ('kpcam', 'cnn_rnn', 'folds')
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
        """The protocol that a form starts with: the study's first one, else a single run."""
        return self.protocols[0].protocol if self.protocols else ProtocolConfig()

    @property
    def experiments(self) -> tuple[Sweep | Protocol, ...]:
        """The sweeps, then the protocols."""
        return (*self.sweeps, *self.protocols)

    def asks(self, member: str, protocol: ProtocolConfig) -> str:
        """Return the name of the study's sweep or protocol that matches ``protocol``; empty where none does.

        The sampler, the number of trials and the metric may differ.
        """
        alike = [one for one in self.experiments if _question(one.protocol) == _question(protocol)]
        own = [one for one in alike if one.member == member]
        return next((one.name for one in (*own, *alike)), "")

    def run(self, name: str) -> NamedConfig:
        """Return one of its runs.

        Raises:
            UnknownNameError: it has no run of this name.
        """
        return self._named(name, {one.name: one for one in self.configs}, "run")

    def find(self, name: str) -> NamedConfig | Sweep | Protocol:
        """Return a run, sweep or protocol by the name that `studies show` prints.

        Raises:
            UnknownNameError: it has nothing of this name.
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
    """Describe what a protocol tries: "train.epochs 50, 100" or "10 times, each with a new split"."""
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
    """Return reported numbers, or words, by their measure; none of our numbers is compared with them."""
    return tuple(Reported(measure, value) for measure, value in values.items())


def by_class(
    rows: Mapping[str, tuple[float, float, float]], doubt: str = "", runs: tuple[str, ...] = ()
) -> tuple[Reported, ...]:
    """Return precision, recall and F1 of a table with one row a class or average.

    Args:
        rows: class -> its three numbers; an average has its name in the classification report, "weighted average".
        doubt: the doubt about all of them.
        runs: as in `Beside`.
    """
    return tuple(
        Reported(f"{measure} of {name}", value, doubt, Beside(f"{measure.lower()} of {name}", "test", runs=runs))
        for name, values in rows.items()
        for measure, value in zip(("precision", "recall", "F1"), values, strict=True)
    )
