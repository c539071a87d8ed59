"""State the verdict of a comparison in one sentence that claims no more than the samples support."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from histo_core.comparison.pairs import PairDifference
from histo_core.comparison.results import Comparison
from histo_core.evaluation.intervals import Interval
from histo_core.shown_text import count

_NAMED = 3
"""A sentence names so many; the rest of a longer list is counted."""


def verdict(comparison: Comparison) -> str:
    """Say which model has the highest AUROC, which ones it differs from, and on how many patients.

    With a comparator that was named beforehand, say which models are better or worse than it. Two models differ by the
    paired test, corrected for all tested pairs, not by whether their intervals overlap. Without a P value no model is
    better.
    """
    aurocs = {result.run_id: result.auroc for result in comparison.results if result.auroc is not None}
    if not aurocs:
        return _undefined(comparison)
    if comparison.comparator is not None and len(aurocs) > 1:
        return _against_comparator(comparison, aurocs)
    known = [result for result in comparison.results if result.run_id in aurocs]
    models = [result for result in known if not result.is_reference] or known
    top = max(aurocs[result.run_id].value for result in models)
    leaders = [result for result in models if aurocs[result.run_id].value == top]
    names, interval = listed([result.name for result in leaders]), aurocs[leaders[0].run_id]
    measure = _measure(comparison)
    if len(models) == 1:
        opening = f"{names} reaches an {measure} of {interval}"
    elif len(leaders) == 1:
        opening = f"{names} has the highest {measure}, {interval}"
    else:
        rank = "same" if len(leaders) == len(models) else "highest"
        opening = f"{names} share the {rank} {measure}, {interval}"
    settled = {result.run_id for result in leaders}
    first = leaders[0].run_id
    others = [pair for pair in comparison.differences if pair.first_id == first and pair.other_id not in settled]
    clauses = _against(others, _references(comparison), "it" if len(leaders) == 1 else "they")
    return f"{opening}{f'; {clauses}' if clauses else ''} on {_basis(comparison)}."


def listed(names: Sequence[str]) -> str:
    """Join names as in a sentence.

    Example:
        >>> listed(["A", "B", "C"])
        'A, B and C'
        >>> listed(["A", "B", "C", "D", "E"])
        'A, B, C and 2 others'
    """
    if len(names) > _NAMED + 1:
        names = [*names[:_NAMED], f"{len(names) - _NAMED} others"]
    return " and ".join(words for words in (", ".join(names[:-1]), names[-1]) if words)


def _against(others: Sequence[PairDifference], references: set[str], pronoun: str) -> str:
    def named(pairs: Sequence[PairDifference]) -> str:
        models = [pair.other for pair in pairs if pair.other_id not in references]
        return listed(models + [f"the reference {pair.other}" for pair in pairs if pair.other_id in references])

    below = [pair for pair in others if pair.significant and pair.difference.value > 0]
    level = [pair for pair in others if not pair.significant]
    above = [pair for pair in others if pair.significant and pair.difference.value < 0]  # only a reference can be
    verb = "is" if pronoun == "it" else "are"
    clauses: list[str] = []
    if below:
        clauses.append(f"{pronoun} {verb} better than {named(below)}")
    if level:
        clauses.append(f"{'' if below else f'{pronoun} '}cannot be told apart from {named(level)}")
    if above:
        clauses.append(f"{'' if clauses else f'{pronoun} '}{verb} worse than {named(above)}")
    return " but ".join(clauses)


def _against_comparator(comparison: Comparison, aurocs: Mapping[str, Interval]) -> str:
    """Say which runs are better or worse than the comparator, and which ones do not differ from it."""
    known = {result.run_id: result for result in comparison.results}
    comparator, references = known[comparison.comparator or ""], _references(comparison)

    def named(pairs: Sequence[PairDifference]) -> str:
        return listed([f"the reference {pair.first}" if pair.first_id in references else pair.first for pair in pairs])

    pairs = comparison.differences
    kinds = (
        ("better", [pair for pair in pairs if pair.significant and pair.difference.value > 0]),
        ("worse", [pair for pair in pairs if pair.significant and pair.difference.value < 0]),
    )
    clauses = [f"{named(found)} {'is' if len(found) == 1 else 'are'} {word}" for word, found in kinds if found]
    if level := [pair for pair in pairs if not pair.significant]:
        clauses.append(f"{named(level)} cannot be told apart from it")
    return (
        f"Against {comparator.name}, named beforehand ({_measure(comparison)} {aurocs[comparator.run_id]}), "
        f"{listed(clauses)} on {_basis(comparison)}."
    )


def _references(comparison: Comparison) -> set[str]:
    return {result.run_id for result in comparison.results if result.is_reference}


def _measure(comparison: Comparison) -> str:
    return f"AUROC for {comparison.class_of_interest} against the rest" if comparison.many else "AUROC"


def _basis(comparison: Comparison) -> str:
    number, kind = comparison.n_groups, comparison.group_kind
    if kind is None:
        number, kind = comparison.n, f"{comparison.split_set} patch"
    return f"these {count(number, kind)}" if number > 1 else f"this one {kind}"


def _undefined(comparison: Comparison) -> str:
    counts = comparison.results[0].confusion.sum(axis=1)
    positives = int(counts[comparison.classes.index(comparison.class_of_interest)])
    share = "none" if positives == 0 else "every one"
    return (
        f"AUROC is not defined here: of the {comparison.n:,} {comparison.split_set} patches {share} is "
        f"{comparison.class_of_interest}."
    )
