import hashlib
import json
from contextlib import suppress
from pathlib import Path

import pytest

from histo_core.config import RunConfig, SplitConfig, TrainConfig, parse_config, read_config
from histo_core.config.belongs import BELONGS
from histo_core.config.protocol import ProtocolConfig
from histo_core.errors import ConfigError


def test_yaml_brings_the_same_configuration_back() -> None:
    config = RunConfig.parse(
        {"data": {"dataset": "phantom", "options": {"patches": 200}}, "train": {"epochs": 3}, "seed": 7}
    )
    assert RunConfig.from_yaml(config.to_yaml()) == config


def test_the_hash_follows_every_field_and_the_data() -> None:
    config = RunConfig()
    other = config.model_copy(update={"seed": 1})
    assert config.hash("a") == RunConfig().hash("a")
    assert len({config.hash("a"), config.hash("b"), other.hash("a")}) == 3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"modle": 1}, "modle is not a known field (did you mean model?). Fields of RunConfig: data, split, "),
        (
            {"train": {"lerning_rate": 1}},
            "train.lerning_rate is not a known field (did you mean learning_rate?). Fields of train: epochs, batch_",
        ),
        (
            {"train": {"zzz": 1}, "data": {"zzz": 1}},
            "Fields of data: dataset, root, options, skip_broken. Fields of tr",
        ),
        ({"train": {"epochs": 0}}, "train.epochs = 0: input should be greater than or equal to 1"),
        ({"train": {"device": "cuda"}}, "train.device = 'cuda': must be auto, cpu, mps or cuda:<number>"),
        ({"split": {"valid": 0.5, "test": 0.5}}, "must leave something to train on"),
        ({"preprocess": {"std": [1, 0, 1]}}, "preprocess.std.1 = 0: input should be greater than or equal to 0.0001"),
        (
            {"train": {"momentum": 0.9}},
            "train: momentum belongs to optimizer sgd or rmsprop, not to adam: leave it at 0.0",
        ),
        ({"train": {"optimizer": "sgd", "nesterov": True}}, "train: nesterov needs a momentum above 0"),
        ({"train": {"optimizer": "sgd", "dampening": 0.1}}, "train: dampening needs a momentum above 0"),
        (
            {"train": {"backbone": "frozen", "backbone_learning_rate": 0.1}},
            "train: backbone_learning_rate needs a backbone that is trained",
        ),
        ({"train": {"warmup_epochs": 2}}, "train: warmup_epochs belongs to schedule cosine, not to none"),
        ({"train": {"schedule": "cosine", "warmup_epochs": 10}}, "warmup_epochs must be below the 10 epochs"),
        ({"train": {"balance": "enlarge"}}, "train: enlarge_to belongs to balance 'enlarge'"),
        ({"train": {"unfreeze_after": 3}}, "train: unfreeze_after belongs to backbone frozen, not to trained"),
        ({"train": {"beta1": 1.0}}, "train.beta1 = 1.0: input should be less than 1"),
        ("text", "the configuration = 'text': input should be a valid dictionary"),
    ],
)
def test_what_is_not_allowed_is_named(values: object, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RunConfig.parse(values)
    assert message in str(caught.value)
    assert "Correct the named field." in str(caught.value)


def test_fields_of_a_part_in_a_mapping_are_named() -> None:
    with pytest.raises(ConfigError, match=r"did you mean low\?\)\. Fields of sweep\.seed: values, low, "):
        parse_config(ProtocolConfig, {"kind": "sweep", "sweep": {"seed": {"lov": 1}}})


def test_configurations_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        RunConfig().seed = 2  # type: ignore[misc]


def test_yaml_that_is_none_and_a_missing_file_are_clear(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not YAML"):
        RunConfig.from_yaml("a: [")
    with pytest.raises(ConfigError, match="There is no configuration at"):
        read_config(tmp_path / "none.yaml")


def test_yaml_builds_no_objects() -> None:
    with pytest.raises(ConfigError, match="not YAML"):
        RunConfig.from_yaml("!!python/object/apply:os.getcwd []")


def test_parse_config_serves_any_configuration() -> None:
    assert parse_config(SplitConfig, {"valid": 0.2}).valid == 0.2


@pytest.mark.parametrize("setting", BELONGS)
def test_a_setting_is_allowed_where_it_means_something(setting: str) -> None:
    chooser, choices = BELONGS[setting]
    default = TrainConfig.model_fields[setting].default
    changed = {bool: True, float: 0.5, int: 2, str: "step", type(None): 1}[type(default)]
    for choice in choices:
        values = {chooser: choice, setting: changed}
        if setting in ("nesterov", "dampening"):
            values["momentum"] = 0.9
        assert getattr(TrainConfig(**values), setting) == changed


def test_whatever_training_offers_can_be_drawn_and_read() -> None:
    for name, field in TrainConfig.model_fields.items():
        assert field.title, name
    assert all(TrainConfig.model_fields[name].description for name in BELONGS)


def test_precision_may_be_written_as_a_number() -> None:
    assert RunConfig.from_yaml("train: {precision: 16}").train.precision == "16"


def as_saved_before(crop: int | None) -> dict[str, object]:
    """A run's configuration as versions before December 2026 saved it, in part."""
    return {"preprocess": {"crop": crop, "resize": None}}


@pytest.mark.parametrize("crop", [None, 32])
def test_a_saved_run_keeps_its_crop_and_its_hash(crop: int | None) -> None:
    """The hash is computed as it was then, without the field that is new."""
    saved = RunConfig.parse_saved(as_saved_before(crop))
    assert saved.preprocess.crop_rounding == ("half_even" if crop is None else "down")
    then = saved.model_dump(mode="json")
    del then["preprocess"]["crop_rounding"]
    payload = json.dumps([then, "data"], sort_keys=True, separators=(",", ":"))
    assert saved.hash("data") == hashlib.sha256(payload.encode()).hexdigest()
    new = RunConfig.parse(as_saved_before(crop))
    assert (new.hash("data") == saved.hash("data")) is (crop is None)
    assert RunConfig.parse_saved(saved.model_dump(mode="json")) == RunConfig.parse(saved.model_dump()) == saved
    assert RunConfig.from_yaml(new.to_yaml(), saved=True) == new


@pytest.mark.parametrize("values", [None, 3, {}, {"preprocess": None}, {"preprocess": []}, {"preprocess": {"crop": 3}}])
def test_saved_values_of_any_shape_are_configurations_or_errors(values: object) -> None:
    with suppress(ConfigError):
        assert RunConfig.parse_saved(values) == RunConfig()
