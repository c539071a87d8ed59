"""The half of a comparison that no threshold moves: AUROCs, curves, and who can be told apart from the best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from statsmodels.stats.multitest import multipletests

from histo_core.comparison.join import Joined
from histo_core.errors import ComparisonError
from histo_core.evaluation.auroc import PairedDifference, auroc_difference, auroc_interval
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.roc import RocCurve, roc_curve


@dataclass(frozen=True)
class PairDifference:
    """The best model against another on the same samples.

    Attributes:
        best_id, best: run id and shown name of the model with the highest AUROC.
        other_id, other: of the one it is compared with.
        difference: AUROC of the best minus that of the other.
        p_holm: the P value after Holm's correction for all differences of the comparison; None without a P value.
        apart: whether the two can be told apart: by the corrected P value, else by the interval leaving out 0.
    """

    best_id: str
    best: str
    other_id: str
    other: str
    difference: PairedDifference
    p_holm: float | None
    apart: bool


@dataclass(frozen=True, eq=False)
class AurocResults:
    """What holds at every threshold; entries are in the order of the joined runs.

    Attributes:
        class_of_interest: its samples are positive, all others negative.
        reference: run id of the run that only serves as a yardstick, or None.
        names: as shown, told apart by run id where two are alike.
        aurocs: None where a class is missing.
        curves: empty where a class is missing.
        best: index of the model with the highest AUROC, references aside; None where there is no AUROC.
        differences: each other model and the reference against the best.
        confidence, seed: of all intervals.
    """

    class_of_interest: str
    reference: str | None
    names: tuple[str, ...]
    aurocs: tuple[Interval | None, ...]
    curves: tuple[RocCurve, ...]
    best: int | None
    differences: tuple[PairDifference, ...]
    confidence: float
    seed: int


def auroc_results(
    joined: Joined,
    class_of_interest: str | None = None,
    *,
    reference: str | None = None,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> AurocResults:
    """AUROCs of all runs with intervals, and the paired differences from the best.

    Args:
        joined: the runs.
        class_of_interest: a class name; None takes the positive class of the data.
        reference: run id of a run that is a yardstick (colour alone, say) and never the best.
        confidence: 0 to 1.
        seed: of the bootstrap.

    Raises:
        ComparisonError: no such class or run, or a confidence that is not between 0 and 1.
    """
    interest = joined.positive if class_of_interest is None else class_of_interest
    if interest not in joined.classes:
        raise ComparisonError(
            f"{interest!r} is no class of these runs.", f"Classes: {', '.join(joined.classes)}.", "Choose one of them."
        )
    ids = [run.run_id for run in joined.runs]
    if reference is not None and reference not in ids:
        raise ComparisonError(
            f"The reference {reference!r} is not among the runs.", f"Runs: {', '.join(ids)}.", "Join it with them."
        )
    if not 0 < confidence < 1:
        raise ComparisonError(f"confidence = {confidence}.", "Between 0 and 1 is allowed.", "0.95 is customary.")
    y_true, scores = one_against_rest(joined, interest)
    aurocs = tuple(auroc_interval(y_true, score, joined.groups, confidence=confidence) for score in scores)
    candidates = [i for i, run_id in enumerate(ids) if run_id != reference] or list(range(len(ids)))
    ranked = [(auroc.value, -i) for i in candidates if (auroc := aurocs[i]) is not None]
    best = -max(ranked)[1] if ranked else None
    names = shown_names(joined)
    differences = [] if best is None else _differences(joined, best, names, y_true, scores, confidence, seed)
    return AurocResults(
        class_of_interest=interest,
        reference=reference,
        names=names,
        aurocs=aurocs,
        curves=tuple(roc_curve(y_true, score) for score in scores),
        best=best,
        differences=tuple(differences),
        confidence=confidence,
        seed=seed,
    )


def one_against_rest(joined: Joined, class_of_interest: str) -> tuple[np.ndarray, np.ndarray]:
    """The truth as 0/1, int64 [n], and the probabilities of the class, float64 [m, n]."""
    index = joined.classes.index(class_of_interest)
    return (joined.y_true == index).astype(np.int64), joined.probabilities[:, :, index]


def shown_names(joined: Joined) -> tuple[str, ...]:
    """The runs' names; those that are alike carry their run id."""
    names = [run.name for run in joined.runs]
    return tuple(
        f"{run.name} ({run.run_id})" if names.count(run.name) > 1 and run.name != run.run_id else run.name
        for run in joined.runs
    )


def _differences(
    joined: Joined,
    best: int,
    names: tuple[str, ...],
    y_true: np.ndarray,
    scores: np.ndarray,
    confidence: float,
    seed: int,
) -> Iterator[PairDifference]:
    others = [i for i in range(len(names)) if i != best]
    found = [auroc_difference(y_true, scores[best], scores[i], joined.groups, confidence=confidence) for i in others]
    pairs = [pair for pair in found if pair is not None]
    for i, pair, p_holm in zip(others, pairs, holm([pair.p_value for pair in pairs]), strict=True):
        apart = p_holm < 1 - confidence if p_holm is not None else pair.low > 0 or pair.high < 0
        yield PairDifference(
            joined.runs[best].run_id, names[best], joined.runs[i].run_id, names[i], pair, p_holm, apart
        )


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P values after Holm's correction (1979, Scand. J. Stat. 6:65); the missing ones do not count as tests."""
    known = [p for p in p_values if p is not None]
    corrected = iter(np.asarray(multipletests(known, method="holm")[1]).tolist() if known else [])
    return [None if p is None else next(corrected) for p in p_values]
