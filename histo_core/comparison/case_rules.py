"""Name the rules by which patches of a comparison are picked, and write them as text for a link or an option."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

from histo_core.errors import ComparisonError

Kind = Literal[
    "cell", "scores", "wrong", "right-wrong", "hardest", "uncertain", "disagreement", "label-errors", "slice"
]
WHOLE: tuple[Kind, ...] = ("hardest", "uncertain", "disagreement", "label-errors")
"""Kinds that need no further words."""
ALLOWED = (
    "cell:TRUE>CALLED@RUN, scores:LOW..HIGH@RUN, wrong:RUN, right-wrong:RUN,RUN, hardest, uncertain, disagreement, "
    "label-errors and slice:COLUMN=VALUE are allowed."
)
_SAFE = " /()-._"
"""Characters that stay as they are in a name; the rest is percent-encoded, so that no name contains a separator."""


@dataclass(frozen=True)
class CaseRule:
    """A rule that picks patches of a comparison.

    Attributes:
        kind: what is picked. ``cell``: a cell of a run's confusion matrix. ``scores``: a range of a run's probability
            of the class of interest, which is a stretch of its ROC curve. ``wrong``: what a run calls wrongly.
            ``right-wrong``: what the first run calls rightly and the second wrongly. ``hardest``: what all runs call
            wrongly. ``uncertain``: where the two most probable classes are closest. ``disagreement``: where the runs'
            probabilities differ most. ``label-errors``: whose labels are likely wrong. ``slice``: a value of a column.
        runs: ids of the runs that the rule is about.
        true, called: classes of a cell.
        low, high: limits of a range of probabilities, 0 to 1; both belong to it.
        column, value: of a slice.
    """

    kind: Kind
    runs: tuple[str, ...] = ()
    true: str = ""
    called: str = ""
    low: float = 0.0
    high: float = 1.0
    column: str = ""
    value: str = ""

    def __str__(self) -> str:
        """Return the text that `parse_case_rule` reads."""
        runs = ",".join(map(_coded, self.runs))
        match self.kind:
            case "cell":
                return f"cell:{_coded(self.true)}>{_coded(self.called)}@{runs}"
            case "scores":
                return f"scores:{self.low!r}..{self.high!r}@{runs}"
            case "slice":
                return f"slice:{_coded(self.column)}={_coded(self.value)}"
            case "wrong" | "right-wrong":
                return f"{self.kind}:{runs}"
            case _:
                return self.kind


def parse_case_rule(text: str) -> CaseRule:
    """Parse the text of a rule.

    Raises:
        ComparisonError: it is none.

    Example:
        >>> rule = parse_case_rule("cell:tumour>normal@9c01fa7e2b11-1")
        >>> rule.true, rule.called, rule.runs
        ('tumour', 'normal', ('9c01fa7e2b11-1',))
        >>> str(rule)
        'cell:tumour>normal@9c01fa7e2b11-1'
    """
    kind, _, rest = text.strip().partition(":")
    for whole in WHOLE:
        if kind == whole and not rest:
            return CaseRule(whole)
    words, at, named = rest.rpartition("@")
    runs = tuple(unquote(run) for run in (named if at else rest).split(",") if run)
    match kind:
        case "cell" if words.count(">") == 1 and len(runs) == 1:
            true, called = map(unquote, words.split(">"))
            return CaseRule("cell", runs, true=true, called=called)
        case "scores" if len(runs) == 1:
            low, high = _range(words, text)
            return CaseRule("scores", runs, low=low, high=high)
        case "wrong" if len(runs) == 1 and not at:
            return CaseRule("wrong", runs)
        case "right-wrong" if len(runs) == 2 and runs[0] != runs[1] and not at:
            return CaseRule("right-wrong", runs)
        case "slice" if rest.count("=") == 1:
            column, value = map(unquote, rest.split("="))
            return CaseRule("slice", column=column, value=value)
        case _:
            raise _refused(text)


def _range(words: str, text: str) -> tuple[float, float]:
    low, _, high = words.partition("..")
    try:
        limits = float(low), float(high)
    except ValueError:
        raise _refused(text) from None
    if not 0 <= limits[0] <= limits[1] <= 1:
        raise _refused(text)
    return limits


def _refused(text: str) -> ComparisonError:
    return ComparisonError(f"cases = {text!r}.", ALLOWED, "hardest shows what all models call wrongly.")


def _coded(name: str) -> str:
    return quote(name, safe=_SAFE)
