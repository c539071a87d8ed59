"""Which study a run or an experiment was made from, and what was changed since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from histo_core.config import RunConfig
from histo_core.studies.recipes import STUDIES, NamedConfig

_APART = "/"
_WHERE = ("data", "seed", "train.device", "train.devices", "train.threads", "predict.parts", "model.weights_sha256")
"""What says where and on what a run is made, and not how."""


@dataclass(frozen=True)
class Origin:
    """A run of a study, and the sweep or protocol of the study that it is part of, all by name.

    It is kept beside a run or an experiment as text, outside of the configuration, so that it changes no hash.
    """

    study: str
    run: str
    experiment: str = ""

    def __str__(self) -> str:
        return _APART.join(part for part in (self.study, self.run, self.experiment) if part)

    @property
    def named(self) -> NamedConfig | None:
        """The study's run; None where this version knows it no more."""
        configs = STUDIES[self.study].configs if self.study in STUDIES else ()
        return next((one for one in configs if one.name == self.run), None)


def read_origin(text: str) -> Origin | None:
    """What was kept beside a run or an experiment; None where it comes from no study."""
    study, *names = text.split(_APART)
    return Origin(study, *names) if len(names) in (1, 2) else None


def changes(config: RunConfig, origin: Origin) -> tuple[str, ...]:
    """How a configuration differs from its study's run, as ``train.epochs: 30 in the study, 2 here``.

    Data set, device, seed and predicted parts do not count, nor does what a sweep or protocol changes: give the
    configuration that its runs have in common.
    """
    if origin.named is None:
        return ()
    theirs, ours = dict(_leaves(origin.named.config)), dict(_leaves(config))
    return tuple(
        f"{name}: {_shown(theirs.get(name))} in the study, {_shown(ours.get(name))} here"
        for name in dict.fromkeys((*theirs, *ours))
        if theirs.get(name) != ours.get(name) and not name.startswith(_WHERE)
    )


def _leaves(config: RunConfig) -> Iterator[tuple[str, Any]]:
    """Dotted fields and their values; lists are values."""
    todo: list[tuple[str, Any]] = [("", config.model_dump(mode="json"))]
    while todo:
        name, value = todo.pop(0)
        if isinstance(value, dict):
            todo[:0] = [(f"{name}.{key}".lstrip("."), below) for key, below in value.items()]
        else:
            yield name, value


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " / ".join(map(str, value))
    return "not set" if value is None else str(value)
