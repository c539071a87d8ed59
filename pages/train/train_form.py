"""The form of training: a setting is asked for only where it means something under what is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from histo_core.config import TrainConfig
from histo_core.config.train import BELONGS
from pages.shared.components import model_form

OFTEN = ("epochs", "batch_size", "optimizer", "learning_rate", "weight_decay", "schedule", "balance", "device")
"""What is changed most; all else waits behind one more click."""
CLASS_SIZE = 600
"""Patches a class when enlarging is chosen, until another number is given."""

_BELONGS = {**BELONGS, "enlarge_to": ("balance", ("enlarge",))}
_HIDES = {"optimizer", "schedule", "balance"}
"""Choices whose own settings stand beside them."""


def fields(train: TrainConfig, *, prefix: str, devices: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Controls for training.

    Args:
        train: what they start with.
        prefix: of their keys.
        devices: what to choose among, each with what to show for it; typed in where nobody says.

    Returns:
        Plain values of all fields of `TrainConfig`, not validated yet; what does not matter is at its default.
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
    return TrainConfig().model_dump() | given
