"""Record which study a run or an experiment was made from, and list what was changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from histo_core.config import RunConfig
from histo_core.studies.recipes import STUDIES, NamedConfig

_APART = "/"
_WHERE = ("data", "seed", "train.device", "train.devices", "train.threads", "predict.parts", "model.weights_sha256")
"""Fields that say where and on which data a run trains, and not how."""


@dataclass(frozen=True)
class Origin:
    """The names of a study, one of its runs, and the study's sweep or protocol of that run.

    It is stored with a run or an experiment as text, outside of the configuration, so that it changes no hash.
    """

    study: str
    run: str
    experiment: str = ""

    def __str__(self) -> str:
        return _APART.join(part for part in (self.study, self.run, self.experiment) if part)

    @property
    def named(self) -> NamedConfig | None:
        """The study's run; None where this version no longer has it."""
        configs = STUDIES[self.study].configs if self.study in STUDIES else ()
        return next((one for one in configs if one.name == self.run), None)


def read_origin(text: str) -> Origin | None:
    """Parse the origin stored with a run or an experiment; None where it was made from no study."""
    study, *names = text.split(_APART)
    return Origin(study, *names) if len(names) in (1, 2) else None


def changes(config: RunConfig, origin: Origin) -> tuple[str, ...]:
    """List how a configuration differs from its study's run, as ``train.epochs: 30 in the study, 2 here``.

    Data set, device, seed and predicted sets do not count. The settings that a sweep or protocol varies do not count
    either: pass the configuration that its runs have in common.
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
    """Yield dotted fields and their values; a list counts as one value."""
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
