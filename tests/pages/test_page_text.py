"""Data shown as text."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from pages.shared.components.text import ago, count, duration, file_name, plain, word_for_all


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "**bold**", "[x](http://x)", "$x$", ":red[x]", "`x`"])
def test_nothing_in_data_is_read_as_markup(hostile: str) -> None:
    shown = plain(hostile)
    bare = [sign for before, sign in zip(" " + shown, shown, strict=False) if sign in "<>*[]()$:`" and before != "\\"]
    assert bare == []
    assert shown.replace("\\", "").replace("\u2060", "") == hostile


# Streamlit 1.67 runs these on text whose escapes are gone already: GFM's links, emoji, icons and typographic signs.
TRANSFORMS = [
    r"(https?://|www(?=\.))([-.\w]+)([^ \t\r\n]*)",
    r"(^|[\s\W])[-.\w+]+@[-\w]+(?:\.[-\w]+)+",
    r":\+1:|:-1:|:[\w-]+:",
    r":material[_/]\w+:",
    r"(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)",
]


@pytest.mark.parametrize(
    "name",
    ["see https://x.example/a", "HTTP://X", "www.x.example", "a@b.example", ":smile: :+1: a:b:c:d:", ":material/home:",
     ":streamlit:", "a -> b <- c <-> d -- e", ">= 1", "a ~= b <="],
)  # fmt: skip
def test_no_text_becomes_a_link_an_emoji_or_a_sign(name: str) -> None:
    left = re.sub(r"\\(.)", r"\1", plain(name))
    assert [one for one in TRANSFORMS if re.search(one, left, re.IGNORECASE)] == []
    assert left.replace("\u2060", "") == name


@pytest.mark.parametrize("name", ["12:30", "C:\\x", "a:b", "ratio 1:2", "a--b", "user@", "www", "x->y"])
def test_what_nothing_would_change_gets_no_further_character(name: str) -> None:
    assert "\u2060" not in plain(name)


def test_controls_and_what_turns_the_text_that_follows_are_replaced() -> None:
    assert plain("a\x00b\x1b[c\u202edcba\u2066\udcff") == "a�b�\\[c�dcba��"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ('a"b\r\nc', "a_b_c"),
        (".bashrc", "bashrc"),
        ("", "file"),
        ("é 1", "é_1"),
    ],
)
def test_a_download_gets_a_harmless_name(name: str, file: str) -> None:
    assert file_name(name) == file
    assert len(file_name(name * 200)) <= 120


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
