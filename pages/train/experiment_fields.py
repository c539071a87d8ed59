"""The settings that a sweep can try, and the controls that say which values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import streamlit as st
from pydantic.fields import FieldInfo

from histo_core.config import (
    AugmentConfig,
    Config,
    ModelConfig,
    PreprocessConfig,
    RunConfig,
    SplitConfig,
    TrainConfig,
    parse_config,
)
from histo_core.config.protocol import SweepField
from histo_core.models.registry import MODELS
from pages.shared.components.text import plain

_LEFT_OUT = {
    *("model.weights", "model.weights_sha256", "model.options"),
    *("train.device", "train.devices", "train.threads", "split.saved"),
}
"""What decides where and how fast a run is, or is no single value."""
_AROUND = (0.1, 1.0, 10.0)
"""Multiples of a rate that are offered first; other numbers begin with their own value."""


@dataclass(frozen=True)
class Setting:
    """One setting that can be tried.

    Attributes:
        title: for a person.
        value: what the runs have without the sweep.
        choices: all it can be, where these are few; empty else.
        number: whether it is a number, for which a range makes sense.
        whole: whether only whole numbers do.
    """

    title: str
    value: Any
    choices: tuple[Any, ...]
    number: bool
    whole: bool


def settings_of(config: RunConfig) -> dict[str, Setting]:
    """Everything that can be tried, by dotted name; what is changed most comes first."""
    found: dict[str, Setting] = {}
    sections: tuple[tuple[str, type[Config]], ...] = (
        ("train", TrainConfig),
        ("augment", AugmentConfig),
        ("preprocess", PreprocessConfig),
        ("model", ModelConfig),
        ("split", SplitConfig),
    )
    for section, kind in sections:
        for name, field in kind.model_fields.items():
            found[f"{section}.{name}"] = _setting(field, name, getattr(getattr(config, section), name))
    options = MODELS[config.model.name].Options
    for name, field in options.model_fields.items():
        value = config.model.options.get(name, field.get_default(call_default_factory=True))
        found[f"model.options.{name}"] = _setting(field, name, value)
    found["model.name"] = Setting("Model", config.model.name, tuple(MODELS), number=False, whole=False)
    first = ("train.learning_rate", "train.optimizer", "train.epochs", "train.batch_size", "train.weight_decay")
    order = [*first, *(name for name in found if name not in first)]
    return {name: found[name] for name in order if name not in _LEFT_OUT}


def values_of(name: str, setting: Setting, *, ranged: bool, start: SweepField | None, prefix: str) -> SweepField | None:
    """Controls for the values of one setting; None where nothing usable stands in them.

    Args:
        name: its dotted name.
        setting: what it is.
        ranged: whether a range of numbers may be given instead of a list.
        start: what the controls begin with, from a recipe.
        prefix: of the controls' keys.

    Raises:
        ConfigError: the values are not allowed.
    """
    key = f"{prefix}.{name}"
    if setting.choices:
        given = list(start.values) if start else list(setting.choices[:8])
        offered = list(dict.fromkeys([*setting.choices, *given]))
        chosen = st.multiselect(plain(setting.title), offered, default=given, key=key, format_func=_text, help=name)
        return SweepField(values=tuple(chosen)) if chosen else None
    if ranged and (setting.number or (start is not None and start.ranged)):  # a study may range over what can be none
        return _range(setting, start, key, name)
    text = st.text_input(
        plain(setting.title), ", ".join(map(_text, start.values if start else _around(setting))), key=key,
        help=f"Values, separated by commas; several numbers that belong together with a slash between them. `{name}`",
    )  # fmt: skip
    values = tuple(dict.fromkeys(_read(part) for part in text.split(",") if part.strip()))
    return SweepField(values=values) if values else None


def _range(setting: Setting, start: SweepField | None, key: str, name: str) -> SweepField:
    value = float(setting.value or 1)
    low, high = (start.low, start.high) if start else (None, None)
    low, high = (value / 10, value * 10) if low is None or high is None else (low, high)
    settings: dict[str, Any] = {"help": name, "format": "%.6g"}
    if setting.whole:
        low, high = max(int(low), 1), int(high)
        settings |= {"format": "%d", "step": 1}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        least = st.number_input(f"{plain(setting.title)} from", value=low, key=f"{key}.low", **settings)
        most = st.number_input("to", value=high, key=f"{key}.high", **settings)
        log = st.checkbox("Logarithmic", value=start.log if start else not setting.whole and low > 0, key=f"{key}.log")
    values = {"low": float(least), "high": float(most), "log": log, "whole": setting.whole}
    return parse_config(SweepField, values)


def _setting(field: FieldInfo, name: str, value: Any) -> Setting:
    inside = (field.annotation, *get_args(field.annotation))  # of ``int | None`` and ``Annotated[float, ...]`` as well
    literal = next((kind for kind in inside if get_origin(kind) is Literal), None)
    choices: tuple[Any, ...] = get_args(literal) if literal else (False, True) if bool in inside else ()
    single = get_origin(field.annotation) is not tuple  # a channel mean is three numbers, and has no range
    number = single and not choices and (int in inside or float in inside) and type(None) not in inside
    title = field.title or name.replace("_", " ").capitalize()
    return Setting(title, value, choices, number=number, whole=int in inside and float not in inside)


def _around(setting: Setting) -> tuple[Any, ...]:
    if setting.number and not setting.whole and setting.value:
        return tuple(float(f"{setting.value * factor:.6g}") for factor in _AROUND)
    return (setting.value,)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " / ".join(map(_text, value))
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _read(text: str) -> Any:
    """One value as it was typed: a number, several with slashes between them, none, or a word."""
    text = text.strip()
    if "/" in text:
        try:
            return tuple(float(part) for part in text.split("/"))
        except ValueError:
            return text
    if text in ("", "none"):
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
