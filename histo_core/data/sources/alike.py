"""Find classes whose names look like one class in two spellings, such as tumor and tumour."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from histo_core.errors import CorruptDataError

MEANT = "Alike names are different classes"
"""The title of the option that treats them as two classes."""

_SHORTEST_PLURAL = 4
"""Fewest letters of a plural; short names such as GNB are abbreviations, whose s is no plural."""


def refuse_alike(classes: Sequence[str], where: str, remedy: str, *, meant: bool) -> None:
    """Refuse classes whose names differ only in case, spelling, plural or white space.

    Args:
        classes: their names, each once.
        where: the folder or table that names them.
        remedy: how to merge the two classes.
        meant: whether the user said that they are different classes.

    Raises:
        CorruptDataError: it names both, and what to do.
    """
    if meant:
        return
    by_form: dict[str, str] = {}
    for name in classes:
        other = by_form.setdefault(common_form(name), name)
        if other != name:
            raise CorruptDataError(
                f"{where} has the classes {other!r} and {name!r}, which look like one class spelled twice.",
                "Class names that differ in more than case, spelling, plural or white space are expected.",
                f"{remedy} If they are two classes, say so: {MEANT} (--option alike=true).",
            )


def common_form(name: str) -> str:
    """Return a name's common form: lower case, American spelling, singular, one space between words."""
    form = unicodedata.normalize("NFKC", name).casefold().strip()
    form = re.sub(r"(?<=\w)[\s_\-]+(?=\w)", " ", form.replace("_", " ")).strip()
    form = form.replace("our", "or").replace("ae", "e").replace("oe", "e")
    words = [
        word[:-1] if len(word) >= _SHORTEST_PLURAL and word[-1] == "s" != word[-2] else word for word in form.split()
    ]
    return " ".join(words)
