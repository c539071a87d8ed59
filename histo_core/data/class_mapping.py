"""Propose which of a model's classes each class of other data stands for, and count what would not count."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from histo_core.data.dataset import DATASETS, UNLABELLED, Dataset
from histo_core.data.sources.alike import common_form

Reason = Literal["same", "case", "spelling", "synonym", "chosen", "unmatched"]
REASONS: Mapping[Reason, str] = {
    "same": "same name",
    "case": "same name in other capitals",
    "spelling": "another spelling",
    "synonym": "another name of it",
    "chosen": "your choice",
    "unmatched": "no class of this name",
}
"""The reasons in words."""

Synonyms = Mapping[str, Sequence[str]]
"""For a class its other names, as `histo_core.data.dataset.DatasetInfo.synonyms` declares them."""


@dataclass(frozen=True)
class ClassMatch:
    """One class of the data, and the model's class that it stands for.

    Attributes:
        theirs: the class of the data.
        ours: the class of the model, or "" where its patches count as unlabelled.
        reason: why; "unmatched" where nobody has decided yet.
        patches: how many labelled patches it has.
    """

    theirs: str
    ours: str
    reason: Reason
    patches: int


@dataclass(frozen=True)
class ClassMapping:
    """A match of the classes of some data with those of a model.

    Attributes:
        classes: the classes of the model.
        matches: one for each class of the data, in their order.
    """

    classes: tuple[str, ...]
    matches: tuple[ClassMatch, ...]

    @property
    def labelled(self) -> int:
        """The number of labelled patches."""
        return sum(match.patches for match in self.matches)

    @property
    def ignored(self) -> int:
        """The number of labelled patches that would not count, because no class of the model stands for theirs."""
        return sum(match.patches for match in self.matches if not match.ours)

    @property
    def plain(self) -> dict[str, str] | None:
        """The decided classes whose names differ, as `histo_core.data.label_mapping.under_classes` takes them.

        None where there are none: classes of the same name need no mapping.
        """
        found = {match.theirs: match.ours for match in self.matches if match.reason not in ("same", "unmatched")}
        return found or None

    def changed(self, choices: Mapping[str, str] | None) -> ClassMapping:
        """Return the mapping with a user's choices: for a class of the data a class of the model, or "" for none.

        Choices for classes that the data do not have are left out.
        """
        return replace(self, matches=tuple(_changed(match, choices or {}) for match in self.matches))

    @property
    def sentence(self) -> str:
        """Say in words which names are matched, and how many labelled patches would not count; "" where all agree."""
        used = [match for match in self.matches if match.patches and match.reason != "same"]
        renamed = [f"{match.theirs} counts as {match.ours} ({REASONS[match.reason]})" for match in used if match.ours]
        lost = [match for match in used if not match.ours]
        parts = [", ".join(renamed)] if renamed else []
        if lost:
            names = ", ".join(f"{match.theirs} ({match.patches:,})" for match in lost)
            parts.append(
                f"{self.ignored:,} of {self.labelled:,} labelled patches do not count, because the model has no class "
                f"for {names}"
            )
        return f"Classes: {'; '.join(parts)}." if parts else ""


def propose_mapping(
    counts: Mapping[str, int], classes: Sequence[str], synonyms: Iterable[Synonyms | None] = ()
) -> ClassMapping:
    """Match classes of some data with a model's by name, then case, then spelling, then declared synonyms.

    A class that fits several of the model's equally well stays unmatched. So do classes of the data that differ in
    case or spelling alone from one that is matched already: their owner keeps them apart.

    Args:
        counts: the labelled patches of each class of the data, which may be 0.
        classes: the classes of the model.
        synonyms: what the data sets of both sides declare.

    Example:
        >>> found = propose_mapping({"Normal": 4, "tumor": 5, "benign": 6}, ("normal", "tumour"))
        >>> [(match.theirs, match.ours, match.reason) for match in found.matches]
        [('Normal', 'normal', 'case'), ('tumor', 'tumour', 'spelling'), ('benign', '', 'unmatched')]
        >>> found.ignored, found.changed({"benign": "normal"}).ignored
        (6, 0)
    """
    found: dict[str, tuple[str, Reason]] = {}
    for reason, form in _FORMS:
        taken = {ours for ours, _ in found.values()}
        free = [name for name in counts if name not in found]
        forms = [form(name) for name in free]
        for name in free:
            fitting = [ours for ours in classes if ours not in taken and form(ours) == form(name)]
            if len(fitting) == 1 and forms.count(form(name)) == 1:
                found[name] = (fitting[0], reason)
    groups = [_group(name, others) for one in synonyms for name, others in (one or {}).items()]
    for name in [name for name in counts if name not in found]:
        near = {form for group in groups if common_form(name) in group for form in group} - {common_form(name)}
        fitting = [ours for ours in classes if common_form(ours) in near]
        if len(fitting) == 1:
            found[name] = (fitting[0], "synonym")
    undecided: tuple[str, Reason] = ("", "unmatched")
    return ClassMapping(
        tuple(classes),
        tuple(ClassMatch(name, *found.get(name, undecided), patches) for name, patches in counts.items()),
    )


def mapping_for(
    dataset: Dataset, classes: Sequence[str], trained_on: str, rows: np.ndarray | None = None
) -> ClassMapping:
    """Propose what the classes of a data set stand for in a model, with the synonyms that both data sets declare.

    Args:
        dataset: the data, labelled or not.
        classes: the classes of the model.
        trained_on: registered name of the data set that the model was trained on.
        rows: int64 [n], the rows whose labels are counted; None counts all.
    """
    labels = dataset.table["label"].to_numpy(np.int64)
    labels = labels if rows is None else labels[rows]
    numbers = np.bincount(labels[labels != UNLABELLED], minlength=len(dataset.classes)).tolist()
    counts = dict(zip(dataset.classes, numbers, strict=True))
    return propose_mapping(counts, classes, [declared_synonyms(name) for name in {dataset.name, trained_on}])


def declared_synonyms(dataset: str) -> Synonyms | None:
    """Return the synonyms that a registered data set declares; None where it declares none or is not installed."""
    return DATASETS[dataset].info.synonyms if dataset in DATASETS else None


def _changed(match: ClassMatch, choices: Mapping[str, str]) -> ClassMatch:
    ours = choices.get(match.theirs)
    if ours is None or (ours == match.ours and match.reason != "unmatched"):
        return match
    return replace(match, ours=ours, reason="same" if ours == match.theirs else "chosen")


def _group(name: str, others: Sequence[str]) -> set[str]:
    return {common_form(name), *map(common_form, others)}


def _itself(name: str) -> str:
    return name


def _caseless(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()


_FORMS: tuple[tuple[Reason, Callable[[str], str]], ...] = (
    ("same", _itself),
    ("case", _caseless),
    ("spelling", common_form),
)
"""The forms in which two names are compared, the strictest first."""
