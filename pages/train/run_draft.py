"""Keep what is changed in the form of new runs: in this tab, and in the store for a reload, a restart, another tab."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from histo_core.config import parse_config
from histo_core.config.draft import RunDraft
from histo_core.data.dataset import DATASETS
from histo_core.errors import ConfigError, StoreError
from histo_core.runs.store.drafts import KeptDraft, delete_draft, newest_link, read_draft, write_draft
from histo_core.runs.store.runs import Store
from pages.shared.app import url_state
from pages.shared.app.session import current_session
from pages.shared.components import data_choice
from pages.shared.components.text import ago, plain
from pages.train import recommended_view
from pages.train.run_source import Source

LINK = ("dataset", "root", "options", "broken", "split", "preset", "minutes", "clone", "experiment", "change")
"""URL parameters that say which form is open."""
_TAB, _FORMS, _LAST = "draft.tab", "draft.forms", "draft.last"


@dataclass
class FormState:
    """What this tab knows of one form.

    Attributes:
        form: names the form: what it starts from, and its data.
        draft: what is changed, with which the controls start.
        stored: the draft as this tab last read or wrote it; None to write it in any case.
        seen: tab and revision of the stored draft, as last read or written here; None where there was none.
        change: the ``change`` of the URL that is in the draft already.
        generation: number of times that the controls were made anew.
        theirs: the draft that another tab wrote over this one, until the user has chosen.
        left: when the draft was written that this tab began with; None once something is changed.
    """

    form: str
    draft: RunDraft
    stored: RunDraft | None
    seen: tuple[str, int] | None = None
    change: str = ""
    generation: int = 0
    theirs: KeptDraft | None = None
    left: datetime | None = None

    def key(self, prefix: str) -> str:
        """Return the prefix of widget keys; another generation draws the controls anew, from the draft."""
        return f"{prefix}.{self.generation}" if self.generation else prefix

    def start_with(self, draft: RunDraft) -> None:
        """Draw the controls anew, from another draft."""
        self.draft, self.generation = draft, self.generation + 1


def return_to_form(store: Store) -> None:
    """Open the form that this tab showed last, at first the one that was changed last, where the URL names none.

    The latter is tried once, so that one which cannot be opened any more does not block the page.
    """
    if any(url_state.asked(name) for name in LINK):
        return
    link = st.session_state.get(_LAST)
    if link is None:
        st.session_state[_LAST] = {}
        link = newest_link(store.database, user=current_session().user) or {}
    if known := {name: values for name, values in link.items() if name in LINK}:
        url_state.restore(known)


def link_now() -> dict[str, list[str]]:
    """Return the URL parameters that open the present form."""
    return {name: values for name in LINK if (values := url_state.asked(name))}


def state_of(source: Source, store: Store) -> FormState:
    """Return this tab's state of a form; a new one starts with the stored draft.

    A damaged draft is deleted, with a sentence.
    """
    form = _name(source)
    forms: dict[str, FormState] = st.session_state.setdefault(_FORMS, {})
    kept = _read(store, form)
    if form not in forms:
        forms[form] = _begin(form, kept)
    state = forms[form]
    if kept is not None and _seen(kept) != state.seen:
        state.seen = _seen(kept)
        state.theirs = kept if kept.draft != state.draft else None
    _take_change(state)
    return state


def keep(state: FormState, draft: RunDraft, store: Store) -> None:
    """Write what is changed now, if it is not what was written last."""
    st.session_state[_LAST] = link_now()
    draft = RunDraft.model_validate(draft.model_dump(mode="json", exclude_defaults=True))
    state.draft = draft
    if draft == state.stored:
        return
    state.stored, state.left = draft, None
    try:
        user = current_session().user
        kept = write_draft(store.database, user=user, form=state.form, draft=draft, link=link_now(), tab=_tab())
    except StoreError as error:
        st.warning(plain(f"The changes of this form are not kept. {error}"), icon=":material/warning:")
        return
    state.seen = _seen(kept)


def reset(state: FormState, path: tuple[str, ...] | None) -> None:
    """Undo one change, or all changed settings; name, tags and note stay."""
    if path is not None:
        state.start_with(state.draft.without(path))
        return
    kept = ("names", "prefix", "tags", "priority", "note")
    state.start_with(RunDraft().model_copy(update={name: getattr(state.draft, name) for name in kept}))


def say(state: FormState) -> None:
    """Say where the form's values come from, and what another tab made of them."""
    if state.left is not None:
        st.caption(f"As you left it {ago(state.left)}.")
    if state.theirs is None:
        return
    theirs = state.theirs
    st.warning(
        f"Another tab changed this form {ago(theirs.written_at)}. Here you see the values of this tab, and what you "
        "change here is kept in their place.",
        icon=":material/tab:",
    )
    with st.container(horizontal=True):
        st.button("Take those of the other tab", on_click=_take, args=(state, theirs.draft, theirs.draft))
        st.button("Keep these", on_click=_take, args=(state, state.draft, None))


def _take(state: FormState, draft: RunDraft, stored: RunDraft | None) -> None:
    state.theirs, state.stored = None, stored
    state.start_with(draft)


def _begin(form: str, kept: KeptDraft | None) -> FormState:
    if kept is None:
        return FormState(form, RunDraft(), RunDraft())
    change = next(iter(kept.link.get("change", [])), "")
    left = None if kept.draft == RunDraft() else kept.written_at
    return FormState(form, kept.draft, kept.draft, _seen(kept), change, left=left)


def _name(source: Source) -> str:
    linked = data_choice.from_url()
    # Another recommendation for the same data starts from other values, and what the user changed still holds.
    preset = recommended_view.NAME if source.word == "recommendation" else source.preset.name
    return f"{preset} {data_choice.to_params(*linked) if linked else ''}"


def _read(store: Store, form: str) -> KeptDraft | None:
    user = current_session().user
    try:
        kept = read_draft(store.database, user=user, form=form)
        if kept is not None and kept.draft.data is not None:
            _check_options(kept.draft)
    except ConfigError as error:
        delete_draft(store.database, user=user, form=form)
        st.warning(plain(f"What was changed in this form before cannot be read, and was dropped. {error.found}"))
        return None
    return kept


def _check_options(draft: RunDraft) -> None:
    """Refuse options that the data set does not have, which the form could not draw.

    Raises:
        ConfigError: there is such an option, or no such data set.
    """
    if draft.data is None:
        return
    if draft.data.dataset not in DATASETS:
        raise ConfigError(f"There is no data set {draft.data.dataset!r}.", "", "")
    parse_config(DATASETS[draft.data.dataset].Options, draft.data.options)


def _take_change(state: FormState) -> None:
    """Put the settings that a link proposes into the draft, once.

    Raises:
        ConfigError: the link was changed by hand.
    """
    text = next(iter(url_state.asked("change")), "")
    if not text or text == state.change:
        return
    state.change = text
    state.start_with(with_settings(state.draft, data_choice.parse_object("change", text)))


def with_settings(draft: RunDraft, settings: Mapping[str, Any]) -> RunDraft:
    """Return a draft with further changed fields, by dotted name: ``train.learning_rate``.

    Raises:
        ConfigError: there is no such field, or its value is not allowed.
    """
    sections = {name: dict(fields) for name, fields in draft.sections.items()}
    for name, value in settings.items():
        section, _, field = name.partition(".")
        sections.setdefault(section, {})[field] = value
    return parse_config(RunDraft, draft.model_dump() | {"sections": sections})


def _seen(kept: KeptDraft | None) -> tuple[str, int] | None:
    return None if kept is None else (kept.tab, kept.revision)


def _tab() -> str:
    return st.session_state.setdefault(_TAB, secrets.token_hex(8))
