"""Keep selections in the URL, so that back, reload and sharing work.

A widget starts from the URL on every run and writes to it when it changes. A value in the URL that is no longer
available falls back to the default, and `asked` returns the requested value.

A link in the navigation opens a page without its selection. So each page's last selection is stored in the session.
`arrive` restores it on a page that is opened without one, and `settle` writes it to the URL after the page is drawn:
during a page change, the browser would write it to the address of the previous page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")
Widget = Callable[..., Any]

_FORMER = {"split_set": "part"}
"""The names that links of earlier versions use; they are read where the new name is missing."""
_PAGE, _KEPT, _RESTORED, _PENDING = "state.at", "state.kept", "state.restored", "state.pending"


def arrive(page: str) -> None:
    """Restore a page's last selection where the URL has no parameters; call this on every run.

    A URL with parameters is used unchanged: it is a link, or a step back in the browser.

    Args:
        page: its name.
    """
    came = st.session_state.get(_PAGE) != page
    st.session_state[_PAGE] = page
    left = st.session_state.setdefault(_KEPT, {}).get(page)
    if came:
        st.session_state[_RESTORED] = bool(left) and not len(st.query_params)
        st.session_state[_PENDING] = left if st.session_state[_RESTORED] else None
    # A step back from a restored selection leads to the address without parameters, which nobody chose.
    if len(st.query_params) or not st.session_state[_RESTORED]:
        _remember()


def settle() -> None:
    """Write the restored selection to the URL; call this when the page is drawn."""
    if pending := st.session_state.get(_PENDING):
        st.session_state[_PENDING] = None
        st.query_params.from_dict(pending)


def names() -> list[str]:
    """Return the names of the URL's parameters."""
    return list(st.session_state.get(_PENDING) or st.query_params)


def asked(name: str) -> list[str]:
    """Return the URL's values of a parameter; empty when it has none."""
    pending = st.session_state.get(_PENDING)
    known = _FORMER.get(name, name) if name not in names() else name
    values = pending.get(known, []) if pending else st.query_params.get_all(known)
    return [value for value in values if value]


def put(name: str, value: object) -> None:
    """Write a selection to the URL; None, an empty text or an empty list removes it."""
    settle()
    if name in _FORMER:
        st.query_params.pop(_FORMER[name], None)
    if value in (None, "", []):
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = [str(item) for item in value] if isinstance(value, list | tuple) else str(value)
    _remember()


def clear() -> None:
    """Remove the page's whole selection, also from the session."""
    settle()
    st.query_params.clear()
    _remember()


def stop_if_left() -> None:
    """End this script if its user has left or clicked elsewhere; Streamlit does so when the session state is read."""
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
    """Return one of ``options``, chosen in a select box or another widget for one value.

    Args:
        label: of the widget.
        name: of the URL parameter.
        options: at least one; their ``str`` goes into the URL.
        default: used when the URL names none of them; the first option if not given.
        widget: `st.selectbox`, `st.radio`, `st.select_slider`, or `st.segmented_control` (which gets
            ``required=True``).
        clears: URL parameters that a change removes, because they belong to the former choice.
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
    """Return any number of ``options``; an empty choice is stored as a choice."""
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
    """Return a number between ``low`` and ``high`` from a slider."""
    key = _key(name)
    st.session_state[key] = _number(asked(name), low, high, default)
    return st.slider(label, low, high, step=step, key=key, on_change=_write, args=(name,), **settings)


def switch(label: str, name: str, *, default: bool = False, clears: Sequence[str] = (), **settings: Any) -> bool:
    """Return the state of a toggle; ``clears`` as in `choose`."""
    key = _key(name)
    values = asked(name)
    st.session_state[key] = values[0] == "yes" if values else default
    return st.toggle(label, key=key, on_change=_write_switch, args=(name, *clears), **settings)


def page(pages: int, name: str = "page") -> int:
    """Return the chosen page number, counted from 1."""
    at = int(_number(asked(name), 1, pages, 1))
    # Unlike other widgets, its value cannot be set from here, so each page number has its own widget.
    key = f"{_key(name)}.{at}"
    return st.pagination(pages, default=at, key=key, on_change=lambda: put(name, st.session_state[key]))


def _key(name: str) -> str:
    return f"url.{name}"


def _remember() -> None:
    """Store the page's selection in the session; the rerun of a fragment does not call `arrive`."""
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
