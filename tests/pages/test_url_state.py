"""Selections in the URL."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def _page() -> None:
    import streamlit as st

    from pages.shared.app import url_state

    st.session_state["one"] = url_state.choose("One", "one", ["a", "b", "c"], default="b")
    st.session_state["many"] = url_state.choose_many("Many", "many", ["a", "b", "c"], default=["a"])
    st.session_state["number"] = url_state.slide("Number", "number", 0.0, 1.0, 0.5)
    st.session_state["on"] = url_state.switch("On", "on")


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


def _set_of_the_split() -> None:
    import streamlit as st

    from pages.shared.app import url_state

    st.session_state["set"] = url_state.choose("Set", "split_set", ["train", "valid", "test"])


def test_a_link_of_an_earlier_version_opens_the_same_and_a_change_gives_the_new_name() -> None:
    page = AppTest.from_function(_set_of_the_split)
    page.query_params["part"] = "test"
    page.run()
    assert page.session_state["set"] == "test"
    page.selectbox[0].set_value("valid")
    page.run()
    assert page.session_state["set"] == "valid"
    assert dict(page.query_params) == {"split_set": "valid"}


def _site() -> None:
    """Two pages; the test says by ``at`` which one is open, as the router does."""
    import streamlit as st

    from pages.shared.app import url_state

    url_state.arrive(st.session_state["at"])
    st.session_state["number"] = url_state.slide("Number", "number", 0.0, 1.0, 0.5)
    st.session_state["many"] = url_state.choose_many("Many", "many", ["a", "b"], default=["a"])

    @st.fragment
    def inner() -> None:
        url_state.switch("On", "on")

    inner()
    if not st.session_state.get("interrupted"):
        url_state.settle()


def _go(site: AppTest, page: str, **params: str) -> AppTest:
    """A click on a link: another page, and the URL that the link names."""
    site.session_state["at"] = page
    for name in list(site.query_params):
        del site.query_params[name]
    for name, value in params.items():
        site.query_params[name] = value
    site.run()
    assert not site.exception
    return site


def test_a_page_is_found_as_it_was_left() -> None:
    site = AppTest.from_function(_site)
    site.session_state["at"] = "one"
    site.run()
    site.slider[0].set_value(0.7).run()
    site.multiselect[0].set_value([]).run()
    _go(site, "two")
    assert site.session_state["number"] == 0.5, "each page has a selection of its own"
    site.slider[0].set_value(0.2)
    site.toggle[0].set_value(True).run()
    _go(site, "one")
    assert (site.session_state["number"], site.session_state["many"]) == (0.7, [])
    assert site.query_params["number"] in ("0.7", ["0.7"]), "a reload finds it as well"
    _go(site, "two")
    assert (site.session_state["number"], site.toggle[0].value) == (0.2, True)


def test_a_page_that_was_interrupted_before_it_was_drawn_keeps_its_selection() -> None:
    site = AppTest.from_function(_site)
    site.session_state["at"] = "one"
    site.run()
    site.slider[0].set_value(0.7).run()
    _go(site, "two")
    site.session_state["interrupted"] = True
    _go(site, "one")
    assert site.session_state["number"] == 0.7
    assert not site.query_params
    site.run()
    assert site.session_state["number"] == 0.7
    site.multiselect[0].set_value(["b"]).run()
    assert (site.session_state["number"], site.session_state["many"]) == (0.7, ["b"])
    assert site.query_params["number"] in ("0.7", ["0.7"]), "a change writes all of it"


def test_a_link_that_names_a_selection_is_taken_at_its_word() -> None:
    site = AppTest.from_function(_site)
    site.session_state["at"] = "one"
    site.run()
    site.slider[0].set_value(0.7).run()
    _go(site, "two")
    _go(site, "one", on="yes")
    assert (site.session_state["number"], site.toggle[0].value) == (0.5, True)
    _go(site, "two")
    _go(site, "one")
    assert site.session_state["number"] == 0.5, "what was seen last is what was left"


def test_a_step_back_to_the_bare_address_shows_it_and_forgets_nothing() -> None:
    site = AppTest.from_function(_site)
    site.session_state["at"] = "one"
    site.run()
    site.slider[0].set_value(0.7).run()
    _go(site, "one")
    assert site.session_state["number"] == 0.5, "the address that it was first opened with"
    site.slider[0].set_value(0.7).run()
    _go(site, "two")
    _go(site, "one")
    _go(site, "one")
    assert site.session_state["number"] == 0.5
    _go(site, "two")
    _go(site, "one")
    assert site.session_state["number"] == 0.7, "nobody chose the bare address"


def test_going_back_restores_what_the_url_says() -> None:
    page = _open(one="a")
    page.selectbox[0].set_value("c").run()
    page.query_params["one"] = "a"
    assert _values(page.run())[0] == "a"
