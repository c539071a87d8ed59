"""Counts with their nouns, which one function makes everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from histo_core.shown_text import count, plural

PROJECT = Path(__file__).resolve().parents[2]
OWN_PLURAL = re.compile(r"""else ["'](s|es)["']|["']e?s["'] (\*|if )|\w\(s\)[ .]|noun \+ ["']s""")
"""An ending that is put to a noun by hand."""


@pytest.mark.parametrize(
    ("number", "noun", "many", "said"),
    [
        (0, "run", "", "0 runs"),
        (1, "patch", "", "1 patch"),
        (4000, "patch", "", "4,000 patches"),
        (2, "class", "", "2 classes"),
        (3, "process", "", "3 processes"),
        (5, "near-duplicate", "", "5 near-duplicates"),
        (1, "patient or slide", "patients or slides", "1 patient or slide"),
        (2, "patient or slide", "patients or slides", "2 patients or slides"),
    ],
)
def test_a_count_has_its_nouns_number(number: int, noun: str, many: str, said: str) -> None:
    assert count(number, noun, many) == said


def test_a_plural_without_a_count() -> None:
    assert [plural(noun) for noun in ("Patient", "box", "brush", "branch")] == [
        "Patients",
        "boxes",
        "brushes",
        "branches",
    ]


def test_no_other_place_makes_plurals() -> None:
    by_hand = [
        f"{file.relative_to(PROJECT)}:{number}: {line.strip()}"
        for room in ("histo_core", "pages")
        for file in sorted((PROJECT / room).rglob("*.py"))
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if OWN_PLURAL.search(line) and "lack" not in line
    ]
    assert not by_hand
