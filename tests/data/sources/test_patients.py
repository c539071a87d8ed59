"""Patients from names."""

from __future__ import annotations

import time

import pytest

from histo_core.data.sources.patients import patient_ids, preview
from histo_core.errors import ConfigError

NAMES = ["benign/P01_3.png", "malignant/P2_1.png", "malignant/größe_肿瘤.png", "x.png"]


def test_the_first_group_or_the_one_named_patient_is_the_id() -> None:
    assert patient_ids(NAMES, r"/(P\d+)_") == ["P01", "P2", None, None]
    assert patient_ids(NAMES, r"(/)(?P<patient>[^_]+)_") == ["P01", "P2", "größe", None]
    assert patient_ids(NAMES, r"(P?)") == [None] * 4  # an empty id is none
    assert patient_ids([], "(a)") == []


def test_a_preview_shows_the_first_twenty() -> None:
    shown = preview([f"c/P{number}.png" for number in range(30)], r"P(\d)$|P(?P<patient>\d\d)")
    assert shown.columns.tolist() == ["name", "patient_id"]
    assert len(shown) == 20
    assert shown["patient_id"].tolist() == [None] * 10 + [str(number) for number in range(10, 20)]


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(", r"'\(' is no regular expression: missing \)"),
        ("a{9999999999999}(b)", "is no regular expression"),
        (r"P\d+", "has no group"),
        ("(" + "a" * 500 + ")", "has 502 characters.*At most 500"),
    ],
)
def test_patterns_that_cannot_be_used_are_refused_in_words(pattern: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        patient_ids(NAMES, pattern)
    assert caught.value.remedy


def test_a_pattern_that_never_ends_is_stopped() -> None:
    started = time.monotonic()
    with pytest.raises(ConfigError, match=r"\(a\+\)\+\$'? was not done with 1 names after 0.5 s.*simpler"):
        patient_ids(["a" * 60 + "!"], "(a+)+$", seconds=0.5)
    assert time.monotonic() - started < 5
