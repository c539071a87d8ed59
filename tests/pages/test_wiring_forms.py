"""Forms from models: each control, set to another value, arrives in the configuration; no field is without one."""

from __future__ import annotations

from typing import Any

import pytest
from other_values import other_values
from streamlit.testing.v1 import AppTest
from wiring import controls, fill, tried

import histo_core.studies  # noqa: F401 - importing it registers them
from histo_core.config import AugmentConfig, DataConfig, ModelConfig, PreprocessConfig, RunConfig, parse_config
from histo_core.config.protocol import ProtocolConfig, SweepField
from histo_core.data.dataset import DATASETS
from histo_core.data.transforms.augment.presets import GROUPS
from histo_core.explanation.base import EXPLAINERS
from histo_core.models.registry import MODELS
from histo_core.studies.recipes import STUDIES
from histo_core.workspace import Workspace
from pages.train import experiment_fields

TEXTS = {"patient_pattern": r"(P\d+)", "positive": "tumour", "classes": "a, b", "file": "table.csv"}
"""What is typed where a field is plain text."""


def _plain(module: str, name: str) -> None:
    import importlib

    import streamlit as st

    from pages.shared.components import model_form

    st.session_state["held"] = model_form.fields(getattr(importlib.import_module(module), name), {}, prefix="form")


@pytest.mark.parametrize(
    "kind",
    [PreprocessConfig, AugmentConfig, *(kind.Options for _, kind in EXPLAINERS.items())],
    ids=lambda kind: kind.__name__,
)
def test_each_field_has_a_control_that_it_obeys(kind: Any) -> None:
    values = other_values(kind)
    page = AppTest.from_function(_plain, args=(kind.__module__, kind.__name__), default_timeout=60).run()
    assert set(values) == set(kind.model_fields)
    assert {one.key for one in controls(page)} == {f"form.{name}" for name in values}
    fill(page, values, prefix="form.")
    assert parse_config(kind, page.run().session_state["held"]) == kind(**values)


@pytest.mark.parametrize("kind", [PreprocessConfig, AugmentConfig], ids=lambda kind: kind.__name__)
def test_a_control_changes_its_own_field_and_no_other(kind: Any) -> None:
    page = AppTest.from_function(_plain, args=(kind.__module__, kind.__name__), default_timeout=60).run()
    held = {}
    for name, value in other_values(kind).items():
        held[name] = value
        fill(page, {name: value}, prefix="form.")
        assert parse_config(kind, page.run().session_state["held"]) == kind(**held), name


def test_the_augmentation_view_asks_for_every_field_once() -> None:
    asked = [name for group in GROUPS.values() for name in group]
    assert sorted(asked) == sorted(AugmentConfig.model_fields)


def _data(text: str) -> None:
    import streamlit as st

    from histo_core.config import DataConfig
    from pages.shared.components import data_choice

    st.session_state["held"] = data_choice.form(DataConfig.model_validate_json(text), prefix="form")


@pytest.mark.parametrize("name", DATASETS)
def test_each_option_of_a_data_set_arrives(name: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.shared.components.data_choice._show_patients", lambda *_: None)
    kind = DATASETS[name]
    values = other_values(kind.Options, {text: TEXTS[text] for text in TEXTS if text in kind.Options.model_fields})
    assert set(values) == set(kind.Options.model_fields), "name in TEXTS what is typed into a new field of text"
    before = DataConfig() if name != "phantom" else DataConfig(dataset="folder")
    page = AppTest.from_function(_data, args=(before.model_dump_json(),), default_timeout=60).run()
    tried(page, {"form.dataset": name})
    fill(page, values, prefix=f"form.{name}.")
    if kind.info.needs_root:
        fill(page, {"form.root": str(workspace.home), f"form.{name}.skip_broken": True})
    page.run()
    root = str(workspace.home) if kind.info.needs_root else None
    expected = DataConfig(dataset=name, root=root, options=values, skip_broken=kind.info.needs_root)
    assert page.session_state["held"] == expected


def _networks() -> None:
    import streamlit as st

    from histo_core.config import ModelConfig, RunConfig
    from histo_core.models.registry import MODELS
    from histo_core.studies.recipes import NamedConfig
    from pages.train import run_networks

    members = [NamedConfig(name, RunConfig(model=ModelConfig(name=name)), "") for name in MODELS]
    st.session_state["held"] = run_networks.fields(members, {}, prefix="form")


@pytest.fixture(scope="module")
def networks() -> AppTest:
    """The form of all networks, each in a tab of its own."""
    return AppTest.from_function(_networks, default_timeout=60).run()


NO_CONTROL_OF_MODEL = {
    "name": "chosen under Models",
    "weights_sha256": "noted at the launch, from the file",
}


def test_each_option_of_each_network_arrives(networks: AppTest) -> None:
    expected: dict[str, dict[str, Any]] = {}
    drawn = set()
    for name, spec in MODELS.items():
        options = other_values(spec.Options)
        assert set(options) == set(spec.Options.model_fields)
        fill(networks, options, prefix=f"form.{name}.options.")
        fill(networks, {f"form.{name}.output": "sigmoid", f"form.{name}.weights": "file"})
        expected[name] = {"weights": f"/{name}.safetensors", "output": "sigmoid", "options": options}
        assert {*expected[name], *NO_CONTROL_OF_MODEL} == set(ModelConfig.model_fields)
        drawn |= {f"form.{name}.{one}" for one in ("output", "weights", "weights.file")}
        drawn |= {f"form.{name}.options.{one}" for one in options}
    networks.run()
    for name in MODELS:
        fill(networks, {f"form.{name}.weights.file": f"/{name}.safetensors"})
    networks.run()
    changes, problems = networks.session_state["held"]
    assert problems == []
    assert {name: {key: value for key, value in one.items() if value} for name, one in changes.items()} == {
        name: {key: value for key, value in one.items() if value} for name, one in expected.items()
    }
    assert {one.key for one in controls(networks)} == drawn


@pytest.mark.parametrize("name", [name for name, spec in MODELS.items() if spec.imagenet])
def test_pretrained_weights_are_offered_where_there_are_some(networks: AppTest, name: str) -> None:
    fill(networks, {f"form.{name}.weights": "imagenet"})
    assert networks.run().session_state["held"][0][name]["weights"] == "imagenet"


NOT_SWEPT = {
    "model.weights": "which file is there decides it, and it is no setting to choose by",
    "model.weights_sha256": "noted at the launch",
    "model.options": "its own fields are offered one by one",
    "train.device": "where a run is, not what it is",
    "train.devices": "where a run is, not what it is",
    "train.threads": "where a run is, not what it is",
    "split.saved": "a fingerprint, which stands for one division",
}
SECTIONS = ("train", "augment", "preprocess", "model", "split")


def test_a_sweep_offers_every_setting_or_says_why_not() -> None:
    fields = {f"{name}.{field}" for name in SECTIONS for field in type(getattr(RunConfig(), name)).model_fields}
    options = {f"model.options.{field}" for field in MODELS[RunConfig().model.name].Options.model_fields}
    offered = set(experiment_fields.settings_of(RunConfig()))
    assert offered == (fields | options) - set(NOT_SWEPT)
    assert set(NOT_SWEPT) <= fields


def _protocol() -> None:
    import streamlit as st

    from histo_core.config import RunConfig
    from pages.train import experiment_form

    st.session_state["held"] = experiment_form.draw(RunConfig(), None, "form")


@pytest.fixture
def sweep() -> AppTest:
    """The form of a sweep over everything that can be tried."""
    page = AppTest.from_function(_protocol, default_timeout=60).run()
    tried(page, {"form.kind": "sweep"})
    return tried(page, {"form.fields": list(experiment_fields.settings_of(RunConfig()))})


def test_what_is_typed_for_each_setting_of_a_sweep_is_tried_for_it(sweep: AppTest) -> None:
    settings = experiment_fields.settings_of(RunConfig())
    expected = {}
    for number, (name, setting) in enumerate(settings.items()):
        if setting.choices:
            expected[name] = tuple(setting.choices[-2:][::-1])
            fill(sweep, {f"form.grid.{name}": expected[name]})
        elif isinstance(setting.value, tuple):
            expected[name] = ((0.1, 0.2, number / 100), (0.4, 0.5, 0.6))
            fill(sweep, {f"form.grid.{name}": f"0.1/0.2/{number / 100}, 0.4 / 0.5 / 0.6"})
        else:
            expected[name] = (number + 2, number / 1000, None, "word")
            fill(sweep, {f"form.grid.{name}": f"{number + 2}, {number / 1000}, none, word"})
    held = sweep.run().session_state["held"]
    assert {name: field.values for name, field in held.sweep.items()} == expected


def test_each_range_of_a_sweep_arrives(sweep: AppTest) -> None:
    tried(sweep, {"form.sampler": "random"})
    numbers = {name: one for name, one in experiment_fields.settings_of(RunConfig()).items() if one.number}
    expected = {}
    for number, (name, setting) in enumerate(numbers.items()):
        low, high, log = number + 1, number + 70, bool(number % 2)
        fill(sweep, {"low": low, "high": high, "log": log}, prefix=f"form.random.{name}.")
        expected[name] = SweepField(low=low, high=high, log=log, whole=setting.whole)
    held = sweep.run().session_state["held"]
    assert {name: held.sweep[name] for name in numbers} == expected


PROTOCOLS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "folds": ({"form.folds": 7, "form.deals": 3}, {"kind": "folds", "folds": 7, "repeats": 3}),
    "repeats": ({"form.repeats": 9, "form.new": "splits"}, {"kind": "repeats", "repeats": 9, "new": "splits"}),
    "a grid, pruned": (
        {"form.metric": "valid_loss", "form.pruning": True, "form.grid.train.learning_rate": "0.5"},
        {"kind": "sweep", "metric": "valid_loss", "pruning": True, "sweep": {"train.learning_rate": {"values": [0.5]}}},
    ),
    "trials over folds": (
        {"form.trials": 33, "form.folds": 4, "form.tpe.train.learning_rate.log": False},
        {
            "kind": "sweep",
            "sampler": "tpe",
            "trials": 33,
            "folds": 4,
            "sweep": {"train.learning_rate": {"low": 1e-4, "high": 1e-2}},
        },
    ),
}
"""What is set in each kind of protocol, and what comes of it; a new field of `ProtocolConfig` needs a row."""


@pytest.mark.parametrize("name", PROTOCOLS)
def test_each_setting_of_a_protocol_arrives(name: str) -> None:
    given, expected = PROTOCOLS[name]
    page = AppTest.from_function(_protocol, default_timeout=60).run()
    tried(page, {"form.kind": expected["kind"]})
    if "sampler" in expected:
        tried(page, {"form.sampler": expected["sampler"]})
    named = {one.key for one in controls(page)} - {"form.kind", "form.sampler", "form.fields"}
    tried(page, given)
    assert page.session_state["held"] == parse_config(ProtocolConfig, expected)
    left = {"form.grid.train.learning_rate", "form.tpe.train.learning_rate.low", "form.tpe.train.learning_rate.high"}
    left |= {"form.folds"} if "pruning" in expected else {"form.pruning", "form.metric"}
    assert named - left <= set(given)


def test_every_field_of_a_protocol_is_set_by_some_row() -> None:
    assert {field for _, expected in PROTOCOLS.values() for field in expected} == set(ProtocolConfig.model_fields)


def _protocol_of(study: str, member: str) -> None:
    import streamlit as st

    from histo_core.studies.recipes import STUDIES
    from pages.train import experiment_form

    recipe = STUDIES[study]
    sweeps = {one.name: one.protocol for one in recipe.sweeps}
    st.session_state["held"] = experiment_form.draw(recipe.run(member).config, sweeps, "form", recipe.protocol)


@pytest.mark.parametrize("name", STUDIES)
def test_a_form_untouched_is_the_studys_own_protocol_and_sweeps(name: str) -> None:
    recipe = STUDIES[name]
    page = AppTest.from_function(_protocol_of, args=(name, recipe.configs[0].name), default_timeout=60).run()
    assert page.session_state["held"] == recipe.protocol
    for sweep in recipe.sweeps:
        page = AppTest.from_function(_protocol_of, args=(name, sweep.member), default_timeout=60).run()
        tried(page, {"form.kind": "sweep"})
        tried(page, {"form.recipe": sweep.name})
        assert page.session_state["held"] == sweep.protocol, sweep.name
