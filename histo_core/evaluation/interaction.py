"""Test whether AUROCs, or the differences between models, differ between slices of the samples."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from histo_core.errors import DataError
from histo_core.evaluation.simultaneous import holm
from histo_core.evaluation.validation import Groups, check_groups, check_scores, check_truth

DRAWS = 1_999
MOST_UNITS = 1_000
"""The most parts of patients in slices: wins are counted between all pairs of them."""
FEWEST = 40
"""The fewest different relabellings with which P can fall to 0.05: two slices whose names are swapped count alike."""
Design = Literal["between", "within", "none"]


@dataclass(frozen=True)
class Interaction:
    """A test of one statistic over slices.

    Attributes:
        first, second: indices of the models; ``second`` is None where the AUROC of the first alone is tested, else
            the statistic is the AUROC of the first minus that of the second.
        p_value: of no difference between slices; None where it cannot be tested.
        p_corrected: after Holm's correction for all statistics of the same slices.
    """

    first: int
    second: int | None
    p_value: float | None
    p_corrected: float | None = None


@dataclass(frozen=True)
class InteractionTests:
    """The tests of all models and pairs over the slices of one column.

    Attributes:
        design: ``between``: every group lies in one slice. ``within``: groups lie in several.
        method: how the test was made; where it was not, why.
        n_slices: slices with both classes, which take part.
        tests: first the models one by one, then their pairs.
    """

    design: Design
    method: str
    n_slices: int
    tests: tuple[Interaction, ...]


def interaction_tests(
    y_true: np.ndarray, scores: np.ndarray, slices: np.ndarray, groups: Groups = None, *, draws: int = DRAWS
) -> InteractionTests:
    """Test by relabelling whether the slice says anything of the AUROCs, and of their differences.

    The statistic is the weighted variance of the slices' AUROCs (or differences), each weighted by m n / (m + n) of its
    m positive and n negative samples. It is compared with its values under random relabellings of whole groups: where
    each group lies in one slice, the labels are permuted between groups that have the same classes; else each group's
    parts are permuted among the slices in which it lies. Both keep patches of a patient together. P is exact under the
    hypothesis that the slice says nothing about the scores once the class is known (within a group where they are
    permuted there), since then every relabelling is equally likely. The same scores get the same random numbers.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        scores: float [m, n], one row a model.
        slices: int64 [n], number of each sample's slice.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        draws: random relabellings.

    Raises:
        DataError: as `auroc_interval`; slices that are not one number a sample.

    Paper:
        Phipson and Smyth (2010), "Permutation P-values should never be zero", Stat. Appl. Genet. Mol. Biol. 9:39, for
        (1 + b) / (1 + draws).
    """
    positive = check_truth(y_true)
    table = check_scores(scores, len(positive))
    codes = check_groups(groups, len(positive))
    if np.shape(slices) != positive.shape:
        raise DataError(f"slices have shape {np.shape(slices)}.", "One number a sample is expected.", "Join them.")
    group = np.arange(len(positive)) if codes is None else codes
    kept = _with_both_classes(positive, np.asarray(slices, np.int64))
    used = kept >= 0
    n_slices = int(kept.max()) + 1
    if n_slices < 2:
        return _untested("fewer than two slices have both classes", n_slices, len(table))
    if _one_group_each(group[used], kept[used], n_slices):
        return _untested("each slice is of one group", n_slices, len(table))
    unit, inverse = np.unique(np.stack([group[used], kept[used]]), axis=1, return_inverse=True)
    if unit.shape[1] > MOST_UNITS:
        return _untested(f"more than {MOST_UNITS:,} independent parts of slices", n_slices, len(table))
    counts = _counts(positive[used], inverse, unit.shape[1])
    blocks, design = _exchangeable(unit[0], counts)
    if _relabellings(unit[1], blocks) < FEWEST:
        return _untested(f"fewer than {FEWEST} ways to relabel whole groups", n_slices, len(table))
    labels = np.stack([unit[1], *_relabelled(unit[1], blocks, draws, _seed(table))])
    weights, wins = _pairs(labels, counts, n_slices), _wins(positive[used], table[:, used], inverse, unit.shape[1])
    aurocs = np.stack([_aurocs(labels, one, counts, n_slices) for one in wins])
    asked: list[tuple[int, int | None]] = [(one, None) for one in range(len(table))]
    asked += list(combinations(range(len(table)), 2))
    found = [_p_value(aurocs[i] if j is None else aurocs[i] - aurocs[j], weights) for i, j in asked]
    tests = tuple(Interaction(i, j, p, c) for (i, j), p, c in zip(asked, found, holm(found), strict=True))
    what = "groups" if codes is not None else "samples"
    how = (
        f"slices permuted between {what} of the same classes"
        if design == "between"
        else f"slices permuted within {what}"
    )
    return InteractionTests(design, f"{how}, {draws:,} random permutations", n_slices, tests)


def _untested(why: str, n_slices: int, models: int) -> InteractionTests:
    asked = [(one, None) for one in range(models)] + list(combinations(range(models), 2))
    return InteractionTests("none", f"not tested: {why}", n_slices, tuple(Interaction(i, j, None) for i, j in asked))


def _with_both_classes(positive: np.ndarray, slices: np.ndarray) -> np.ndarray:
    """Return slices numbered anew, int64 [n]; -1 for samples of slices that have one class only."""
    _, codes = np.unique(slices, return_inverse=True)
    present = [np.bincount(codes[part], minlength=codes.max() + 1) > 0 for part in (positive, ~positive)]
    both = present[0] & present[1]
    return np.where(both[codes], (np.cumsum(both) - 1)[codes], -1)


def _one_group_each(group: np.ndarray, slices: np.ndarray, n_slices: int) -> bool:
    """Return whether each slice has one group only, so that relabelling would change names alone."""
    return np.unique(np.stack([group, slices]), axis=1).shape[1] == n_slices


def _counts(positive: np.ndarray, unit: np.ndarray, n_units: int) -> np.ndarray:
    """Return the positive and negative samples of each unit, float64 [u, 2]."""
    sides = [np.bincount(unit[part], minlength=n_units) for part in (positive, ~positive)]
    return np.stack(sides, axis=1).astype(np.float64)


def _exchangeable(group: np.ndarray, counts: np.ndarray) -> tuple[list[np.ndarray], Design]:
    """Return sets of units whose slices are permuted among each other, and the design."""
    pattern = (counts[:, 0] > 0) * 2 + (counts[:, 1] > 0)
    several = len(group) > len(np.unique(group))
    key = group * 4 + pattern if several else pattern
    blocks = [np.flatnonzero(key == one) for one in np.unique(key)]
    return [block for block in blocks if len(block) > 1], "within" if several else "between"


def _relabellings(label: np.ndarray, blocks: list[np.ndarray]) -> float:
    """Return how many different relabellings there are, up to a large number."""
    number = 1.0
    for block in blocks:
        left = len(block)
        for same in np.bincount(label[block]).tolist():
            for taken in range(same):
                number *= (left - taken) / (taken + 1)
            left -= same
        if number > 1e12:
            break
    return number


def _seed(scores: np.ndarray) -> int:
    """Return a number made from the scores, whatever the order of the models.

    One number for all data would use the same relabellings each time, and a fixed set of them keeps 5% only roughly.
    """
    digests = sorted(hashlib.sha256(np.ascontiguousarray(one).tobytes()).digest() for one in scores)
    return int.from_bytes(hashlib.sha256(b"".join(digests)).digest()[:8], "big")


def _relabelled(label: np.ndarray, blocks: list[np.ndarray], draws: int, seed: int) -> np.ndarray:
    """Return random relabellings, int64 [draws, u]."""
    random = np.random.default_rng(seed)
    labels = np.tile(label, (draws, 1))
    for block in blocks:
        labels[:, block] = random.permuted(labels[:, block], axis=1)
    return labels


def _pairs(labels: np.ndarray, counts: np.ndarray, n_slices: int) -> np.ndarray:
    """Return the weight of each slice, m n / (m + n), float64 [draws, s]; 0 where a class is missing."""
    m, n = (_sums(labels, counts[:, side], n_slices) for side in (0, 1))
    return np.divide(m * n, m + n, out=np.zeros_like(m), where=m + n > 0)


def _sums(labels: np.ndarray, values: np.ndarray, n_slices: int) -> np.ndarray:
    return np.stack([(labels == one) @ values for one in range(n_slices)], axis=1)


def _wins(positive: np.ndarray, scores: np.ndarray, unit: np.ndarray, n_units: int) -> np.ndarray:
    """Return the wins of each unit's positives over each unit's negatives, float64 [m, u, u]; ties count half."""
    found = np.zeros((len(scores), n_units, n_units))
    negatives = [np.flatnonzero(~positive & (unit == one)) for one in range(n_units)]
    for model, score in enumerate(scores):
        up = score[positive]
        order = np.argsort(up)  # numbers in order are found five times as fast
        up, ups = up[order], unit[positive][order]
        for other, rows in enumerate(negatives):
            if len(rows):
                found[model, :, other] = np.bincount(ups, weights=_below(np.sort(score[rows]), up), minlength=n_units)
    return found


def _below(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return how many of some sorted numbers each value exceeds, float64; ties count half."""
    left, right = (np.asarray(np.searchsorted(ordered, values, side), np.float64) for side in ("left", "right"))
    return (left + right) / 2


def _aurocs(labels: np.ndarray, wins: np.ndarray, counts: np.ndarray, n_slices: int) -> np.ndarray:
    """Return the AUROC of each slice under each relabelling, float64 [draws, s]; NaN where a class is missing."""
    columns: list[np.ndarray] = []
    for one in range(n_slices):
        inside = (labels == one).astype(np.float64)
        won = np.einsum("du,du->d", inside @ wins, inside)
        pairs = (inside @ counts[:, 0]) * (inside @ counts[:, 1])
        columns.append(np.divide(won, pairs, out=np.full(len(won), np.nan), where=pairs > 0))
    return np.stack(columns, axis=1)


def _p_value(values: np.ndarray, weights: np.ndarray) -> float:
    """Return how often a relabelling spreads the slices at least as much as the first row, the observed one."""
    weight = np.where(np.isnan(values), 0.0, weights)
    known = np.nan_to_num(values)
    mean = (weight * known).sum(axis=1, keepdims=True) / weight.sum(axis=1, keepdims=True)
    spread = (weight * (known - mean) ** 2).sum(axis=1)
    return float((1 + (spread[1:] >= spread[0] - 1e-12).sum()) / len(spread))
