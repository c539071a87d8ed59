"""Say whether the data suffice for a run at all, and what its result will not show."""

from __future__ import annotations

from histo_core.errors import DataError
from histo_core.recommendation.facts import DataFacts
from histo_core.runs.preflight_data import FEW_GROUPS, lacks_class
from histo_core.shown_text import count, plural

FEWEST = 10
"""Fewest patches of each class, over all sets, from which a run is recommended."""
FEW_PATCHES = 100
"""Fewest validation patches of each class by which an epoch can be chosen, where no patients are known."""
_FEW = "the validation set holds {} of the rarer class, too few to choose an epoch by"
_SHOWN = 3


def check_enough(facts: DataFacts) -> None:
    """Refuse data from which nothing can be learnt or tested.

    Raises:
        DataError: fewer than two classes, a class with too few patches, or one that the training set lacks.
    """
    total = [sum(counts) for counts in zip(*facts.patches.values(), strict=True)]
    present = [name for name, number in zip(facts.classes, total, strict=True) if number]
    if len(present) < 2:
        raise DataError(
            f"All labelled patches show {present[0] if present else 'no class'}.",
            "Two classes at least are needed to tell them apart.",
            "Check the folder's classes, or add patches of another class.",
        )
    few = {name: number for name, number in zip(facts.classes, total, strict=True) if number < FEWEST}
    if few:
        raise _too_few(few, len(facts.classes))
    lacking = _lacking(facts, "train")
    if lacking:
        raise DataError(
            f"The training set has no patch of {_listed(lacking)}.",
            "Each class must be in the training set to be learnt.",
            "Split by another column or at random, or with another split seed.",
        )


def why_epoch_is_noise(facts: DataFacts) -> str:
    """Return why the lowest validation loss would choose the epoch by chance; "" where the validation set is enough."""
    if facts.groups is not None:
        fewest = min(facts.grouped["valid"])
        if fewest >= FEW_GROUPS:
            return ""
        return _FEW.format(count(fewest, facts.groups))
    fewest = min(facts.patches["valid"])
    if fewest >= FEW_PATCHES:
        return ""
    return _FEW.format(count(fewest, "patch"))


def doubts(facts: DataFacts) -> tuple[str, ...]:
    """Return what a user should know before training: a sentence each."""
    said = [
        lacks_class(split_set, lacking)
        for split_set in ("valid", "test")
        if facts.total(split_set) and (lacking := _lacking(facts, split_set))
    ]
    if facts.groups is None:
        said.append(
            "Patients are not known: patches of one patient may stand in several sets, and the result is then too good."
        )
    elif facts.total("test") and (fewest := min(facts.grouped["test"])) < FEW_GROUPS:
        said.append(
            f"The test set holds {count(fewest, facts.groups)} of the rarer class: its figures will have wide "
            f"intervals. Folds by {facts.groups} test on all of them."
        )
    if facts.magnifications:
        said.append(
            f"The images mix the magnifications {', '.join(facts.magnifications)}: choose one, unless the network is "
            "to work at all of them."
        )
    return tuple(said)


def _lacking(facts: DataFacts, split_set: str) -> list[str]:
    return [name for name, number in zip(facts.classes, facts.patches[split_set], strict=True) if not number]


def _too_few(few: dict[str, int], classes: int) -> DataError:
    numbers = set(few.values())
    if len(numbers) == 1 and len(few) == classes:
        (number,) = numbers
        each = f"{_in_words(number)} {'patch' if number == 1 else plural('patch')} a class"
        found = f"{each} {'is' if number == 1 else 'are'} too few to train and test a network."
    else:
        named = ", ".join(f"{number:,} of {name}" for name, number in list(few.items())[:_SHOWN])
        more = f" and {count(len(few) - _SHOWN, 'other class')}" if len(few) > _SHOWN else ""
        found = f"There are too few patches of some classes to train and test a network: {named}{more}."
    return DataError(
        found,
        f"At least {FEWEST} of each class are needed, and a hundred for figures that say something.",
        "Add patches, leave the rare classes out or join them with others, or apply a model that was trained on more "
        "data (Predict). Look at the patches with Data. To train all the same, choose the settings by yourself.",
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} others" if len(names) > _SHOWN else shown


def _in_words(number: int) -> str:
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
    return words[number] if number < len(words) else str(number)
