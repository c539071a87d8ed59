"""Only what matters is asked, and nothing that does nothing is launched."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from histo_core.config import TrainConfig, parse_config


def form() -> AppTest:
    """The form alone; it keeps what it holds."""

    def page() -> None:
        import streamlit as st

        from histo_core.config import TrainConfig
        from pages.train import train_form

        st.session_state["held"] = train_form.fields(TrainConfig(), prefix="t")

    return AppTest.from_function(page, default_timeout=60).run()


def asked(page: AppTest) -> set[str]:
    controls = [*page.number_input, *page.selectbox, *page.checkbox, *page.text_input]
    return {str(control.key).removeprefix("t.") for control in controls}


def test_the_settings_of_what_is_chosen_are_asked_and_no_others() -> None:
    page = form()
    assert {"optimizer", "beta1", "amsgrad", "patience"} <= asked(page)
    assert not {"nesterov", "momentum", "step_epochs", "enlarge_to", "unfreeze_after"} & asked(page)
    page.selectbox("t.optimizer").select("sgd").run()
    page.selectbox("t.schedule").select("step").run()
    assert {"nesterov", "momentum", "step_epochs", "step_factor"} <= asked(page)
    assert not {"beta1", "amsgrad"} & asked(page)


def test_a_setting_that_no_longer_matters_goes_back_to_its_default() -> None:
    page = form()
    page.number_input("t.beta1").set_value(0.5).run()
    assert page.session_state["held"]["beta1"] == 0.5
    page.selectbox("t.optimizer").select("sgd").run()
    assert parse_config(TrainConfig, page.session_state["held"]) == TrainConfig(optimizer="sgd")


def test_enlarging_begins_with_a_number() -> None:
    page = form()
    page.selectbox("t.balance").select("enlarge").run()
    held = parse_config(TrainConfig, page.session_state["held"])
    assert (held.balance, held.enlarge_to) == ("enlarge", 600)
