"""Data shown as text."""

from datetime import UTC, datetime, timedelta

import pytest

from pages.ui.text import ago, count, duration, plain, word_for_all


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "**bold**", "[x](http://x)", "$x$", ":red[x]", "`x`"])
def test_nothing_in_data_is_read_as_markup(hostile: str) -> None:
    shown = plain(hostile)
    bare = [sign for before, sign in zip(" " + shown, shown, strict=False) if sign in "<>*[]()$:`" and before != "\\"]
    assert bare == []
    assert shown.replace("\\", "") == hostile


def test_line_breaks_become_spaces() -> None:
    assert plain("a\n\n# b") == "a \\# b"


def test_counts_have_thousands_separators_and_a_noun_in_number() -> None:
    assert [count(1, "patch", "patches"), count(4000, "patch", "patches"), count(0, "run")] == [
        "1 patch",
        "4,000 patches",
        "0 runs",
    ]


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 s"), (89, "89 s"), (150, "2 min"), (7500, "2 h 05 min")])
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_moments() -> None:
    assert ago(datetime.now(UTC) - timedelta(minutes=5)) == "5 min ago"


def test_the_word_for_all_is_never_one_of_the_values() -> None:
    assert word_for_all(["normal", "tumor"]) == "all"
    assert word_for_all(["all", "(all)"]) == "((all))"
