"""Draw the form of networks: for each its initial weights, its output and its own options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from histo_core.config import ModelConfig, parse_config
from histo_core.config.draft import fitting
from histo_core.errors import ConfigError
from histo_core.models.registry import MODELS
from histo_core.studies.recipes import NamedConfig
from pages.shared.components import model_form
from pages.shared.components.text import plain
from pages.train import presets

FILE = "file"


def fields(
    members: Sequence[NamedConfig], drafted: Mapping[str, Mapping[str, Any]], *, prefix: str
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Draw the controls for each network, in separate tabs where there are several.

    Args:
        members: the runs.
        drafted: what was changed before, by the member's name.
        prefix: of the widget keys.

    Returns:
        The changes of each member's `ModelConfig`, by the member's name; and what is wrong, in words.
    """
    changes: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    places = st.tabs([plain(member.name) for member in members]) if len(members) > 1 else [st.container()]
    for member, place in zip(members, places, strict=True):
        model = member.config.model
        with place:
            st.caption(plain(MODELS[model.name].summary))
            values = _network(model, _start(model, drafted.get(member.name, {})), f"{prefix}.{member.name}")
            try:
                changes[member.name] = presets.changed(model, values)
                parse_config(MODELS[model.name].Options, values["options"])
            except ConfigError as error:
                st.error(plain(error.found), icon=":material/error:")
                problems.append(f"{member.name}: {error.found}")
                changes[member.name] = {}
    return changes, problems


def _start(model: ModelConfig, drafted: Mapping[str, Any]) -> ModelConfig:
    options = {**model.options, **drafted.get("options", {})}
    return model.model_copy(update={**drafted, "options": options})


def _network(model: ModelConfig, start: ModelConfig, prefix: str) -> dict[str, Any]:
    """Draw one network's controls, and return the plain values of a `ModelConfig`.

    Args:
        model: the run's own.
        start: with what was changed before.
        prefix: of the widget keys.
    """
    spec = MODELS[model.name]
    given = model_form.fields(ModelConfig, start.model_dump(), prefix=prefix, only=["output"])
    weights = _weights(start, prefix)
    if not spec.Options.model_fields:
        return {"name": model.name, "weights": weights, **given, "options": model.options}
    before = parse_config(spec.Options, model.options).model_dump()
    known = fitting(spec.Options, {name: start.options[name] for name in before if name in start.options})
    after = model_form.fields(spec.Options, before | known, prefix=f"{prefix}.options")
    return {"name": model.name, "weights": weights, **given, "options": _said(model.options, before, after)}


def _said(written: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options as written, with the changed ones replaced: unchanged options keep the run's hash."""
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
