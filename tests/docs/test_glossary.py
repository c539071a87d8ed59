"""docs/glossary.md can be read by a program: the pages will link to its terms."""

from __future__ import annotations

from glossary_file import GLOSSARY, read_terms
from markdown_files import anchors


def test_terms_are_unique_sorted_and_can_be_linked() -> None:
    terms = read_terms(GLOSSARY.read_text())
    names = [term.name for term in terms]
    assert len(names) >= 60
    assert names == sorted(set(names), key=str.casefold)
    headings = anchors(GLOSSARY.read_text())
    assert len(headings) == len(set(headings)) == len(names) + 1


def test_each_term_is_told_in_one_to_three_sentences() -> None:
    for term in read_terms(GLOSSARY.read_text()):
        assert term.text.endswith((".", "p).")), term.name
        assert 1 <= term.text.count(". ") + 1 <= 3, f"{term.name}: {term.text}"
        assert "*Also:*" not in term.text, f"{term.name}: other names stand on the last line"
        assert "*Not:*" not in term.text, f"{term.name}: other names stand on the last line"


def test_a_word_is_another_name_of_one_term_only() -> None:
    terms = read_terms(GLOSSARY.read_text())
    meant = {term.name.casefold(): term.name for term in terms}
    assert sum(len(term.also) for term in terms) > len(terms) / 2
    for term in terms:
        for word in term.also:
            assert meant.setdefault(word.casefold(), term.name) == term.name, f"{word!r} also means {meant[word]!r}"
        assert not {*term.also, term.name} & set(term.avoided), term.name


def test_a_term_is_parsed_into_its_parts() -> None:
    text = "# Words\n\n### One\n\nThe *first*\nof all.\n\n*Also:* single, 1. *Not:* unit.\n\n### Two\n\nThe *second*.\n"
    one, two = read_terms(text)
    assert (one.name, one.text, one.also, one.avoided) == ("One", "The *first* of all.", ("single", "1"), ("unit",))
    assert (two.name, two.text, two.also, two.avoided) == ("Two", "The *second*.", (), ())
