"""Draw the form of training, with only the settings that apply to the other choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from histo_core.config import TrainConfig
from histo_core.config.belongs import BELONGS
from pages.shared.components import model_form

OFTEN = ("epochs", "batch_size", "optimizer", "learning_rate", "weight_decay", "schedule", "balance", "device")
"""The settings that are changed most; the others are in an expander."""
CLASS_SIZE = 600
"""The initial number of patches a class when enlarging is chosen."""

_BELONGS = {**BELONGS, "enlarge_to": ("balance", ("enlarge",))}
_HIDES = {"optimizer", "schedule", "balance"}
"""Choices that show their own settings beside them."""


def fields(train: TrainConfig, *, prefix: str, devices: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Draw the controls for training.

    Args:
        train: initial values.
        prefix: of the widget keys.
        devices: devices to choose among, each with its displayed text; None gives a text field.

    Returns:
        Plain values of the drawn fields of `TrainConfig`, not validated yet; unused fields are not drawn.
    """
    values = train.model_dump()
    chosen = {field: st.session_state.get(f"{prefix}.{field}", values[field]) for field, _ in _BELONGS.values()}
    if chosen["balance"] == "enlarge" and values["enlarge_to"] is None:
        values["enlarge_to"] = CLASS_SIZE
    unchosen = {name for name, (field, choices) in _BELONGS.items() if chosen[field] not in choices}
    matter = [name for name in TrainConfig.model_fields if name not in unchosen]
    first = [name for name in matter if name in OFTEN or _BELONGS.get(name, ("",))[0] in _HIDES]
    choices = None if devices is None else {"device": {train.device: train.device, **devices}}
    given = model_form.fields(TrainConfig, values, prefix=prefix, only=first, choices=choices)
    with st.expander("More: loss, backbone, averages, precision"):
        rest = [name for name in matter if name not in first]
        given |= model_form.fields(TrainConfig, values, prefix=prefix, only=rest)
    return given
