"""The Train page: each control of the form, set to another value, is in what is handed to the launch.

A new field of a configuration is set by itself, from its type. It needs a row here only where its type does not tell
a value (`TEXTS`), where it means something under some choices only (`CHOICES`), or where it has no control
(`NO_CONTROL`).
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from other_values import other_values
from page_helpers import OpenPage, press
from streamlit.testing.v1 import AppTest
from wiring import control, controls, fill, tried

from histo_core.config import RunConfig, SplitConfig, TrainConfig
from histo_core.config.belongs import BELONGS
from histo_core.config.protocol import ProtocolConfig
from histo_core.data.dataset import DATASETS
from histo_core.models.registry import MODELS
from histo_core.runs.devices.devices import Device
from histo_core.studies.demo import demo_configs
from histo_core.studies.recipes import STUDIES
from histo_core.workspace import Workspace

MEMBER = demo_configs()[0]
FORM = "train.demo.None"
TEXTS = {"train": {"device": "cuda:1", "epochs": 60}, "split": {"group": "scanner", "saved": "f" * 12}}
"""Values that a field's type does not tell: a device of this machine, more epochs than warm-up."""
CHOICES: dict[str, list[dict[str, Any]]] = {
    "train": [
        {"optimizer": "adamw", "schedule": "cosine", "backbone": "frozen"},
        {"optimizer": "sgd", "schedule": "step", "nesterov": False},
        {"optimizer": "sgd", "schedule": "exponential", "dampening": 0.0, "balance": "enlarge"},
        {"optimizer": "rmsprop", "schedule": "cyclic"},
        {"optimizer": "adagrad", "schedule": "one_cycle"},
        {"optimizer": "adamax", "schedule": "plateau"},
    ],
    "split": [
        {"method": "published"},
        {"method": "group"},
        {"method": "saved"},
        {"method": "random", "hold_out": True},
        {"method": "patient", "hold_out": False},
        {"method": "slide"},
    ],
    "predict": [{"tta": "flips"}, {"tta": "symmetries"}, {"tta": "none"}, {"tta": "flips"}, {"tta": "flips"}, {}],
}
"""What is chosen in each of six launches, between which every setting means something at least once."""
CHOOSERS = {"train": ["optimizer", "schedule", "backbone", "balance"], "split": ["method"], "predict": ["tta"]}
"""Controls that decide which others are asked; set first."""
NO_CONTROL = {
    "model.name": "chosen under Models",
    "model.weights_sha256": "noted at the launch, from the weights' file",
    "data.root": "a data set that is drawn has no folder; the folder of others is in test_wiring_forms",
    "data.skip_broken": "as data.root",
}
LAUNCHES = range(len(CHOICES["train"]))
SECTIONS = ("split", "preprocess", "augment", "train", "predict")


def _matters(section: str, name: str, values: dict[str, Any]) -> bool:
    """Whether a field means something beside the values of others, told from the configurations' own rules."""
    if section == "train":
        chooser, choices = {**BELONGS, "enlarge_to": ("balance", ("enlarge",))}.get(name, ("", ()))
        return not chooser or values[chooser] in choices
    if section == "split":
        method = values["method"]
        if method == "saved":
            return name in ("method", "saved")
        folds = {"folds": "hold_out" in values, "fold": "hold_out" in values, "hold_out": "hold_out" in values}
        folds |= {"valid": "hold_out" not in values or not values["hold_out"]}
        folds |= {"test": "hold_out" not in values or values["hold_out"]}
        return folds.get(name, name not in ("group", "saved") or name == method)
    return name != "combine" or values["tta"] != "none"


def _values(section: str, launch: int) -> dict[str, Any]:
    """What each field of a section is set to in one of the launches."""
    kind = type(getattr(MEMBER.config, section))
    chosen = CHOICES.get(section, [{}] * len(LAUNCHES))[launch]
    values = other_values(kind, TEXTS.get(section))
    if section == "split" and "hold_out" not in chosen:
        del values["hold_out"]
    values |= chosen
    return {name: value for name, value in values.items() if _matters(section, name, values)}


def _wanted(launch: int) -> dict[str, dict[str, Any]]:
    return {section: _values(section, launch) for section in SECTIONS}


@pytest.fixture
def page(workspace: Workspace, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page on a machine with two devices, with one network chosen."""
    machine = [Device(name, "A device", 5, 10, None) for name in ("cpu", "cuda:1")]
    monkeypatch.setattr("pages.train.page.devices", lambda _: machine)
    monkeypatch.setattr("pages.train.page.all_tags", lambda _: ["old"])
    return tried(open_page("train"), {f"{FORM}.models": [MEMBER.name]})


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """What is handed to the core: the data that are opened first, then the launch or the experiment."""
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def record(result: Any) -> Any:
        def called(*args: Any, **kwargs: Any) -> Any:
            calls.append((args, kwargs))
            return result

        return called

    monkeypatch.setattr("pages.shared.components.data_choice.opened", record(None))
    monkeypatch.setattr("pages.train.run_launch.launch_many", record([]))
    started = SimpleNamespace(experiment_id="an-experiment", name="started")
    monkeypatch.setattr("pages.train.run_launch.start_experiment", record(started))
    return calls


def _fill_form(page: AppTest, launch: int) -> RunConfig:
    """Set every control of the form; the configuration that must come of it."""
    prefix = f"{FORM}.{MEMBER.config.model.name}"
    wanted = _wanted(launch)
    for section, names in CHOOSERS.items():
        fill(
            page,
            {name: wanted[section][name] for name in names if name in wanted[section]},
            prefix=f"{prefix}.{section}.",
        )
    page.run()
    if "hold_out" in wanted["split"]:
        tried(page, {f"{prefix}.split.folds": wanted["split"]["folds"]})
        tried(page, {f"{prefix}.split.hold_out": wanted["split"]["hold_out"]})
    for section, values in wanted.items():
        fill(page, values, prefix=f"{prefix}.{section}.")
    data = other_values(DATASETS["phantom"].Options)
    fill(page, data, prefix=f"{FORM}.phantom.")
    network = f"{prefix}.model.{MEMBER.name}"
    options = other_values(MODELS[MEMBER.config.model.name].Options)
    fill(page, options, prefix=f"{network}.options.")
    fill(page, {f"{network}.output": "sigmoids", f"{FORM}.seed": 31})
    tried(page, {f"{network}.weights": "file"})
    tried(page, {f"{network}.weights.file": "/of/mine.safetensors"})
    values = MEMBER.config.model_dump()
    for section, given in wanted.items():
        # What the presets say and a choice makes meaningless goes back to its default.
        untouched = type(getattr(MEMBER.config, section))().model_dump() if section != "preprocess" else {}
        values[section] = untouched | given
    values["data"]["options"] = data
    values["model"] |= {"output": "sigmoids", "weights": "/of/mine.safetensors", "options": options}
    return RunConfig.parse(values | {"seed": 31})


def _drawn(page: AppTest) -> set[str]:
    return {one.key.removeprefix(f"{FORM}.") for one in controls(page) if one.key.startswith(FORM)}


@pytest.mark.parametrize("launch", LAUNCHES)
def test_what_is_set_is_launched(page: AppTest, launched: list[Any], launch: int) -> None:
    expected = _fill_form(page, launch)
    fill(page, {f"{FORM}.{MEMBER.name}.name": "Mine", f"{FORM}.tags": ["old"], f"{FORM}.text": "why"})
    tried(page, {f"{FORM}.priority": 7})
    network = MEMBER.config.model.name
    set_here = {f"{network}.{section}.{name}" for section in SECTIONS for name in _values(section, launch)}
    if expected.split.method != "saved":
        set_here.add(f"{network}.split.folds")  # left at none where there are no folds
    model = f"{network}.model.{MEMBER.name}"
    set_here |= {f"{model}.options.{name}" for name in expected.model.options}
    set_here |= {f"{model}.{name}" for name in ("output", "weights", "weights.file")}
    set_here |= {f"phantom.{name}" for name in expected.data.options}
    set_here |= {"folders.browse"}  # test_folder_picker
    set_here |= {"models", "dataset", "seed", f"{MEMBER.name}.name", "tags", "text", "priority"}
    assert _drawn(page) == set_here, "a control of the form that nothing here sets, or one that is gone"
    press(page, "Train 1 model")
    (opened, _), (args, kwargs) = launched
    assert opened == (expected.data, Workspace.default())
    configs, workspace = args
    assert [config.model_dump() for config in configs] == [expected.model_dump()]
    assert workspace.home == Workspace.default().home
    assert {name: value for name, value in kwargs.items() if name not in ("user", "warn")} == {
        "names": ["Mine"],
        "priority": 7,
        "tags": ("old",),
        "note": "why",
        "origins": [""],  # the demo is no study
    }


def _all_fields() -> Iterator[str]:
    for section, field in RunConfig.model_fields.items():
        inner = getattr(field.default, "__class__", None)
        names = getattr(inner, "model_fields", None)
        yield from [section] if names is None else (f"{section}.{name}" for name in names)


def test_every_field_of_a_run_is_set_in_some_launch_or_has_no_control() -> None:
    done = {f"{section}.{name}" for launch in LAUNCHES for section in SECTIONS for name in _values(section, launch)}
    done |= {"seed", "data.dataset", "data.options", "model.output", "model.weights", "model.options"}
    assert done.isdisjoint(NO_CONTROL)
    assert done | set(NO_CONTROL) == set(_all_fields())
    assert all(NO_CONTROL.values())


@pytest.mark.parametrize("name", BELONGS)
def test_every_choice_under_which_a_setting_means_something_is_offered(name: str) -> None:
    chooser, choices = BELONGS[name]
    offered = get_args(TrainConfig.model_fields[chooser].annotation)
    assert set(choices) <= set(offered)
    assert any(_values("train", launch).get(chooser) in choices for launch in LAUNCHES)


def test_several_networks_are_launched_under_their_names(page: AppTest, launched: list[Any]) -> None:
    first, second = demo_configs()[:2]
    tried(page, {f"{FORM}.models": [first.name, second.name]})
    prefix = f"{FORM}.{first.config.model.name}"
    fill(page, {f"{FORM}.note": "Ours:", f"{prefix}.train.epochs": 3})
    fill(page, {f"{prefix}.model.{second.name}.output": "sigmoid"})
    tried(page, {f"{prefix}.model.{first.name}.options.extra_linear": True})
    press(page, "Train 2 models")
    configs, _ = launched[1][0]
    assert launched[1][1]["names"] == [f"Ours: {first.name}", f"Ours: {second.name}"]
    assert [config.model.name for config in configs] == [first.config.model.name, second.config.model.name]
    assert [config.train.epochs for config in configs] == [3, 3]
    assert [config.model.output for config in configs] == ["softmax", "sigmoid"]
    assert [config.model.options for config in configs] == [{"extra_linear": True}, {}]


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("folds", {"folds": 7, "deals": 2}, {"kind": "folds", "folds": 7, "repeats": 2}),
        ("repeats", {"repeats": 4, "new": "splits"}, {"kind": "repeats", "repeats": 4, "new": "splits"}),
    ],
)
def test_a_protocol_is_started_for_each_network(
    page: AppTest, launched: list[Any], kind: str, values: dict[str, Any], expected: dict[str, Any]
) -> None:
    first, second = demo_configs()[:2]
    tried(page, {f"{FORM}.models": [first.name, second.name]})
    fill(page, {f"{FORM}.tags": ["old"], f"{FORM}.text": "why", f"{FORM}.priority": -3, f"{FORM}.seed": 5})
    tried(page, {"protocol.demo.kind": kind})
    tried(page, {f"protocol.demo.{name}": value for name, value in values.items()})
    button = next(one.element for one in controls(page) if one.label.startswith("Train 2 models"))
    button.click().run()
    started = launched[1:]
    assert [args[0].model.name for args, _ in started] == [first.config.model.name, second.config.model.name]
    assert [args[0].seed for args, _ in started] == [5, 5]
    assert [args[1] for args, _ in started] == [ProtocolConfig.model_validate(expected)] * 2
    assert [kwargs["name"] for _, kwargs in started] == [first.name, second.name]
    written = {name: started[0][1][name] for name in ("tags", "note", "priority")}
    assert written == {"tags": ("old",), "note": "why", "priority": -3}


def test_a_link_with_data_and_a_split_starts_the_form_with_them(
    workspace: Workspace, open_page: OpenPage, launched: list[Any]
) -> None:
    page = open_page("train", dataset="phantom", options='{"patches": 77}', split='{"seed": 9, "test": 0.5}')
    press(page, "Train 3 models")
    configs, _ = launched[1][0]
    assert {config.data.options["patches"] for config in configs} == {77}
    assert [config.split for config in configs] == [SplitConfig(seed=9, test=0.5)] * 3


def test_another_preset_starts_the_form_afresh(page: AppTest) -> None:
    study = STUDIES["gatech_kpcam"]
    chosen = [*study.chosen] or [member.name for member in study.configs]
    first = next(member.config for member in study.configs if member.name == chosen[0])
    tried(page, {"url.preset": "gatech_kpcam"})
    assert control(page, "Models").value == chosen
    shown = {name: control(page, f"train.{name}").value for name in ("epochs", "batch_size", "learning_rate")}
    assert shown == {name: getattr(first.train, name) for name in shown}
