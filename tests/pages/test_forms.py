"""Forms from pydantic models."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from histo_core.config import AugmentConfig, Config, PreprocessConfig, SplitConfig, TrainConfig


def _form(module: str, name: str) -> None:
    import importlib

    import streamlit as st

    from pages.shared.components import model_form

    kind = getattr(importlib.import_module(module), name)
    values = model_form.fields(kind, {}, prefix="test")
    st.session_state["values"] = kind.model_validate(values).model_dump()


def _open(kind: type[Config]) -> AppTest:
    return AppTest.from_function(_form, args=(kind.__module__, kind.__name__)).run()


@pytest.mark.parametrize("kind", [SplitConfig, PreprocessConfig, AugmentConfig, TrainConfig])
def test_an_untouched_form_gives_the_defaults(kind: type[Config]) -> None:
    form = _open(kind)
    assert not form.exception
    assert form.session_state["values"] == kind().model_dump()


def test_titles_and_ranges_come_from_the_model() -> None:
    form = _open(TrainConfig)
    epochs = next(control for control in form.number_input if control.label == "Epochs")
    assert (epochs.min, epochs.max) == (1, 10_000)
    rate = next(control for control in form.number_input if control.label == "Learning rate")
    assert rate.step == pytest.approx(0.001)


def test_what_is_entered_comes_back() -> None:
    form = _open(PreprocessConfig)
    next(control for control in form.number_input if control.label == "Centre crop").set_value(64)
    next(control for control in form.text_input if control.label == "Channel mean").set_value("0.5, 0.5, 0.5")
    form.run()
    assert form.session_state["values"]["crop"] == 64
    assert form.session_state["values"]["mean"] == (0.5, 0.5, 0.5)
