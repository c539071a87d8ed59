"""Draw the form of a split, with only the settings that the chosen method uses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from histo_core.config import DataConfig, SplitConfig
from pages.shared.app.session import current_session
from pages.shared.cache import cache, cache_data
from pages.shared.components import model_form
from pages.shared.components.text import plain

_FIRST = ("method", "group", "saved", "folds")
_OF_FOLDS = ("hold_out", "fold")


def fields(
    split: SplitConfig,
    *,
    prefix: str,
    columns: Sequence[str] | None = None,
    saved: Mapping[str, str] | None = None,
    published: Collection[str] = (),
) -> dict[str, Any]:
    """Draw the controls for a split; as `drawn`, with the defaults of unused fields."""
    return SplitConfig().model_dump() | drawn(split, prefix=prefix, columns=columns, saved=saved, published=published)


def drawn(
    split: SplitConfig,
    *,
    prefix: str,
    columns: Sequence[str] | None = None,
    saved: Mapping[str, str] | None = None,
    published: Collection[str] = (),
) -> dict[str, Any]:
    """Draw the controls for a split.

    Args:
        split: initial values.
        prefix: of the widget keys.
        columns: columns that the data set can be grouped by; None, for a data set that is not open, gives a text field.
        saved: names of the saved splits by fingerprint; None gives a text field for a fingerprint.
        published: sets that were published with the data set, of which no share is chosen.

    Returns:
        Plain values of the drawn fields of `SplitConfig`, not validated yet.
    """
    values = split.model_dump()
    method = st.session_state.get(f"{prefix}.method", values["method"])
    choices = {name: list(known) for name, known in (("group", columns), ("saved", saved)) if known}
    asked = [name for name in _FIRST if name in ("method", method) or (name == "folds" and method != "saved")]
    given = model_form.fields(SplitConfig, values, prefix=prefix, only=asked, choices=choices)
    if saved and given.get("saved"):
        st.caption(plain(saved[given["saved"]]))
    if method != "saved":
        taken = _taken(method, given["folds"], values, prefix, published)
        matter = [name for name in _matter(given["folds"], values, prefix) if name not in taken]
        given |= model_form.fields(SplitConfig, values, prefix=prefix, only=matter)
        if taken:
            st.caption(f"{plain(_listed(taken).capitalize())} set: as published with the data.")
    if given.get("folds") and given["fold"] >= given["folds"]:
        given["fold"] = given["folds"] - 1  # fewer folds were chosen than before
    return given


def of_data(data: DataConfig, split: SplitConfig, *, prefix: str) -> dict[str, Any]:
    """Draw `fields` with the choices of a data set, where it has been opened before."""
    return SplitConfig().model_dump() | drawn_of_data(data, split, prefix=prefix)


def drawn_of_data(data: DataConfig, split: SplitConfig, *, prefix: str) -> dict[str, Any]:
    """Draw `drawn` with the choices of a data set, where it has been opened before."""
    workspace = current_session().workspace
    if not cache.was_opened(data, workspace):
        return drawn(split, prefix=prefix)
    state = cache.dataset(data, workspace).state
    saved = {one.fingerprint: f"{one.name}: {one.note}" for one in cache_data.saved(data, state, workspace)}
    return drawn(
        split,
        prefix=prefix,
        columns=cache_data.group_columns(data, state, workspace),
        saved=saved,
        published=cache_data.published(data, state, workspace),
    )


def _taken(
    method: str, folds: int | None, values: Mapping[str, Any], prefix: str, published: Collection[str]
) -> list[str]:
    """Return the sets that are taken as published, whose shares have no effect."""
    if method not in ("auto", "published"):
        return []
    if not folds:
        return [name for name in ("valid", "test") if name in published]
    held_out = st.session_state.get(f"{prefix}.hold_out", values["hold_out"])
    return ["test"] if held_out and "test" in published else []


def _listed(split_sets: Sequence[str]) -> str:
    return " and ".join("validation" if name == "valid" else name for name in split_sets)


def _matter(folds: int | None, values: Mapping[str, Any], prefix: str) -> list[str]:
    """Return the other fields that affect the split."""
    held_out = st.session_state.get(f"{prefix}.hold_out", values["hold_out"])
    unused = set(_FIRST) | ({"test"} if folds and not held_out else {"valid"} if folds else set(_OF_FOLDS))
    return [name for name in SplitConfig.model_fields if name not in unused]
