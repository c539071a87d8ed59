"""Selections in the URL."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def _page() -> None:
    import streamlit as st

    from pages.ui import state

    st.session_state["one"] = state.choose("One", "one", ["a", "b", "c"], default="b")
    st.session_state["many"] = state.choose_many("Many", "many", ["a", "b", "c"], default=["a"])
    st.session_state["number"] = state.slide("Number", "number", 0.0, 1.0, 0.5)
    st.session_state["on"] = state.switch("On", "on")


def _open(**params: str | list[str]) -> AppTest:
    page = AppTest.from_function(_page)
    for name, value in params.items():
        page.query_params[name] = value
    return page.run()


def _values(page: AppTest) -> tuple[object, ...]:
    assert not page.exception
    return tuple(page.session_state[name] for name in ("one", "many", "number", "on"))


def test_without_a_url_the_defaults_hold_and_the_url_stays_clean() -> None:
    page = _open()
    assert _values(page) == ("b", ["a"], 0.5, False)
    assert not page.query_params


def test_the_url_decides() -> None:
    assert _values(_open(one="c", many=["b", "c"], number="0.25", on="yes")) == ("c", ["b", "c"], 0.25, True)


@pytest.mark.parametrize("number", ["nonsense", "nan", "2"])
def test_a_wrong_url_falls_back(number: str) -> None:
    one, many, value, on = _values(_open(one="z", many=["z"], number=number, on="maybe"))
    assert (one, many, on) == ("b", [], False)
    assert value == (1.0 if number == "2" else 0.5)


def test_a_change_goes_into_the_url_and_stays() -> None:
    page = _open()
    page.selectbox[0].set_value("c")
    page.multiselect[0].set_value([])
    page.toggle[0].set_value(True)
    page.run().run()
    assert _values(page) == ("c", [], 0.5, True)
    assert page.query_params["one"] == "c"
    assert page.query_params["on"] == "yes"


def test_going_back_restores_what_the_url_says() -> None:
    page = _open(one="a")
    page.selectbox[0].set_value("c").run()
    page.query_params["one"] = "a"
    assert _values(page.run())[0] == "a"
