"""Show the patches behind a number: those of a cell, a slice, a disagreement, with every model's probability."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from dataclasses import replace

import streamlit as st

from histo_core.comparison.case_rules import CaseRule, parse_case_rule
from histo_core.comparison.cases import case_table, cases
from histo_core.comparison.fewest_patients import Reversals, fewest_patients
from histo_core.comparison.label_errors import OutOfFold
from histo_core.comparison.offered_cases import offered_rules, rule_words
from histo_core.comparison.results import Comparison
from histo_core.errors import ComparisonError
from histo_core.experiments.out_of_fold import out_of_fold
from histo_core.workspace import Workspace
from pages.compare import case_list, case_rule, compared_data
from pages.compare.compared_data import ComparedData
from pages.compare.shown_comparison import ShownComparison
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.cache.hashes import HASHES
from pages.shared.components import layout
from pages.shared.components.text import count, plain


def draw(shown: ShownComparison) -> None:
    """Draw the tab."""
    comparison, opened = shown.comparison, compared_data.opened(shown)
    rule = _choose(comparison, opened)
    try:
        found = cases(comparison, rule, facts=opened.facts, pool=_pool(rule, comparison))
    except ComparisonError as error:
        st.warning(plain(error), icon=":material/info:")
        return
    said = f"{count(len(found.rows), 'patch')}: {found.order}. {found.note}"
    st.caption(plain(said.strip() if len(found.rows) else f"No patch is like that. {found.note}"))
    if len(found.rows):
        case_list.draw(comparison, found, opened)
        layout.download_table(
            lambda: case_table(comparison, found), f"cases-{rule.kind}", "Download these patches as CSV"
        )
    _change_of_mind(shown)


def _choose(comparison: Comparison, opened: ComparedData) -> CaseRule:
    """Return the chosen rule; one of the URL that is not offered is added to the list."""
    rules = {str(rule): rule for rule in offered_rules(comparison, opened.facts)}
    with suppress(ComparisonError):
        for rule in map(parse_case_rule, url_state.asked("cases")):
            if rule.kind == "scores":  # its range is set below
                rules.pop(str(replace(rule, low=0.0, high=1.0)), None)
            rules.setdefault(str(rule), rule)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = url_state.choose(
            "Patches that",
            "cases",
            list(rules),
            format_func=lambda text: rule_words(rules[text], comparison),
            width=420,
            clears=(case_rule.PAGE, "patch"),
            help="A click on a cell of a confusion matrix, or on a slice, chooses here, too.",
        )
        rule = rules[text]
        if rule.kind == "scores":
            key = f"cases.range.{text}"
            st.slider(
                f"Probability of {plain(comparison.class_of_interest)}",
                0.0,
                1.0,
                (rule.low, rule.high),
                step=0.01,
                width=260,
                key=key,
                on_change=lambda: _set_range(rule, key),
                help="A range of probabilities is a stretch of the ROC curve.",
            )
    return rule


def _set_range(rule: CaseRule, key: str) -> None:
    low, high = st.session_state[key]
    case_rule.open_rule(replace(rule, low=low, high=high))


def _pool(rule: CaseRule, comparison: Comparison) -> OutOfFold | None:
    """Return the out-of-fold predictions of the compared runs, where the rule needs them."""
    if rule.kind != "label-errors":
        return None
    runs = tuple(one.run_id for one in comparison.results if not one.is_reference)
    with st.spinner("Looking for the other folds…", show_time=True):
        return _folds(runs, current_session().workspace)


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=4, ttl=60)
def _folds(runs: tuple[str, ...], workspace: Workspace) -> OutOfFold | None:
    return out_of_fold(runs, workspace)


def _change_of_mind(shown: ShownComparison) -> None:
    """Say how few patients would reverse the verdict, on request: it takes minutes for many models and patches."""
    if len(shown.comparison.results) < 2 or not url_state.switch(
        "How few patients would reverse the verdict?",
        "reversal",
        help="Patients are removed one at a time, each time the one that counts most, and all is computed anew.",
    ):
        return
    with st.spinner("Looking for patients who decide the verdict…", show_time=True):
        found = _reversals(shown.key, shown.comparison)
    if found is not None:
        st.markdown(plain(found.sentence))
    elif shown.comparison.groups is None:
        st.caption("Which patients decide the verdict cannot be said: neither patients nor slides are known here.")


@st.cache_resource(show_spinner=False, hash_funcs=HASHES, max_entries=16)
def _reversals(key: Hashable, _comparison: Comparison) -> Reversals | None:
    del key
    return fewest_patients(_comparison)
