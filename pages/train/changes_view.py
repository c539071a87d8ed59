"""List what is changed in the form, mark the changed controls, and undo changes one by one or all at once."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from histo_core.config.draft import RunDraft
from pages.shared.components.text import plain
from pages.train import run_draft
from pages.train.experiment_form import KINDS
from pages.train.run_changes import Change
from pages.train.run_draft import FormState
from pages.train.run_form import TrainRequest
from pages.train.run_source import Source

_LABEL = '[data-testid="stWidgetLabel"]::after'
_MARK = (
    'content: "changed"; margin-left: 0.4em; padding: 0 0.4em; border: 1px solid currentColor; border-radius: 0.3em; '
    "font-size: 0.75em; opacity: 0.85;"
)


def draw(wanted: TrainRequest, source: Source, state: FormState) -> None:
    """Draw the list.

    Args:
        wanted: the form's values.
        source: what the form started from.
        state: the form's draft, as kept.
    """
    changes = [*wanted.changes, *_of_many(source, state)]
    if not changes:
        if source.word in ("run", "experiment"):
            st.caption(f"Nothing is changed yet: launched like this, the same {source.word} is trained once more.")
        return
    st.caption(f"Changed against the {source.word}")
    with st.container(gap="xxsmall"):
        for place, change in enumerate(changes):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"- {plain(change.line)}", width="content")
                if state.draft.holds(change.path):
                    _undo(state, change, place)
    if state.draft.settings != RunDraft():
        st.button(
            f"Back to the {source.word}",
            key="draft.reset",
            icon=":material/undo:",
            help="Undoes all changes of settings; name, tags and note stay.",
            on_click=run_draft.reset,
            args=(state, None),
        )
    _mark(wanted.keys)


def _undo(state: FormState, change: Change, place: int) -> None:
    st.button(
        "Undo",
        key=f"draft.undo.{place}",
        type="tertiary",
        help=f"Back to the value before: {plain(change.line)}",
        on_click=run_draft.reset,
        args=(state, change.path),
    )


def _of_many(source: Source, state: FormState) -> list[Change]:
    """Return the changes of which models there are, and of the protocol."""
    found = []
    if state.draft.models is not None:
        line = f"Models: {', '.join(source.preset.chosen)} → {', '.join(state.draft.models)}"
        found.append(Change(line, ("models",)))
    if state.draft.protocol is not None:
        before, after = KINDS[source.protocol.kind], KINDS[state.draft.protocol.kind]
        line = f"Protocol: {before} → {after}" if before != after else f"Protocol: {after}, with other settings"
        found.append(Change(line, ("protocol",)))
    return found


def _mark(keys: Sequence[str]) -> None:
    """Write "changed" beside the labels of controls; Streamlit puts each control's key into a class of its element."""
    if keys:
        places = ", ".join(f".st-key-{re.sub('[^a-zA-Z0-9_-]', '-', key.strip())} {_LABEL}" for key in keys)
        st.html(f"<style>{places} {{{_MARK}}}</style>")
