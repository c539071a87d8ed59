"""Cutting groups or samples into parts of given shares whose classes are as evenly spread as can be."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from histo_core.errors import SplitError

_DRAWS = 500


def partition_groups(
    groups: np.ndarray, labels: np.ndarray, shares: Mapping[str, float], seed: int, *, kind: str = "group"
) -> np.ndarray:
    """Give whole groups to parts: of many seeded draws, the one whose parts come closest to their shares.

    Each part gets its share of the *groups*, to the nearest whole one and at least one. Among draws that do, the
    one is taken that brings each part nearest to its share of each class's *samples*.

    Args:
        groups: group id of each sample.
        labels: int class index of each sample.
        shares: part -> share of the groups, 0 to 1; what is left is "train".
        seed: of the draws.
        kind: what a group is, for the error.

    Returns:
        The part of each sample, object array.

    Raises:
        SplitError: fewer groups than parts.
    """
    names, member = np.unique(groups.astype(str), return_inverse=True)
    sizes = _sizes(len(names), shares, kind)
    classes, label = np.unique(labels, return_inverse=True)
    of_class = np.zeros((len(names), len(classes)))
    np.add.at(of_class, (member, label), 1)
    of_class /= of_class.sum(axis=0)
    places = np.repeat(np.arange(len(sizes)), list(sizes.values()))
    wanted = np.array(list(sizes.values()))[:, None] / len(names)
    rng = np.random.default_rng(seed)

    def distance(order: np.ndarray) -> float:
        gathered = np.zeros((len(sizes), of_class.shape[1]))
        np.add.at(gathered, places, of_class[order])
        # Relative to the share, so that a small validation part counts as much as training.
        return float((((gathered - wanted) / wanted) ** 2).sum())

    best = min((rng.permutation(len(names)) for _ in range(_DRAWS)), key=distance)
    part = np.empty(len(names), dtype=object)
    part[best] = np.array(list(sizes), dtype=object)[places]
    return part[member]


def partition_samples(sample_ids: np.ndarray, labels: np.ndarray, shares: Mapping[str, float], seed: int) -> np.ndarray:
    """Give single samples to parts at random, class by class.

    Args, Returns: as `partition_groups`, with one id a sample.

    Raises:
        SplitError: a class has fewer samples than there are parts.
    """
    parts = np.empty(len(labels), dtype=object)
    rng = np.random.default_rng(seed)
    by_id = np.argsort(sample_ids.astype(str), kind="stable")  # the order of the table's rows must not matter
    for label in np.unique(labels):
        rows = by_id[labels[by_id] == label]
        sizes = _sizes(len(rows), shares, "sample")
        parts[rng.permutation(rows)] = np.repeat(np.array(list(sizes), dtype=object), list(sizes.values()))
    return parts


def _sizes(count: int, shares: Mapping[str, float], kind: str) -> dict[str, int]:
    """Part -> how many of ``count``; "train" takes what is left."""
    sizes = {part: max(1, round(share * count)) for part, share in shares.items() if share > 0}
    left = count - sum(sizes.values())
    if left < 1:
        raise SplitError(
            f"{count} {kind}{'' if count == 1 else 's'} cannot be divided into train and {' and '.join(sizes)}.",
            f"At least one {kind} a part is needed{' in each class' if kind == 'sample' else ''}.",
            "Add data, lower the shares, or split another way.",
        )
    return {**sizes, "train": left}
