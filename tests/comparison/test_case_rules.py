import pytest

from histo_core.comparison.case_rules import ALLOWED, CaseRule, parse_case_rule
from histo_core.errors import ComparisonError

RULES = {
    "cell:tumour>normal@a1": CaseRule("cell", ("a1",), true="tumour", called="normal"),
    "scores:0.25..0.5@a1": CaseRule("scores", ("a1",), low=0.25, high=0.5),
    "wrong:a1": CaseRule("wrong", ("a1",)),
    "right-wrong:a1,b2": CaseRule("right-wrong", ("a1", "b2")),
    "hardest": CaseRule("hardest"),
    "uncertain": CaseRule("uncertain"),
    "disagreement": CaseRule("disagreement"),
    "label-errors": CaseRule("label-errors"),
    "slice:scanner=A": CaseRule("slice", column="scanner", value="A"),
}


@pytest.mark.parametrize(("text", "rule"), RULES.items(), ids=list(RULES))
def test_a_rule_is_read_as_it_is_written(text: str, rule: CaseRule) -> None:
    assert parse_case_rule(text) == rule
    assert str(rule) == text


@pytest.mark.parametrize("name", ["a>b", "a@b", "a=b", "a,b", "50%", "a:b", "größer ☃", "a..b"])
def test_names_may_hold_the_separators(name: str) -> None:
    for rule in (
        CaseRule("cell", (name,), true=name, called=name),
        CaseRule("right-wrong", (name, "b2")),
        CaseRule("scores", (name,), low=0.1, high=1 / 3),
        CaseRule("slice", column=name, value=name),
    ):
        assert parse_case_rule(str(rule)) == rule


@pytest.mark.parametrize(
    "text",
    [
        "",
        "everything",
        "hardest:a1",
        "cell:tumour@a1",
        "cell:tumour>normal",
        "cell:tumour>normal@a1,b2",
        "scores:0.5..0.2@a1",
        "scores:0..2@a1",
        "scores:nan..1@a1",
        "scores:a..b@a1",
        "wrong:",
        "wrong:a1,b2",
        "right-wrong:a1",
        "right-wrong:a1,a1",
        "slice:scanner",
    ],
)
def test_what_is_no_rule_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ComparisonError, match="cases = ") as refused:
        parse_case_rule(text)
    assert ALLOWED in str(refused.value)
