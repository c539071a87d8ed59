"""Divide groups or samples into sets of given shares, with class shares as similar as possible.

To ignore class shares, give every sample the same label.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from histo_core.errors import SplitError
from histo_core.shown_text import count

_DRAWS = 500
_SUBSET = 1
"""A separate random stream, so that the choice of patches and their assignment to sets are independent."""


def partition_groups(
    groups: np.ndarray, labels: np.ndarray, shares: Mapping[str, float], seed: int, *, kind: str = "group"
) -> np.ndarray:
    """Assign whole groups to sets; of many seeded draws the one closest to the wanted shares is used.

    Each set gets its share of the *groups*, rounded to a whole number and at least one. Of these draws the one is used
    in which each set comes closest to its share of each class's *samples*.

    Args:
        groups: group id of each sample.
        labels: int class index of each sample.
        shares: set -> share of the groups, 0 to 1; the rest is "train".
        seed: seed of the draws.
        kind: what a group is, for the error.

    Returns:
        The set of each sample, object array.

    Raises:
        SplitError: fewer groups than sets.
    """
    member, of_class = class_shares(groups, labels)
    sizes = _sizes(len(of_class), shares, kind)
    places = np.repeat(np.arange(len(sizes)), list(sizes.values()))
    wanted = np.array(list(sizes.values()))[:, None] / len(of_class)
    rng = np.random.default_rng(seed)

    def distance(order: np.ndarray) -> float:
        gathered = np.zeros((len(sizes), of_class.shape[1]))
        np.add.at(gathered, places, of_class[order])
        # Relative to the share, so that a small validation set counts as much as the training set.
        return float((((gathered - wanted) / wanted) ** 2).sum())

    best = min((rng.permutation(len(of_class)) for _ in range(_DRAWS)), key=distance)
    split_set = np.empty(len(of_class), dtype=object)
    split_set[best] = np.array(list(sizes), dtype=object)[places]
    return split_set[member]


def partition_samples(sample_ids: np.ndarray, labels: np.ndarray, shares: Mapping[str, float], seed: int) -> np.ndarray:
    """Assign single samples to sets at random, class by class.

    Args, Returns: as `partition_groups`, with one id a sample.

    Raises:
        SplitError: a class has fewer samples than there are sets.
    """
    split_sets = np.empty(len(labels), dtype=object)
    rng = np.random.default_rng(seed)
    by_id = np.argsort(sample_ids.astype(str), kind="stable")  # the order of the table's rows must not matter
    classes = np.unique(labels)
    for label in classes:
        rows = by_id[labels[by_id] == label]
        sizes = _sizes(len(rows), shares, "sample", where=" in each class" if len(classes) > 1 else "")
        split_sets[rng.permutation(rows)] = np.repeat(np.array(list(sizes), dtype=object), list(sizes.values()))
    return split_sets


def sample_rows(sample_ids: np.ndarray, labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Draw samples at random; the shares of the classes are kept, to the nearest whole sample.

    Args:
        sample_ids: unique id of each sample.
        labels: int class index of each sample.
        count: number to draw; all samples if there are no more.
        seed: seed of the draw.

    Returns:
        Which samples were drawn, bool [n].
    """
    if count >= len(labels):
        return np.ones(len(labels), dtype=bool)
    rng = np.random.default_rng([seed, _SUBSET])
    by_id = np.argsort(sample_ids.astype(str), kind="stable")
    classes, sizes = np.unique(labels, return_counts=True)
    exact = sizes * (count / len(labels))
    quotas = np.floor(exact).astype(int)
    # The remainder of rounding down goes to the classes that lost most.
    quotas[np.argsort(quotas - exact, kind="stable")[: count - quotas.sum()]] += 1
    drawn = np.zeros(len(labels), dtype=bool)
    for label, quota in zip(classes, quotas, strict=True):
        drawn[rng.permutation(by_id[labels[by_id] == label])[:quota]] = True
    return drawn


def class_shares(groups: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each sample's group number, int [n], and each group's share of each class, float [groups, classes].

    Groups are numbered by name, so that the order of the samples does not matter.
    """
    names, member = np.unique(groups.astype(str), return_inverse=True)
    classes, label = np.unique(labels, return_inverse=True)
    shares = np.zeros((len(names), len(classes)))
    np.add.at(shares, (member, label), 1)
    return member, shares / shares.sum(axis=0)


def _sizes(number: int, shares: Mapping[str, float], kind: str, where: str = "") -> dict[str, int]:
    """Return set -> how many of ``number``; "train" gets the rest."""
    sizes = {split_set: max(1, round(share * number)) for split_set, share in shares.items() if share > 0}
    left = number - sum(sizes.values())
    if left < 1:
        raise SplitError(
            f"{count(number, kind)} cannot be divided into train and {' and '.join(sizes)}.",
            f"At least one {kind} a set is needed{where}.",
            "Add data, lower the shares, or split another way.",
        )
    return {**sizes, "train": left}
