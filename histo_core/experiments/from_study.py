"""Start a run, sweep or protocol of a study by its name."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Unpack

from histo_core.access import LOCAL, User
from histo_core.config import DataConfig, RunConfig, parse_config
from histo_core.config.protocol import ProtocolConfig, changed
from histo_core.errors import ConfigError
from histo_core.experiments.api import start_experiment
from histo_core.experiments.records import Experiment
from histo_core.runs.api import launch_many
from histo_core.runs.labels import RunLabels
from histo_core.runs.store.records import Run
from histo_core.studies.origin import Origin
from histo_core.studies.recipes import NamedConfig, Recipe
from histo_core.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StudyRequest:
    """A request for one run or one experiment of a study.

    Attributes:
        name: displayed name.
        config: configuration of the run, or what the experiment's runs have in common.
        protocol: how many runs there are.
        origin: the study's run, and its sweep or protocol.
    """

    name: str
    config: RunConfig
    protocol: ProtocolConfig
    origin: Origin


@dataclass(frozen=True)
class QueuedStudy:
    """The queued single runs and experiments."""

    runs: tuple[Run, ...]
    experiments: tuple[Experiment, ...]


def wanted(
    recipe: Recipe, name: str = "", *, of: str = "", data: DataConfig, changes: Mapping[str, Any] | None = None
) -> tuple[StudyRequest, ...]:
    """Return the requests that a name of a study stands for.

    Args:
        recipe: the study.
        name: a run, sweep or protocol; empty for a form's default: the chosen runs under the first protocol.
        of: another run to apply a sweep or protocol to, instead of its own.
        data: the data to use.
        changes: changed fields of each run, by dotted name.

    Raises:
        UnknownNameError: the study has no such run, sweep or protocol.
        ConfigError: a field that does not exist, a value that is not allowed, or ``of`` where there is no choice.
    """
    found = recipe.find(name) if name else None
    if of and (found is None or isinstance(found, NamedConfig)):
        raise ConfigError(
            f"Run {of!r} was given beside {f'run {name!r}' if name else 'no name'}.",
            "A sweep or a protocol can be of another run than its own.",
            f"Name one of these as well: {'; '.join(one.name for one in recipe.experiments) or 'the study has none'}.",
        )
    if found is None:
        members = [recipe.run(one) for one in recipe.chosen] or list(recipe.configs)
        experiment, protocol = (recipe.protocols[0].name if recipe.protocols else ""), recipe.protocol
    elif isinstance(found, NamedConfig):
        members, experiment, protocol = [found], "", ProtocolConfig()
    else:
        members, experiment, protocol = [recipe.run(of or found.member)], found.name, found.protocol
    return tuple(
        StudyRequest(
            name=f"{member.name}: {experiment}" if experiment else member.name,
            config=changed(member.config.model_copy(update={"data": data}), changes or {}),
            protocol=protocol,
            origin=Origin(recipe.name, member.name, experiment),
        )
        for member in members
    )


def data_of(
    recipe: Recipe, dataset: str | None, root: str | None, options: Mapping[str, Any], *, skip_broken: bool = False
) -> DataConfig:
    """Return a study's data, or other data in their place; these do not get the study's options.

    Args:
        recipe: the study.
        dataset: registered name of another data set; None for the study's own.
        root: the folder of the data.
        options: options of the data set; they extend or replace the study's own.
        skip_broken: whether to continue without files that cannot be used.

    Raises:
        ConfigError: an option has a value of a type that options cannot have.
    """
    own = recipe.configs[0].config.data
    name, kept = dataset or own.dataset, own.options if dataset in (None, own.dataset) else {}
    values = {"dataset": name, "root": root, "options": {**kept, **options}, "skip_broken": skip_broken}
    return parse_config(DataConfig, values)


def start(
    pieces: Sequence[StudyRequest],
    workspace: Workspace,
    *,
    user: User = LOCAL,
    name: str = "",
    warn: Callable[[str], object] = log.warning,
    **labels: Unpack[RunLabels],
) -> QueuedStudy:
    """Queue the runs and experiments of a study, with their origin.

    Args:
        pieces: requests from `wanted`.
        workspace: where to queue.
        user: the user who starts them.
        name: prefix of each name.
        warn: as for `histo_core.runs.api.launch`, for single runs.
        labels: priority, tags and note, as for `histo_core.runs.api.launch`.

    Raises:
        HistoscopeError: as `launch_many` and `start_experiment`. Experiments that were already started continue.
    """
    single = [one for one in pieces if one.protocol.kind == "single"]
    runs = (
        launch_many(
            [one.config for one in single],
            workspace,
            names=[f"{name} {one.name}".strip() for one in single],
            origins=[str(one.origin) for one in single],
            warn=warn,
            user=user,
            **labels,
        )
        if single
        else []
    )
    experiments = [
        start_experiment(
            one.config,
            one.protocol,
            workspace,
            name=f"{name} {one.name}".strip(),
            origin=str(one.origin),
            user=user,
            **labels,
        )
        for one in pieces
        if one.protocol.kind != "single"
    ]
    return QueuedStudy(tuple(runs), tuple(experiments))
