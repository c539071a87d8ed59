"""The content of ``facts.json`` beside stored predictions: settings, counts, class names, checks and their time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict, cast, get_origin, get_type_hints

from histo_core.files import read_json


class _NeededFacts(TypedDict):
    """Facts that lists and results need."""

    run_id: str
    asked: dict[str, Any]
    """The request, from `histo_core.prediction.stored.asked`."""
    parts: list[str]
    split: str
    labelled: int
    classes: list[str]
    positive: str
    checks: list[dict[str, Any]]
    warnings: list[str]
    made_at: str


class PredictionFacts(_NeededFacts, total=False):
    """All facts. Those that are named here are missing from predictions of older versions."""

    state: str
    """`histo_core.data.dataset.Dataset.state` of the data."""
    division: str
    """Description of the split."""
    samples: int
    mapping: list[dict[str, Any]]
    sha256: str
    """Hash of the table."""


_KINDS = {name: get_origin(kind) or kind for name, kind in get_type_hints(_NeededFacts).items()}


def read_facts(file: Path) -> PredictionFacts:
    """Read ``facts.json``.

    Raises:
        OSError, ValueError, KeyError, TypeError: the file cannot be read, or a fact is missing or of another type.
    """
    facts: dict[str, Any] = read_json(file)
    for name, kind in _KINDS.items():
        if not isinstance(facts[name], kind):
            raise TypeError(f"{file}: {name} is {facts[name]!r}, and not of type {kind.__name__}")
    return cast(PredictionFacts, facts)
