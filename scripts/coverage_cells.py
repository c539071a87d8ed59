"""Made data of known truth, and what the intervals of `histo_core.evaluation` say of them.

A cell is one setting: so many patients, so alike, with such a mix of classes. `simulate` draws it many times and counts
how often the interval holds the truth and how often two equally good models are told apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from scipy.special import expit, logit
from scipy.stats import beta, norm

from histo_core.evaluation.agreement import agreement_interval, matthews
from histo_core.evaluation.auroc_difference import between
from histo_core.evaluation.auroc_estimate import auroc_estimate
from histo_core.evaluation.calibration_error import calibration_error
from histo_core.evaluation.counts import counts_interval
from histo_core.evaluation.intervals import Interval
from histo_core.evaluation.metrics import binary_metrics
from histo_core.evaluation.multiclass import mean_f1, rows, square
from histo_core.evaluation.partial_roc import curve_interval, partial_auroc, sensitivity_at_specificity
from histo_core.evaluation.precision_recall import auprc_interval, average_precision
from histo_core.evaluation.probability_scores import brier_interval, calibration_intervals, calibration_line
from histo_core.evaluation.simultaneous import model_pairs
from histo_core.evaluation.swap_test import swap_test
from histo_core.review.agreement import kappa

CORRELATION = 0.5
"""Of two models' scores."""
_EXACT = 10
"""Up to so many patients the swap test is simulated as well."""


@dataclass
class Tally:
    """Counts of one cell.

    Attributes:
        draws: how often it was drawn.
        held: per number, how often its interval held the truth.
        width: per number, the widths added up.
        rejected: per test, how often it told equal models apart at 5%.
    """

    draws: int = 0
    held: dict[str, int] = field(default_factory=dict)
    width: dict[str, float] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)

    def interval(self, name: str, low: float, high: float, truth: float) -> None:
        """Note one interval."""
        self.held[name] = self.held.get(name, 0) + int(low - 1e-12 <= truth <= high + 1e-12)
        self.width[name] = self.width.get(name, 0.0) + float(high - low)

    def test(self, name: str, rejected: bool) -> None:
        """Note one test."""
        self.rejected[name] = self.rejected.get(name, 0) + int(rejected)


@dataclass(frozen=True)
class AurocCell:
    """Two models on patients with a random effect each.

    Attributes:
        design: mixed (each patch is positive with 40%), pure (patients of one class), varying (each patient has a share
            of his own, Beta(0.8, 1.2)), sizes (varying, and patients of log-normal size, SD 0.8), few (2 or 3 patients
            of a class), alone (no patients: so many positive and negative patches).
        groups: patients, or (patients with the class, all), or (positive, negative patches).
        auroc, other: true AUROCs of both models.
        icc: share of the variance that is between patients.
        patches: of each patient.
    """

    design: str
    groups: int | tuple[int, int]
    auroc: float
    icc: float = 0.4
    patches: int = 20
    other: float | None = None

    @property
    def goal(self) -> float:
        """The least coverage: 92% of five patients with an AUROC of 0.95, else 94%."""
        return 0.92 if self.groups == 5 and self.auroc >= 0.95 else 0.94

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Truth bool [n], scores [2, n], and patients [n] or None."""
        aurocs = np.array([self.auroc, self.other or self.auroc])
        shift = (norm.ppf(aurocs) * np.sqrt(2))[:, None]
        if self.design == "alone":
            positive = np.repeat([True, False], self.groups)
            return positive, shift * positive + _pair(rng, len(positive)), None
        patients = self.groups[1] if isinstance(self.groups, tuple) else self.groups
        sizes = np.full(patients, self.patches)
        match self.design:
            case "mixed":
                share = np.full(patients, 0.4)
            case "pure":
                share = (np.arange(patients) < max(2, patients // 2)).astype(float)
            case "few":
                share = (np.arange(patients) < self.groups[0]).astype(float)  # type: ignore[index]
            case _:
                share = rng.beta(0.8, 1.2, patients)
        if self.design == "sizes":
            sizes = np.maximum(2, np.round(self.patches * np.exp(rng.normal(0, 0.8, patients)))).astype(int)
        codes = np.repeat(np.arange(patients), sizes)
        positive = rng.random(len(codes)) < share[codes]
        own, between_patients = _pair(rng, len(codes)), _pair(rng, patients)[:, codes]
        return positive, shift * positive + np.sqrt(self.icc) * between_patients + np.sqrt(1 - self.icc) * own, codes

    def simulate(self, draws: int, seed: int = 0) -> Tally:
        """Draw it so often."""
        rng, tally = np.random.default_rng(seed), Tally()
        truth = self.auroc - (self.other or self.auroc)
        while tally.draws < draws:
            positive, scores, codes = self.draw(rng)
            if positive.all() or not positive.any():
                continue
            tally.draws += 1
            first, second = (auroc_estimate(positive, score, codes) for score in scores)
            found = first.limits.interval()
            tally.interval("auroc", found.low, found.high, self.auroc)
            pair = between(first, second, None)
            tally.interval("difference", pair.low, pair.high, truth)
            if self.other is None:
                tally.test("paired", pair.p_value is not None and pair.p_value < 0.05)
                if codes is not None and len(first.sizes) <= _EXACT and first.smaller > 1:
                    tally.test("swaps", swap_test(positive, scores[0], scores[1], codes).p_value < 0.05)
        return tally


@dataclass(frozen=True)
class RateCell:
    """Decisions that are right with a patient's own probability, Beta distributed, or with the same one for all.

    Attributes:
        groups: patients of 20 patches, or None.
        n: patches where there are no patients.
        rate: the probability of a right decision; 40% of patches are positive.
        icc: 1 / (1 + the sum of the Beta's parameters).
    """

    groups: int | None
    n: int
    rate: float
    icc: float = 0.11

    @property
    def goal(self) -> float:
        """The least coverage: 92% where the statistic takes few values, else 94%."""
        return 0.92 if self.groups is None and self.n < 100 else 0.94

    def simulate(self, draws: int, seed: int = 0) -> Tally:
        """Draw it so often."""
        rng, tally = np.random.default_rng(seed), Tally()
        truth = self._truth()
        for _ in range(draws):
            codes = None if self.groups is None else np.repeat(np.arange(self.groups), 20)
            n, right = self.n, np.full(self.n, self.rate)
            if codes is not None:
                scale = 1 / self.icc - 1
                n = len(codes)
                right = rng.beta(self.rate * scale, (1 - self.rate) * scale, self.groups)[codes]
            y = (rng.random(n) < 0.4).astype(np.int64)
            called = np.where(rng.random(n) < right, y, 1 - y)
            tally.draws += 1
            found = binary_metrics(y, called.astype(float), 0.5, codes)
            for name in ("accuracy", "sensitivity", "precision", "f1"):
                self._note(tally, name, getattr(found, name), truth)
            macro = counts_interval(y * 2 + called, 4, lambda c: mean_f1(square(c)), codes, units=rows(2))
            self._note(tally, "macro_f1", macro, truth)
            agreed = kappa(y.astype(str), called.astype(str), codes)  # type: ignore[arg-type]
            if agreed.value is not None and agreed.low is not None and agreed.high is not None:
                self._note(tally, "kappa", Interval(agreed.value, agreed.low, agreed.high, ""), truth)
        return tally

    def _truth(self) -> dict[str, float]:
        p = self.rate
        table = np.array([[0.6 * p, 0.6 * (1 - p)], [0.4 * (1 - p), 0.4 * p]])
        chance = float(table.sum(axis=0) @ table.sum(axis=1))
        f1 = 2 * table[1, 1] / (table[1].sum() + table[:, 1].sum())
        return {
            "accuracy": p,
            "sensitivity": p,
            "precision": table[1, 1] / table[:, 1].sum(),
            "f1": f1,
            "macro_f1": float(mean_f1(table)),
            "kappa": (p - chance) / (1 - chance),
        }

    @staticmethod
    def _note(tally: Tally, name: str, found: Interval, truth: dict[str, float]) -> None:
        if found.defined:
            tally.interval(name, found.low, found.high, truth[name])
            tally.rejected[f"n_{name}"] = tally.rejected.get(f"n_{name}", 0) + 1


@dataclass(frozen=True)
class ScoreCell:
    """Numbers that have no goal: their measured coverage is printed as it is.

    Attributes:
        made: gives truth, scores and patients. Scores become the probabilities of a model that is calibrated where 40%
            of all patches are positive.
    """

    made: AurocCell

    @property
    def goal(self) -> float:
        """No goal, but a coverage below this is set in bold."""
        return 0.90

    def simulate(self, draws: int, seed: int = 0) -> Tally:
        """Draw it so often."""
        rng, tally = np.random.default_rng(seed), Tally()
        truth = self._truth()
        while tally.draws < draws:
            positive, scores, codes = self.made.draw(rng)
            if positive.all() or not positive.any():
                continue
            tally.draws += 1
            for name, found in self._numbers(positive, self._probabilities(scores[0]), codes).items():
                if found.defined:
                    tally.interval(name, found.low, found.high, truth[name])
                    tally.rejected[f"n_{name}"] = tally.rejected.get(f"n_{name}", 0) + 1
        return tally

    def _probabilities(self, score: np.ndarray) -> np.ndarray:
        shift = float(norm.ppf(self.made.auroc) * np.sqrt(2))
        return expit(shift * score - shift**2 / 2 + logit(0.4))

    @staticmethod
    def _numbers(positive: np.ndarray, p: np.ndarray, codes: np.ndarray | None) -> dict[str, Interval]:
        y, both = positive.astype(np.int64), np.stack([1 - p, p], axis=1)
        return {
            "auprc": auprc_interval(y, p, codes),
            "mcc": agreement_interval(matthews, y, (p >= 0.5).astype(np.int64), 2, codes),
            "brier": brier_interval(y, both, codes),
            "slope": calibration_intervals(y, p, codes)[1],
            "ece": calibration_error(y, p, codes).ece,
            "partial_auroc": curve_interval("partial_auroc", y, p, codes, at=0.9),
            "sensitivity_at_0.95": curve_interval("sensitivity", y, p, codes, at=0.95),
        }

    def _truth(self) -> dict[str, float]:
        """The numbers of 20,000 patients; the ECE of a calibrated model is 0."""
        many = replace(self.made, groups=(8_000, 12_000) if self.made.design == "alone" else 20_000)
        positive, scores, _ = many.draw(np.random.default_rng(1))
        p = self._probabilities(scores[0])
        counts = np.bincount(positive * 2 + (p >= 0.5), minlength=4).reshape(2, 2).astype(np.float64)
        return {
            "auprc": average_precision(positive, p),
            "mcc": float(matthews(counts)),
            "brier": float(((p - positive) ** 2).mean()),
            "slope": calibration_line(positive, p)[1],
            "ece": 0.0,
            "partial_auroc": partial_auroc(positive, p, 0.9),
            "sensitivity_at_0.95": sensitivity_at_specificity(positive, p, 0.95),
        }


@dataclass(frozen=True)
class SelectionCell:
    """Equally good models, of which the one that did best is compared with the rest.

    Attributes:
        models: how many.
        groups: patients of 20 patches, or None for 100 + 100 patches.
    """

    models: int
    groups: int | None

    def simulate(self, draws: int, seed: int = 0) -> Tally:
        """Draw it so often; AUROC 0.85, ICC 0.4."""
        rng, tally = np.random.default_rng(seed), Tally()
        shift = norm.ppf(0.85) * np.sqrt(2)
        for _ in range(draws):
            if self.groups is None:
                positive, codes = np.repeat([True, False], 100), None
                scores = _alike(rng, self.models, 200)
            else:
                codes = np.repeat(np.arange(self.groups), 20)
                positive = rng.random(len(codes)) < 0.4
                scores = np.sqrt(0.4) * _alike(rng, self.models, self.groups)[:, codes]
                scores += np.sqrt(0.6) * _alike(rng, self.models, len(codes))
            scores += shift * positive
            tally.draws += 1
            pairs = model_pairs(positive, scores, codes)
            best = _best(pairs, self.models)
            better = [p.p_corrected for p in pairs if best in (p.first, p.second) and p.p_corrected is not None]
            tally.test("best", min(better, default=1.0) < 0.05)
        return tally


def _best(pairs: tuple, models: int) -> int:
    """The model that no other exceeds."""
    ahead = np.zeros(models)
    for pair in pairs:
        ahead[pair.first] += pair.difference.value
        ahead[pair.second] -= pair.difference.value
    return int(ahead.argmax())


def _pair(rng: np.random.Generator, n: int) -> np.ndarray:
    return _alike(rng, 2, n)


def _alike(rng: np.random.Generator, models: int, n: int) -> np.ndarray:
    """Standard normal numbers of several models, correlated by `CORRELATION`, [models, n]."""
    return np.sqrt(CORRELATION) * rng.normal(size=n) + np.sqrt(1 - CORRELATION) * rng.normal(size=(models, n))


def monte_carlo(count: int, draws: int) -> tuple[float, float]:
    """The 99% interval of a share of draws (Clopper and Pearson)."""
    low = 0.0 if count == 0 else float(beta.ppf(0.005, count, draws - count + 1))
    return low, 1.0 if count == draws else float(beta.ppf(0.995, count + 1, draws - count))


def auroc_cells() -> Iterator[AurocCell]:
    """By patient: patients x ICC x mix of classes."""
    for design, groups in product(("mixed", "pure", "varying", "sizes"), (5, 10, 20, 40)):
        yield AurocCell(design, groups, 0.75)
        yield from (AurocCell(design, groups, 0.95, icc) for icc in (0.1, 0.4, 0.7))
    yield from (AurocCell("varying", groups, 0.91, patches=40) for groups in (10, 25, 45))
    yield from (AurocCell("few", groups, auroc) for groups in ((2, 20), (3, 33), (30, 33)) for auroc in (0.75, 0.95))


def alone_cells() -> Iterator[AurocCell]:
    """Without patients: small classes."""
    for groups in ((2, 50), (3, 100), (5, 5), (10, 10), (20, 20), (10, 200), (50, 50)):
        yield from (AurocCell("alone", groups, auroc) for auroc in (0.5, 0.7, 0.9, 0.98))


def unequal_cells() -> Iterator[AurocCell]:
    """Differences that are there."""
    for design, groups in product(("mixed", "pure", "varying"), (5, 10, 20)):
        yield from (AurocCell(design, groups, a, other=b) for a, b in ((0.85, 0.75), (0.95, 0.75)))
    yield from (AurocCell("alone", groups, 0.95, other=0.75) for groups in ((3, 100), (10, 10), (10, 200), (50, 50)))


def rate_cells() -> Iterator[RateCell]:
    """Rates by patient and without."""
    yield from (
        RateCell(groups, 0, rate, icc) for groups in (5, 10, 20, 40) for rate in (0.8, 0.97) for icc in (0.11, 0.4)
    )
    yield from (RateCell(None, n, rate) for n in (10, 30, 100, 500) for rate in (0.7, 0.95, 0.99))


def score_cells() -> Iterator[ScoreCell]:
    """By patient, and without."""
    for design, groups, auroc in product(("mixed", "varying"), (5, 10, 20, 40), (0.75, 0.95)):
        yield ScoreCell(AurocCell(design, groups, auroc))
    yield from (ScoreCell(AurocCell("alone", (n, n), auroc)) for n in (20, 100) for auroc in (0.75, 0.95))


def selection_cells() -> Iterator[SelectionCell]:
    """2 to 20 models that are equally good."""
    yield from (SelectionCell(models, groups) for groups in (None, 10, 20) for models in (2, 3, 5, 10, 20))
