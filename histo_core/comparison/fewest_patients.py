"""Find few patients whose removal would reverse the verdict of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from histo_core.comparison.results import Comparison, ModelResult
from histo_core.comparison.sample_facts import known_names
from histo_core.evaluation.auroc_estimate import auroc_estimate
from histo_core.evaluation.simultaneous import model_pairs
from histo_core.evaluation.validation import check_groups
from histo_core.shown_text import count, plural

MOST_REMOVED = 100
"""The most patients that are removed, and never more than half of them."""
_NAMED = 5


@dataclass(frozen=True)
class Reversals:
    """Patients whose removal reverses the verdict on the best model and another one; upper bounds both.

    Attributes:
        best, other: displayed names of the two models; the best has the higher AUROC.
        apart: whether the two are told apart with all patients.
        order: ids of the patients without whom the other one has the higher AUROC, in the order of removal; None where
            none were found.
        told: ids of those without whom the two are told apart, or no longer are; None where none were found.
        n_groups, group_kind: of all patients or slides.
        tried: how many were removed at most.
    """

    best: str
    other: str
    apart: bool
    order: tuple[str, ...] | None
    told: tuple[str, ...] | None
    n_groups: int
    group_kind: str
    tried: int

    @property
    def sentence(self) -> str:
        """The result in one sentence, which says that fewer may do."""
        told = "could no longer be told apart" if self.apart else "would be told apart"
        found = [
            self._without(removed, what)
            for removed, what in (
                (self.order, f"{self.other} would have the higher AUROC"),
                (self.told, f"the two {told}"),
            )
            if removed is not None
        ]
        groups = plural(self.group_kind)
        if not found:
            return (
                f"No removal of up to {self.tried} of {self.n_groups} {groups}, one at a time, would reverse what is "
                f"said of {self.best} and {self.other}."
            )
        return (
            f"What would change the verdict on {self.best} and {self.other}: {'; '.join(found)}. Each number is an "
            f"upper bound: {groups} were removed one at a time, and everything was computed anew without them."
        )

    def _without(self, removed: tuple[str, ...], what: str) -> str:
        names = ", ".join(removed[:_NAMED]) + (" and more" if len(removed) > _NAMED else "")
        return f"without {len(removed)} of {count(self.n_groups, self.group_kind)} ({names}) {what}"


def fewest_patients(comparison: Comparison) -> Reversals | None:
    """Remove patients one at a time until the verdict on the two leading models is reversed.

    The pair is the best model and the second best; with a comparator named beforehand, the comparator and the best of
    the others. At each step the patient goes whose removal moves the difference of the AUROCs furthest in the wanted
    direction, and AUROCs and corrected tests are computed anew on all that is left. So each answer is true, but another
    choice may need fewer patients: an upper bound.

    Returns:
        None without two models with an AUROC, or where neither patients nor slides are known.
    """
    pair = _pair(comparison)
    if pair is None or comparison.groups is None or comparison.group_kind is None:
        return None
    codes = check_groups(comparison.groups, comparison.n)
    codes = np.arange(comparison.n) if codes is None else codes
    n_groups = int(codes.max()) + 1
    first, other = pair
    most = min(MOST_REMOVED, n_groups // 2)
    apart = _told_apart(comparison, np.ones(comparison.n, bool), first, other)
    names = known_names(comparison.groups)
    by_code = dict(zip(codes.tolist(), names.tolist(), strict=True))

    def search(sign: int, reached: Callable[[np.ndarray, float], bool]) -> tuple[str, ...] | None:
        for removed, keep, difference in _removals(comparison, codes, first, other, sign, most):
            if reached(keep, difference):
                return tuple(by_code[one] for one in removed)
        return None

    return Reversals(
        comparison.results[first].name,
        comparison.results[other].name,
        apart,
        search(-1, lambda _, difference: difference < 0),
        search(-1 if apart else 1, lambda keep, _: _told_apart(comparison, keep, first, other) != apart),
        n_groups,
        comparison.group_kind,
        most,
    )


def _pair(comparison: Comparison) -> tuple[int, int] | None:
    """Return the indices of the two models, the one with the higher AUROC first."""

    def auroc(place: int) -> float:
        found = comparison.results[place].auroc
        return np.nan if found is None else found.value

    def candidate(result: ModelResult) -> bool:
        return result.auroc is not None and not result.is_reference

    places = sorted((i for i, one in enumerate(comparison.results) if candidate(one)), key=auroc, reverse=True)
    named = [i for i in places if comparison.results[i].run_id == comparison.comparator]
    if named:
        places = sorted([*named, *[i for i in places if i not in named][:1]], key=auroc, reverse=True)
    return (places[0], places[1]) if len(places) > 1 else None


def _removals(
    comparison: Comparison, codes: np.ndarray, first: int, other: int, sign: int, most: int
) -> Iterator[tuple[list[int], np.ndarray, float]]:
    """Yield the removed groups, the samples that are left, and the difference of the AUROCs, group by group.

    Args:
        comparison: the comparison.
        codes: int64 [n], numbers of the groups.
        first, other: indices of the models.
        sign: -1 lowers the difference of the first and the other, 1 raises it.
        most: the most groups that are removed.
    """
    positive, scores = _binary(comparison)
    keep, removed = np.ones(len(codes), bool), list[int]()
    while len(removed) < most:
        left, numbers = np.unique(codes[keep], return_inverse=True)
        found = [auroc_estimate(positive[keep], scores[model, keep], numbers) for model in (first, other)]
        without = sign * (found[0].without - found[1].without)
        if np.isnan(without).all():
            return
        place = int(np.nanargmax(without))
        removed.append(int(left[place]))
        keep = keep & (codes != left[place])
        yield removed, keep, float(sign * without[place])


def _told_apart(comparison: Comparison, keep: np.ndarray, first: int, other: int) -> bool:
    """Return whether the corrected test of all pairs tells two models apart on some samples."""
    positive, scores = _binary(comparison)
    ids = [one.run_id for one in comparison.results]
    at = None if comparison.comparator is None else ids.index(comparison.comparator)
    groups = None if comparison.groups is None else comparison.groups[keep]
    # No model's pairs get a swap test: -1 is none.
    pairs = model_pairs(
        positive[keep].astype(np.int64), scores[:, keep], groups, comparator=at, shown=-1,
        confidence=comparison.confidence,
    )  # fmt: skip
    wanted = next((one for one in pairs if {one.first, one.second} == {first, other}), None)
    return wanted is not None and wanted.p_corrected is not None and wanted.p_corrected < 1 - comparison.confidence


def _binary(comparison: Comparison) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels, bool [n], and all models' probabilities of the class of interest, float64 [m, n]."""
    interest = comparison.classes.index(comparison.class_of_interest)
    return comparison.y_true == interest, np.stack([one.probabilities[:, interest] for one in comparison.results])
