"""The form of networks: for each one its initial weights, its output and the options of its own specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from histo_core.config import ModelConfig, parse_config
from histo_core.errors import ConfigError
from histo_core.models.registry import MODELS
from histo_core.studies.recipes import NamedConfig
from pages.shared.components import model_form
from pages.shared.components.text import plain
from pages.train import presets

FILE = "file"


def fields(members: Sequence[NamedConfig], *, prefix: str) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Controls for each network, in a tab of its own where there are several.

    Args:
        members: the runs that they start with.
        prefix: of their keys.

    Returns:
        What was changed of each member's `ModelConfig`, by the member's name; and what is wrong, in words.
    """
    changes: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    places = st.tabs([plain(member.name) for member in members]) if len(members) > 1 else [st.container()]
    for member, place in zip(members, places, strict=True):
        model = member.config.model
        with place:
            st.caption(plain(MODELS[model.name].summary))
            values = _network(model, f"{prefix}.{member.name}")
            try:
                changes[member.name] = presets.changed(model, values)
                parse_config(MODELS[model.name].Options, values["options"])
            except ConfigError as error:
                st.error(plain(error.found), icon=":material/error:")
                problems.append(f"{member.name}: {error.found}")
                changes[member.name] = {}
    return changes, problems


def _network(model: ModelConfig, prefix: str) -> dict[str, Any]:
    """Plain values of a `ModelConfig`."""
    spec = MODELS[model.name]
    given = model_form.fields(ModelConfig, model.model_dump(), prefix=prefix, only=["output"])
    weights = _weights(model, prefix)
    if not spec.Options.model_fields:
        return {"name": model.name, "weights": weights, **given, "options": model.options}
    before = parse_config(spec.Options, model.options).model_dump()
    after = model_form.fields(spec.Options, before, prefix=f"{prefix}.options")
    return {"name": model.name, "weights": weights, **given, "options": _said(model.options, before, after)}


def _said(written: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The options as they were written, with those that were changed: what was not touched keeps the run's hash."""
    return {**written, **{name: value for name, value in after.items() if value != before[name]}}


def _weights(model: ModelConfig, prefix: str) -> str:
    kinds = {"none": "none: from random numbers", FILE: "a .safetensors file of ours"}
    if MODELS[model.name].imagenet is not None:
        kinds["imagenet"] = "ImageNet: downloaded once"
    kind = model.weights if model.weights in ("none", "imagenet") else FILE
    kinds.setdefault(kind, kind)
    options = sorted(kinds, key=["none", "imagenet", FILE].index)
    chosen = st.selectbox(
        model_form.title(ModelConfig, "weights"),
        options,
        index=options.index(kind),
        format_func=kinds.__getitem__,
        key=f"{prefix}.weights",
        help="What the network starts from.",
    )
    if chosen != FILE:
        return chosen
    path = st.text_input(
        "File of weights",
        model.weights if kind == FILE else "",
        key=f"{prefix}.weights.file",
        placeholder="/path/to/best.safetensors",
        help="Such as checkpoint/best.*.safetensors in a run's folder. Pickles are never read.",
    ).strip()
    if not path:
        st.caption("Until a file is named the network starts from random numbers.")
    return path or "none"
