"""Build a form from a pydantic model, which defines all titles, descriptions and ranges."""

from __future__ import annotations

import math
import types
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

import streamlit as st
from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from histo_core.config import Config

COLUMN = 190
"""Pixels of a control."""

Choices = Sequence[str] | Mapping[str, str]


def fields(
    kind: type[Config],
    values: Mapping[str, Any],
    *,
    prefix: str,
    only: Collection[str] | None = None,
    choices: Mapping[str, Choices] | None = None,
) -> dict[str, Any]:
    """Draw one control a field and return their values.

    Args:
        kind: the model.
        values: initial values; a missing one is the model's default.
        prefix: of the widget keys; another prefix resets the controls.
        only: the fields to draw, in the model's order; all by default.
        choices: for a text field, the values to choose from, such as names in the user's files; a mapping also gives
            the displayed text of each.

    Returns:
        Plain values of the drawn fields by name, not validated yet.
    """
    drawn = {name: field for name, field in kind.model_fields.items() if only is None or name in only}
    with st.grid("auto", min_column_width=COLUMN, gap="small", vertical_alignment="bottom"):
        return {
            name: _control(
                name,
                field,
                values.get(name, field.get_default(call_default_factory=True)),
                f"{prefix}.{name}",
                (choices or {}).get(name),
            )
            for name, field in drawn.items()
        }


def title(kind: type[Config], name: str) -> str:
    """Return a field's displayed name."""
    return _title(name, kind.model_fields[name])


def _control(name: str, field: FieldInfo, value: Any, key: str, among: Choices | None) -> Any:
    label = _title(name, field)
    settings: dict[str, Any] = {"key": key, "help": _help(name, field)}
    kind, optional = _unwrap(field.annotation)
    if among is not None:
        return _among(label, among, value, settings)
    if get_origin(kind) is Literal:
        options = [None] * optional + list(get_args(kind))
        return st.selectbox(label, options, index=options.index(value), format_func=_words, **settings)
    if kind is bool:
        return st.checkbox(label, value=value, **settings)
    if kind in (int, float):
        return _number(label, kind, field, value, optional, settings)
    if get_origin(kind) is tuple:
        return _several(label, get_args(kind)[0], value, optional, settings)
    text = st.text_input(label, value="" if value is None else str(value), **settings).strip()
    return text or (None if optional else value)


def _number(label: str, kind: type, field: FieldInfo, value: Any, optional: bool, settings: dict[str, Any]) -> Any:
    low, high = _range(field, kind)
    step, form = (1, "%d") if kind is int else (_step(value), "%.6g")
    number = st.number_input(
        label, low, high, value=value, step=step, format=form, placeholder="none" if optional else None, **settings
    )
    return value if number is None and not optional else number


def _step(value: float | None) -> float:
    """Return a step in the value's order of magnitude: 0.001 for a learning rate of 0.003."""
    return 10.0 ** math.floor(math.log10(value)) if value else 0.01


def _among(label: str, among: Choices, value: Any, settings: dict[str, Any]) -> str:
    shown = among if isinstance(among, Mapping) else {text: text for text in among}
    options = list(shown)
    return st.selectbox(
        label, options, index=options.index(value) if value in options else 0, format_func=shown.__getitem__, **settings
    )


def _several(label: str, kind: Any, value: Any, optional: bool, settings: dict[str, Any]) -> Any:
    """Draw a control for several choices, or for numbers separated by commas; the model checks what is not a number."""
    if get_origin(kind) is Literal:
        return tuple(st.multiselect(label, get_args(kind), default=value, format_func=_words, **settings))
    text = st.text_input(label, value=", ".join(f"{number:g}" for number in value or ()), **settings)
    if optional and not text.strip():
        return None
    parts = [part.strip() for part in text.split(",")]
    try:
        return tuple(float(part) for part in parts)
    except ValueError:
        return tuple(parts)  # type: ignore[return-value]


def _unwrap(annotation: Any) -> tuple[Any, bool]:
    """Return the type inside ``X | None`` and ``Annotated``, and whether None is allowed."""
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [part for part in get_args(annotation) if part is not type(None)]
        return _unwrap(inner[0])[0], True
    return (annotation, False)


def _range(field: FieldInfo, kind: type) -> tuple[Any, Any]:
    low = high = None
    for rule in field.metadata:
        if isinstance(rule, Ge | Gt):
            low = kind(rule.ge if isinstance(rule, Ge) else rule.gt)
        elif isinstance(rule, Le | Lt):
            high = kind(rule.le if isinstance(rule, Le) else rule.lt)
    return low, high


def _title(name: str, field: FieldInfo) -> str:
    return field.title or name.replace("_", " ").capitalize()


def _help(name: str, field: FieldInfo) -> str:
    """Return the field's description, and its name in a configuration file."""
    return f"{field.description + '. ' if field.description else ''}In a configuration file: `{name}`."


def _words(option: object) -> str:
    return "none" if option is None else str(option).replace("_", " ")
