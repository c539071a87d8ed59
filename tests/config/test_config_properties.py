"""Whatever a configuration holds, files and links bring it back, and its hash names it: properties of random ones."""

from __future__ import annotations

import json
from typing import Any, Literal, get_args, get_origin

import pytest
import yaml
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from other_values import inner_type, limits, other_values
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from histo_core.config import Config, DataConfig, ModelConfig, PreprocessConfig, RunConfig, SplitConfig, parse_config
from histo_core.config.belongs import BELONGS
from histo_core.config.protocol import ProtocolConfig, SweepField
from histo_core.config.train import TrainConfig
from histo_core.errors import ConfigError

FEW = settings(max_examples=60, deadline=None, derandomize=True, database=None)
"""The same examples in each run; enough for each field to be drawn a few times."""
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
OPTIONS = st.dictionaries(TEXT, st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | TEXT, max_size=3)


def _field(name: str, field: FieldInfo) -> st.SearchStrategy[Any]:
    """Any legal value of a field, told from its type and limits."""
    kind, (low, high) = inner_type(field.annotation), limits(field)
    if name == "device":
        return st.sampled_from(["auto", "cpu", "mps", "cuda:0", "cuda:11"])
    if name == "weights_sha256":
        return st.none() | st.text("0123456789abcdef", min_size=64, max_size=64)
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if kind is bool:
        return st.booleans()
    if kind is int:
        return st.integers(int(low), min(int(high), 10**6))
    if kind is float:
        # Limits that are not reached are given as such: the step keeps inside.
        return st.floats(low, high, exclude_min=True, exclude_max=True)
    if get_origin(kind) is tuple:
        inner = inner_type(get_args(kind)[0])
        if get_origin(inner) is Literal:
            return st.lists(st.sampled_from(get_args(inner)), min_size=1, unique=True).map(tuple)
        return st.tuples(*[st.floats(0.01, 1)] * 3)
    return OPTIONS if get_origin(kind) is dict else TEXT


@st.composite
def _some(draw: st.DrawFn, kind: type[Config]) -> Any:
    """A configuration in which any of the fields are set; what is refused together is drawn again."""
    names = draw(st.lists(st.sampled_from(list(kind.model_fields)), unique=True, max_size=8))
    values = {name: draw(_field(name, kind.model_fields[name])) for name in names}
    if kind is TrainConfig:
        for name in set(values) & set(BELONGS):
            chooser, choices = BELONGS[name]
            values.setdefault(chooser, choices[0])
    if kind is SplitConfig and values.get("method") in ("group", "saved"):
        values.setdefault(values["method"], draw(TEXT))
    try:
        return kind(**values)
    except ValidationError:
        reject()


@st.composite
def _runs(draw: st.DrawFn) -> RunConfig:
    sections = {
        name: draw(_some(type(field.default)))
        for name, field in RunConfig.model_fields.items()
        if isinstance(field.default, Config)
    }
    return RunConfig(**sections, seed=draw(st.integers(0, 2**32 - 1)))


@FEW
@given(_runs())
def test_yaml_and_json_bring_any_run_back(config: RunConfig) -> None:
    assert RunConfig.from_yaml(config.to_yaml()) == config
    assert RunConfig.parse(json.loads(config.model_dump_json())) == config
    assert RunConfig.parse(config.model_dump(mode="json")) == config


@FEW
@given(_runs(), st.randoms(use_true_random=False))
def test_the_hash_does_not_depend_on_the_order_of_keys_or_on_what_is_left_out(config: RunConfig, random: Any) -> None:
    def shuffled(values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        names = list(values)
        random.shuffle(names)
        return {name: shuffled(values[name]) for name in names}

    file = yaml.safe_dump(shuffled(config.model_dump(mode="json")), sort_keys=False)
    said = yaml.safe_dump(config.model_dump(mode="json", exclude_defaults=True))
    assert RunConfig.from_yaml(file).hash("data") == RunConfig.from_yaml(said).hash("data") == config.hash("data")
    assert config.hash("other data") != config.hash("data")


@FEW
@given(_runs(), st.data())
def test_an_unknown_key_anywhere_is_refused_by_name(config: RunConfig, data: st.DataObject) -> None:
    values = config.model_dump(mode="json")
    section = data.draw(st.sampled_from(["", *[name for name, value in values.items() if isinstance(value, dict)]]))
    place = values[section] if section else values
    place["nonsuch"] = 1
    with pytest.raises(ConfigError, match=f"{section}.nonsuch is not a known field" if section else "nonsuch is not"):
        RunConfig.parse(values)


def _changes() -> list[tuple[str, Any]]:
    """Each field of a run, set to another value."""
    found: list[tuple[str, Any]] = [("seed", 7)]
    texts: dict[str, dict[str, Any]] = {
        "data": {"dataset": "idc", "root": "/a", "options": {"a": 1}},
        "split": {"group": "a", "saved": "b"},
        "model": {"name": "vgg16", "weights": "imagenet", "weights_sha256": "0" * 64, "options": {"a": 1}},
        "train": {"device": "cpu"},
    }
    for section, field in RunConfig.model_fields.items():
        if isinstance(field.default, Config):
            kind = type(field.default)
            values = other_values(kind, texts.get(section))
            assert set(values) == set(kind.model_fields)
            found += [(f"{section}.{name}", value) for name, value in values.items()]
    return found


@pytest.mark.parametrize(("name", "value"), _changes())
def test_the_hash_changes_with_each_field(name: str, value: Any) -> None:
    base = RunConfig(preprocess=PreprocessConfig(crop=32))  # how odd margins are rounded counts beside a crop only
    section, _, field = name.rpartition(".")
    if not section:
        assert base.model_copy(update={name: value}).hash("x") != base.hash("x")
        return
    # What fields mean together is not checked here: only that no field is left out of the hash.
    changed = getattr(base, section).model_copy(update={field: value})
    assert base.model_copy(update={section: changed}).hash("x") != base.hash("x")


WHOLE = st.integers(-(2**63), 2**63 - 1)
_SWEEPS = st.dictionaries(
    TEXT,
    st.builds(
        lambda values: SweepField(values=tuple(values)),
        st.lists(WHOLE, min_size=1, unique=True),
    )
    | st.builds(lambda low, more: SweepField(low=low, high=low + more, log=low > 0), st.floats(-9, 9), st.floats(1, 9)),
    min_size=1,
    max_size=3,
)


@FEW
@given(_SWEEPS, st.integers(1, 99))
def test_any_sweep_comes_back_and_counts_its_trials(sweep: dict[str, SweepField], trials: int) -> None:
    ranged = any(field.ranged for field in sweep.values())
    protocol = ProtocolConfig(kind="sweep", sweep=sweep, sampler="random" if ranged else "grid", trials=trials)
    assert parse_config(ProtocolConfig, json.loads(protocol.model_dump_json())) == protocol
    expected = 1
    for field in sweep.values():
        expected *= len(field.values)
    assert protocol.size == (trials if ranged else expected)


@FEW
@given(_some(DataConfig), _some(SplitConfig))
def test_a_link_brings_data_and_split_back(data: DataConfig, split: SplitConfig) -> None:
    from pages.shared.components import data_choice

    params = {name: value for name, value in data_choice.to_params(data, split).items() if value is not None}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pages.shared.app.url_state.asked", lambda name: [params[name]] if params.get(name) else [])
        assert data_choice.from_url() == (data, split)


@FEW
@given(_some(ModelConfig))
def test_a_network_without_a_files_hash_is_named_as_before_there_was_one(model: ModelConfig) -> None:
    dumped = RunConfig(model=model).model_dump(mode="json")["model"]
    assert ("weights_sha256" in dumped) == (model.weights_sha256 is not None)
