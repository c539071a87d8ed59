"""Selections that live in the URL, so that back, reload and sharing work.

The URL is the place where a selection is kept: a widget starts from it on every run and writes to it when it changes.
A value in the URL that is no longer on offer falls back to the default, and `asked` tells what was asked for.

A link in the navigation leads to a page without its selection. So each page's last selection is remembered for the
session. `arrive` takes it up again on a page that is come to without any, and `settle` writes it to the URL once the
page is drawn: while a page changes, the browser would write it to the address of the page before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")
Widget = Callable[..., Any]


_PAGE, _KEPT, _RESTORED, _PENDING = "state.at", "state.kept", "state.restored", "state.pending"


def arrive(page: str) -> None:
    """Take up the selection that a page was left with, where it is come to without parameters; call it on every run.

    A URL with parameters is taken as it is: it is a link, or a step back in the browser.

    Args:
        page: its name.
    """
    came = st.session_state.get(_PAGE) != page
    st.session_state[_PAGE] = page
    left = st.session_state.setdefault(_KEPT, {}).get(page)
    if came:
        st.session_state[_RESTORED] = bool(left) and not len(st.query_params)
        st.session_state[_PENDING] = left if st.session_state[_RESTORED] else None
    # A step back from a selection that was taken up here leads to the bare address, which nobody chose.
    if len(st.query_params) or not st.session_state[_RESTORED]:
        _remember()


def settle() -> None:
    """Write the selection that was taken up to the URL; call it when the page is drawn."""
    if pending := st.session_state.get(_PENDING):
        st.session_state[_PENDING] = None
        st.query_params.from_dict(pending)


def names() -> list[str]:
    """What the URL says anything about."""
    return list(st.session_state.get(_PENDING) or st.query_params)


def asked(name: str) -> list[str]:
    """What the URL says under a name; empty when it says nothing."""
    pending = st.session_state.get(_PENDING)
    values = pending.get(name, []) if pending else st.query_params.get_all(name)
    return [value for value in values if value]


def put(name: str, value: object) -> None:
    """Write a selection to the URL; None, an empty text or list takes it away."""
    settle()
    if value in (None, "", []):
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = [str(item) for item in value] if isinstance(value, list | tuple) else str(value)
    _remember()


def clear() -> None:
    """Take the page's whole selection away, also out of what the session remembers."""
    settle()
    st.query_params.clear()
    _remember()


def stop_if_left() -> None:
    """End this script if its visitor has left or clicked on; Streamlit does so where the session's state is read."""
    st.session_state.get(_PAGE)


def choose(
    label: str,
    name: str,
    options: Sequence[T],
    *,
    default: T | None = None,
    widget: Widget = st.selectbox,
    clears: Sequence[str] = (),
    **settings: Any,
) -> T:
    """One of ``options``, in a select box or another widget that takes one.

    Args:
        label: of the widget.
        name: of the URL parameter.
        options: at least one; their ``str`` goes into the URL.
        default: taken when the URL names none of them; else the first.
        widget: `st.selectbox`, `st.radio`, `st.select_slider`, or `st.segmented_control` (which gets
            ``required=True``).
        clears: URL parameters that a change takes away, because they belong to the former choice.
        settings: passed on to the widget.
    """
    fallback = default if default in options else options[0]
    named = {str(option): option for option in options}
    key = _key(name)
    st.session_state[key] = next((named[value] for value in asked(name) if value in named), fallback)
    if widget in (st.segmented_control, st.pills):
        settings["required"] = True
    return widget(label, options, key=key, on_change=_write, args=(name, *clears), **settings)


def choose_many(label: str, name: str, options: Sequence[T], *, default: Sequence[T] = (), **settings: Any) -> list[T]:
    """Any number of ``options``; an empty choice is remembered as one."""
    named = {str(option): option for option in options}
    key = _key(name)
    if name in names():
        st.session_state[key] = [named[value] for value in asked(name) if value in named]
    else:
        st.session_state[key] = [option for option in default if option in options]
    return st.multiselect(label, options, key=key, on_change=_write_many, args=(name,), **settings)


def slide(
    label: str, name: str, low: float, high: float, default: float, *, step: float = 0.01, **settings: Any
) -> float:
    """A number between ``low`` and ``high``."""
    key = _key(name)
    st.session_state[key] = _number(asked(name), low, high, default)
    return st.slider(label, low, high, step=step, key=key, on_change=_write, args=(name,), **settings)


def switch(label: str, name: str, *, default: bool = False, clears: Sequence[str] = (), **settings: Any) -> bool:
    """On or off; ``clears`` as in `choose`."""
    key = _key(name)
    values = asked(name)
    st.session_state[key] = values[0] == "yes" if values else default
    return st.toggle(label, key=key, on_change=_write_switch, args=(name, *clears), **settings)


def page(pages: int, name: str = "page") -> int:
    """Which of some pages, counted from 1."""
    at = int(_number(asked(name), 1, pages, 1))
    # Its value cannot be set from here as that of other widgets can, so each page has a widget that starts with it.
    key = f"{_key(name)}.{at}"
    return st.pagination(pages, default=at, key=key, on_change=lambda: put(name, st.session_state[key]))


def _key(name: str) -> str:
    return f"url.{name}"


def _remember() -> None:
    """Keep the page's selection for the session; a fragment's rerun does not come past `arrive`."""
    page = st.session_state.get(_PAGE)
    if page is not None:
        st.session_state[_KEPT][page] = {name: st.query_params.get_all(name) for name in st.query_params}


def _write(name: str, *clears: str) -> None:
    for other in clears:
        put(other, None)
    put(name, st.session_state[_key(name)])


def _write_many(name: str) -> None:
    settle()
    st.query_params[name] = [str(item) for item in st.session_state[_key(name)]] or [""]
    _remember()


def _write_switch(name: str, *clears: str) -> None:
    for other in clears:
        put(other, None)
    put(name, "yes" if st.session_state[_key(name)] else "no")


def _number(values: Sequence[str], low: float, high: float, default: float) -> float:
    try:
        number = float(values[0]) if values else default
    except ValueError:
        return default
    return min(max(number, low), high) if number == number else default
