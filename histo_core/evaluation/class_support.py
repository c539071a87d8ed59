"""Count the samples and the independent patients or slides of each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from histo_core.evaluation.validation import Groups
from histo_core.shown_text import count


@dataclass(frozen=True)
class ClassSupport:
    """The support of one class: its samples and groups.

    Attributes:
        name: name of the class, or of several together.
        patches: number of its samples.
        groups: number of their patients (else slides); None where neither is known.
    """

    name: str
    patches: int
    groups: int | None

    def words(self, kind: str | None) -> str:
        """Return the support in words: "tumour: 60 patches of 8 patients".

        Args:
            kind: patient or slide; None where neither is known.
        """
        if not self.patches:
            return f"{self.name}: none"
        of = "" if self.groups is None or kind is None else f" of {count(self.groups, kind)}"
        return f"{self.name}: {count(self.patches, 'patch')}{of}"


def class_support(y_true: np.ndarray, names: Sequence[str], groups: Groups = None) -> tuple[ClassSupport, ...]:
    """Count the samples and the groups of each class.

    Args:
        y_true: int64 [n], index into ``names``.
        names: names of the classes.
        groups: patient (else slide) ids [n]; None where neither is known.
    """
    ids = None if groups is None else np.asarray(groups, dtype=object)
    return tuple(_one(name, y_true == i, ids) for i, name in enumerate(names))


def one_against_rest_support(
    y_true: np.ndarray, names: Sequence[str], of_interest: int, groups: Groups = None
) -> tuple[ClassSupport, ...]:
    """Count the samples and groups of one class and of all others together; a single other class keeps its name.

    Args:
        y_true, names, groups: as for `class_support`.
        of_interest: index of the class.
    """
    others = [name for i, name in enumerate(names) if i != of_interest]
    rest = others[0] if len(others) == 1 else "the rest"
    return class_support((y_true != of_interest).astype(np.int64), (names[of_interest], rest), groups)


def support_in_words(support: Sequence[ClassSupport], kind: str | None) -> str:
    """Return all support in words: "tumour: 60 patches of 8 patients; normal: 60 patches of 12 patients"."""
    return "; ".join(one.words(kind) for one in support)


def _one(name: str, belongs: np.ndarray, ids: np.ndarray | None) -> ClassSupport:
    return ClassSupport(name, int(belongs.sum()), None if ids is None else len(set(ids[belongs].tolist())))
