"""Cutting groups or samples into parts of given shares whose classes are as evenly spread as can be.

Where class shares should not count, give every sample the same label.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from histo_core.errors import SplitError

_DRAWS = 500
_SUBSET = 1
"""Its own stream of random numbers, so that the patches drawn and the parts they go to are unrelated."""


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
    member, of_class = class_shares(groups, labels)
    sizes = _sizes(len(of_class), shares, kind)
    places = np.repeat(np.arange(len(sizes)), list(sizes.values()))
    wanted = np.array(list(sizes.values()))[:, None] / len(of_class)
    rng = np.random.default_rng(seed)

    def distance(order: np.ndarray) -> float:
        gathered = np.zeros((len(sizes), of_class.shape[1]))
        np.add.at(gathered, places, of_class[order])
        # Relative to the share, so that a small validation set counts as much as training.
        return float((((gathered - wanted) / wanted) ** 2).sum())

    best = min((rng.permutation(len(of_class)) for _ in range(_DRAWS)), key=distance)
    part = np.empty(len(of_class), dtype=object)
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
    classes = np.unique(labels)
    for label in classes:
        rows = by_id[labels[by_id] == label]
        sizes = _sizes(len(rows), shares, "sample", where=" in each class" if len(classes) > 1 else "")
        parts[rng.permutation(rows)] = np.repeat(np.array(list(sizes), dtype=object), list(sizes.values()))
    return parts


def draw_samples(sample_ids: np.ndarray, labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Draw some samples at random with the shares of the classes kept, to the nearest whole one.

    Args:
        sample_ids: unique id of each sample.
        labels: int class index of each sample.
        count: how many; all of them where there are no more.
        seed: of the draw.

    Returns:
        Which were drawn, bool [n].
    """
    if count >= len(labels):
        return np.ones(len(labels), dtype=bool)
    rng = np.random.default_rng([seed, _SUBSET])
    by_id = np.argsort(sample_ids.astype(str), kind="stable")
    classes, sizes = np.unique(labels, return_counts=True)
    exact = sizes * (count / len(labels))
    quotas = np.floor(exact).astype(int)
    # What rounding down left over goes to the classes that lost most by it.
    quotas[np.argsort(quotas - exact, kind="stable")[: count - quotas.sum()]] += 1
    drawn = np.zeros(len(labels), dtype=bool)
    for label, quota in zip(classes, quotas, strict=True):
        drawn[rng.permutation(by_id[labels[by_id] == label])[:quota]] = True
    return drawn


def class_shares(groups: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number of each sample's group, int [n], and each group's share of each class, float [groups, classes].

    Groups are numbered in the order of their names, so that the order of the samples does not matter.
    """
    names, member = np.unique(groups.astype(str), return_inverse=True)
    classes, label = np.unique(labels, return_inverse=True)
    shares = np.zeros((len(names), len(classes)))
    np.add.at(shares, (member, label), 1)
    return member, shares / shares.sum(axis=0)


def _sizes(count: int, shares: Mapping[str, float], kind: str, where: str = "") -> dict[str, int]:
    """Part -> how many of ``count``; "train" takes what is left."""
    sizes = {part: max(1, round(share * count)) for part, share in shares.items() if share > 0}
    left = count - sum(sizes.values())
    if left < 1:
        raise SplitError(
            f"{count:,} {kind}{'' if count == 1 else 's'} cannot be divided into train and {' and '.join(sizes)}.",
            f"At least one {kind} a set is needed{where}.",
            "Add data, lower the shares, or split another way.",
        )
    return {**sizes, "train": left}
