"""A row of a page's table: a control, set to another value, and what a function of the core must then be given."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from importlib import import_module
from typing import Any

import pytest
from page_helpers import OpenPage
from streamlit.testing.v1 import AppTest
from wiring import controls, fill

MISSING = "the function was not called"
CLICK = object()
"""What a button is set to."""

Place = str | Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Row:
    """One control.

    Attributes:
        control: its kind and label, as `wiring.Control.name`.
        to: the value that it is set to, or `CLICK`.
        target: the function that must then get it, by the name under which the page calls it.
        place: where among its arguments, dotted below the argument's name, or what reads it from them.
        value: what must stand there, and does not before; or what gives that from the page's fixture.
        params: of the link that the page is opened with.
        first: other controls that are set before, by key or label.
        fresh: cached functions that would answer in the target's place; they are emptied.
        answer: what the target returns instead of doing its work; nothing by default.
        key: the control's, where several have its name.
    """

    control: str
    to: Any
    target: str
    place: Place
    value: Any
    params: Mapping[str, Any] = field(default_factory=dict)
    first: Mapping[str, Any] = field(default_factory=dict)
    fresh: tuple[str, ...] = ()
    answer: Any = None
    key: str = ""

    @property
    def id(self) -> str:
        """What a test's report calls it."""
        return f"{self.control} -> {self.target.rpartition('.')[2]}"


def named(name: str) -> Any:
    """What a dotted name stands for."""
    return getattr(*_owner(name))


def _owner(name: str) -> tuple[Any, str]:
    *parents, last = name.split(".")
    for depth in range(len(parents), 0, -1):
        try:
            return reduce(getattr, parents[depth:], import_module(".".join(parents[:depth]))), last
        except ModuleNotFoundError:
            continue
    raise AssertionError(f"There is no {name}.")


class Spy:
    """Records what a function is given, and lets it do its work unless told what to answer."""

    def __init__(self, target: str, place: Place, monkeypatch: pytest.MonkeyPatch, answer: Any = None) -> None:
        self.seen: list[Any] = []
        real = named(target)
        parameters = inspect.signature(real)

        def called(*args: Any, **kwargs: Any) -> Any:
            bound = parameters.bind(*args, **kwargs)
            bound.apply_defaults()
            self.seen.append(_at(place, dict(bound.arguments)))
            return real(*args, **kwargs) if answer is None else answer

        for extra in ("clear",):  # of a cached function
            if hasattr(real, extra):
                setattr(called, extra, getattr(real, extra))
        monkeypatch.setattr(*_owner(target), called)

    def newest(self) -> Any:
        """What the last call was given; then forgotten."""
        value = self.seen[-1] if self.seen else MISSING
        self.seen.clear()
        return value


def _at(place: Place, arguments: dict[str, Any]) -> Any:
    if callable(place):
        return place(arguments)
    name, *parts = place.split(".")
    return reduce(
        lambda value, part: value[part] if isinstance(value, dict) else getattr(value, part), parts, arguments[name]
    )


def check(row: Row, name: str, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, context: Any) -> AppTest:
    """Set a row's control on a page and look at what the core is given; a link made of the page must give the same.

    Args:
        row: the row.
        name: of the page.
        open_page: opens it.
        monkeypatch: of the test.
        context: what a row's value is made from, where it is a function.
    """
    value = row.value(context) if callable(row.value) else row.value
    params = row.params(context) if callable(row.params) else dict(row.params)
    spy = Spy(row.target, row.place, monkeypatch, row.answer)
    page = open_page(name, **params)
    for key, to in row.first.items():
        fill(page, {key: to})
        page.run()
    before = spy.newest()
    assert before != value, "the row's value is what stands there before the control is touched"
    _empty(row.fresh)
    key = _set(page, row)
    page.run()
    assert not page.exception
    found = spy.newest()
    assert found == value, f"{found} stands there instead of {value}"
    if key.startswith("url.") and row.to is not CLICK:
        _empty(row.fresh)
        link = {parameter: page.query_params[parameter] for parameter in page.query_params}
        open_page(name, **link)
        assert spy.newest() == value, f"the link {link} does not lead back to it"
    return page


def _empty(names: Iterable[str]) -> None:
    for name in names:
        named(name).clear()


def _set(page: AppTest, row: Row) -> str:
    """Set the row's control, without running the page; the control's key."""
    found = [one for one in controls(page) if one.name == row.control and row.key in ("", one.key)]
    assert found, f"{row.control} is none of {sorted(one.name for one in controls(page))}"
    element = found[0].element
    if row.to is CLICK:
        element.click()
    else:
        element.set_value(row.to)
    return found[0].key
