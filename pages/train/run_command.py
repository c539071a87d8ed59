"""Build a launch for the shell: a configuration file for each run, and the command that launches it."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from typing import Any, Unpack

from histo_core.config.protocol import ProtocolConfig, SweepField
from histo_core.program import PROGRAM
from histo_core.runs.labels import RunLabels
from histo_core.studies.recipes import NamedConfig

_OPTIONS = {
    "folds": "--folds",
    "repeats": "--repeats",
    "new": "--new",
    "sampler": "--sampler",
    "trials": "--trials",
    "metric": "--metric",
}


def file_names(members: Sequence[NamedConfig]) -> list[str]:
    """Return a unique name for each run's configuration file, made from the run's name."""
    seen: Counter[str] = Counter()
    names = []
    for member in members:
        stem = re.sub("[^a-z0-9]+", "_", member.name.lower()).strip("_") or "run"
        seen[stem] += 1
        names.append(f"{stem}.yaml" if seen[stem] == 1 else f"{stem}-{seen[stem]}.yaml")
    return names


def command(member: NamedConfig, file: str, protocol: ProtocolConfig, **labels: Unpack[RunLabels]) -> str:
    """Return the command that launches a run, or an experiment of it.

    Args:
        member: the run.
        file: its configuration file.
        protocol: a single run, or an experiment.
        labels: as for `histo_core.runs.api.launch`.
    """
    start = ["train"] if protocol.kind == "single" else ["experiments", "start"]
    written = ["--name", member.name, *(word for tag in labels.get("tags", ()) for word in ("--tag", tag))]
    written += ["--note", note] if (note := labels.get("note")) else []
    written += ["--priority", str(priority)] if (priority := labels.get("priority")) else []
    return shlex.join([*PROGRAM.split(), *start, "--config", file, *_options(protocol), *written])


def _options(protocol: ProtocolConfig) -> list[str]:
    """Return a protocol as options of ``experiments start``, without defaults."""
    said = protocol.model_dump(exclude_defaults=True)
    words = [word for name, option in _OPTIONS.items() if name in said for word in (option, str(said[name]))]
    for name, field in protocol.sweep.items():
        how, tried = ("--search-space", _range(field)) if field.ranged else ("--grid", _values(field))
        words += [how, f"{name}={tried}"]
    return [*words, *["--prune"] * protocol.pruning]


def _range(field: SweepField) -> str:
    kinds = [name for name in ("log", "whole") if getattr(field, name)]
    return ":".join([repr(field.low), repr(field.high), *kinds])


def _values(field: SweepField) -> str:
    return ",".join(map(_value, field.values))


def _value(value: Any) -> str:
    """Return one value in the command line's syntax: YAML, with slashes between the numbers of one value."""
    if isinstance(value, tuple):
        return "/".join(map(repr, value))
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)
