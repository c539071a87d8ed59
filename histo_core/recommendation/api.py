"""Recommend a run for a data set: open it, split it, collect the facts, choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from histo_core.config import RunConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.models.weights.at_hand import weights_at_hand
from histo_core.progress import Progress, silent
from histo_core.recommendation.choice import Recommendation
from histo_core.recommendation.facts import known_facts
from histo_core.recommendation.machine import this_machine
from histo_core.recommendation.recipe import MINUTES, Wishes, recommend, with_choices
from histo_core.recommendation.rules import PRETRAINED
from histo_core.workspace import Workspace


def recommend_run(
    base: RunConfig,
    given: Mapping[str, Any],
    workspace: Workspace,
    *,
    minutes: float = MINUTES,
    dataset: Dataset | None = None,
    progress: Progress = silent,
) -> Recommendation:
    """Recommend a run for its data, this machine and the time; nothing is queued.

    Args:
        base: has the data, the split and the seed.
        given: dotted fields that are settled, such as ``train.epochs``, with their plain values.
        workspace: says which folders may be read, and keeps the check of the files.
        minutes: the time that training may take.
        dataset: the opened data set; None opens that of ``base``.
        progress: receives the number of images whose size was read.

    Raises:
        ConfigError, AccessError: a given field, or a folder, is not allowed.
        DataError: the data cannot be read or split, or are too few to learn anything; in words.
        CancelledError: ``progress`` requested it.
    """
    start = with_choices(base, (), given)
    data = open_dataset(start.data, workspace, progress) if dataset is None else dataset
    split = make_split(data, start.split, workspace)
    facts = known_facts(start, data, split, workspace, progress)
    machine = this_machine(start.train.device, start.train.threads)
    networks = {str(given.get("model.name", PRETRAINED)), PRETRAINED}
    found = {name: weights_at_hand(name, workspace, start.data.root) for name in networks}
    at_hand = {name: weights for name, weights in found.items() if weights is not None}
    return recommend(facts, machine, Wishes(start, given, minutes, at_hand))
