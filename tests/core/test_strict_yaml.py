"""YAML without surprises."""

from __future__ import annotations

import pytest
import yaml

from histo_core.config import RunConfig
from histo_core.errors import ConfigError
from histo_core.strict_yaml import load


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("190:20:30", "190:20:30"),
        ("2001-99-99", "2001-99-99"),
        ("2001-01-01", "2001-01-01"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("'3'", "3"),
        ("3", 3),
        ("-2.5e-05", -2.5e-05),
        ("true", True),
        ("~", None),
        ("", None),
        ("9" * 200, "9" * 200),
        ("{a: [1, {b: x}]}", {"a": [1, {"b": "x"}]}),
    ],
)
def test_scalars_are_what_they_look_like(text: str, value: object) -> None:
    assert load(text) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\nb: 2\na: 3", "line 3: the key 'a' stands twice"),
        ("a: &x [1]\nb: *x", r"line 2: the alias \*x"),
        ("a: !!python/object:os.system x", "the tag .* is not read"),
        ("!!timestamp 2001-99-99", "the tag .* is not read"),
        ("[" * 30_000, "nested more than 20 deep"),
        ("- " * 30_000, "nested more than 20 deep"),
        ("? [1]\n: 2", "a key is no text"),
        ("a: 1\n---\na: 2", "a second document"),
        ("a: [", "expected the node content"),
        ("a: \x00", "special characters"),
        ("# " + "x" * 70_000, "at most 65,536 are read"),
    ],
)
def test_the_rest_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        load(text)


@pytest.mark.parametrize(
    "text", ["yes", "on", "190:20:30", "2001-01-01", "08", "010", "1e5", "1_0", ".5", "0x1", "=", "<<"]
)
def test_what_pyyaml_writes_of_a_text_is_read_as_that_text(text: str) -> None:
    assert load(yaml.safe_dump({"a": text})) == {"a": text}


@pytest.mark.parametrize("value", ["190:20:30", "2001-99-99", "[[1]]", "*a", "!!int x", "1" * 5_000])
def test_a_configuration_with_such_a_value_is_an_error_of_ours(value: str) -> None:
    with pytest.raises(ConfigError):
        RunConfig.from_yaml(f"seed: {value}\n")


def test_a_configuration_comes_back_as_it_was_written() -> None:
    config = RunConfig.parse({"data": {"options": {"a": "yes", "b": "08", "c": 1e-07, "d": True}}})
    assert RunConfig.from_yaml(config.to_yaml()) == config
