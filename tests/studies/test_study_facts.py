"""Every fact of the studies' own files, walked leaf by leaf, is stated by the product.

A fact that no rule covers fails, and so does a rule that covers no fact. Numbers are compared with what a recipe does
or reports; what a recipe cannot do is looked for in its words, all of a fact's parts in one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from study_facts import Rule, Study
from study_rules import RULES

from histo_core.studies.recipes import STUDIES

FILES = Path(__file__).resolve().parents[3] / "shared" / "studies"
NAMES = [name for name in STUDIES if name != "pcam_4000"]


@pytest.fixture(params=NAMES)
def facts(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """A study's name, and the leaves of its file by dotted path."""
    file = FILES / f"{request.param}.yaml"
    if not file.is_file():
        pytest.skip("the studies' files are not beside the project (../shared/studies)")
    return request.param, dict(_leaves("", yaml.safe_load(file.read_text(encoding="utf-8"))))


def test_every_fact_is_stated(facts: tuple[str, dict[str, Any]]) -> None:
    name, leaves = facts
    study, wrong = Study(STUDIES[name]), []
    for path, value in leaves.items():
        rule = _rule(RULES[name], path)
        if rule is None:
            wrong.append(f"{path} = {value!r}: no rule")
        elif not rule(study, path, value):
            wrong.append(f"{path} = {value!r}")
    assert not wrong, "\n".join(wrong)


def test_every_rule_is_of_a_fact(facts: tuple[str, dict[str, Any]]) -> None:
    name, leaves = facts
    used = {_prefix(RULES[name], path) for path in leaves}
    assert set(RULES[name]) - used == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_can_fail(name: str) -> None:
    """Numbers that no study has are found nowhere."""
    study = Study(STUDIES[name])
    assert not any(rule(study, f"{prefix}.nosuch", 0.123456789) for prefix, rule in RULES[name].items())


def _rule(rules: Mapping[str, Rule], path: str) -> Callable[..., bool] | None:
    prefix = _prefix(rules, path)
    return None if prefix is None else rules[prefix]


def _prefix(rules: Mapping[str, Rule], path: str) -> str | None:
    fitting = [prefix for prefix in rules if re.match(rf"{re.escape(prefix)}(\.|$)", path)]
    return max(fitting, key=len, default=None)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Mappings are walked; of a list of texts each is a leaf, a list of numbers is one; a key alone is its value."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _leaves(f"{path}.{key}".lstrip("."), below)
    elif isinstance(value, list) and all(isinstance(one, str) for one in value):
        for number, one in enumerate(value):
            yield f"{path}.{number}", one
    else:
        yield path, path.rpartition(".")[2] if value is None else value
